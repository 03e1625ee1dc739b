"""What can be typed in the administration. The forms check; the acts change."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import service_names, tree
from madoguchi.people.models import Contract, InstalledItem, Organization, Staff, Team
from madoguchi.web.shell.inputs import day

_TAKEN = {"unique": _("This is already taken.")}
_KEY = _("Letters, digits and hyphens; programs know it by this name.")


def choose_calendar(form: forms.ModelForm, empty: str | Promise) -> None:
    """The calendars that may be chosen; ``empty`` says what counts without a choice."""
    field = form.fields["calendar"]
    field.queryset = Calendar.objects.filter(Q(is_active=True) | Q(pk=form.instance.calendar_id))  # type: ignore[attr-defined]
    field.empty_label = empty  # type: ignore[attr-defined]


class StaffForm(forms.ModelForm):
    class Meta:
        model = Staff
        fields = ("family_name", "given_name", "kana", "email", "extension", "mobile", "language", "calendar")
        help_texts = {"kana": _("Any kana will do."), "extension": _("The telephone at this person's seat.")}
        error_messages = {"email": _TAKEN}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choose_calendar(self, _("as the team"))
        chosen = self.fields["language"]
        chosen.choices = [("", _("as the browser asks")), *(pair for pair in chosen.choices if pair[0])]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"].lower()
        if Staff.objects.filter(email__iexact=address).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Somebody already signs in with this address."))
        return address

    def clean_extension(self) -> str:
        extension: str = self.cleaned_data["extension"].strip()
        holder = Staff.objects.filter(extension=extension).exclude(pk=self.instance.pk).first() if extension else None
        if holder is not None:
            raise forms.ValidationError(
                _("Extension %(extension)s belongs to %(name)s."), params={"extension": extension, "name": holder.name}
            )
        return extension


class TeamForm(forms.ModelForm):
    also_past = forms.BooleanField(
        label=_("another calendar counts for what began before, too"),
        required=False,
        help_text=_("Otherwise for what begins from now on; passed deadlines stay."),
    )

    class Meta:
        model = Team
        fields = ("name", "name_en", "key", "line", "position", "calendar", "outside_hours", "is_partner", "is_active")
        error_messages = {"key": _TAKEN}
        help_texts = {
            "key": _KEY,
            "is_partner": _("Staff of a partner's team see only this team's share."),
            "outside_hours": _("Who is on duty stands in the rota; while nobody is, they wait."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choose_calendar(self, _("as the desk"))
        self.fields["outside_hours"].required = False
        self.order_fields([*self.Meta.fields[:6], "also_past"])
        if self.instance.pk is None:
            del self.fields["also_past"]

    def clean_outside_hours(self) -> str:
        chosen: str = self.cleaned_data["outside_hours"]
        return chosen or str(self.instance.outside_hours)


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields = (
            "name",
            "name_en",
            "key",
            "parent",
            "destination",
            "to_responsible_engineer",
            "scope",
            "service",
            "move_limit",
            "position",
            "is_active",
        )
        labels = {"parent": _("below"), "destination": _("destination that is proposed")}
        error_messages = {"key": _TAKEN}
        help_texts = {
            "key": _KEY,
            "scope": _("What it really does is compared with this under Reports."),
            "service": _("The contract must name this service; empty: open to all."),
            "move_limit": _("At this move between teams routing freezes, until a supervisor decides."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = self.instance.pk
        self.fields["parent"].choices = [  # type: ignore[attr-defined]
            ("", _("(at the top)")),
            *(
                (node.pk, "　" * len(path) + node.label)
                for node, path in tree(active_only=False)
                if own is None or own not in {one.pk for one in (*path, node)}
            ),
        ]
        teams = Team.objects.filter(Q(is_active=True) | Q(pk=self.instance.destination_id))
        self.fields["destination"].choices = [("", _("(none)")), *((team.pk, team.label) for team in teams)]  # type: ignore[attr-defined]
        self.fields["scope"].choices = [("", _("(not declared)")), *Category.Scope.choices]  # type: ignore[attr-defined]
        self.fields["move_limit"].min_value = 1  # type: ignore[attr-defined]

    def clean_move_limit(self) -> int:
        limit: int = self.cleaned_data["move_limit"]
        if limit < 1:
            raise forms.ValidationError(_("At least one move must be possible."))
        return limit


class ItemForm(forms.ModelForm):
    choices = forms.CharField(
        label=_("answers to choose from"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; only for a choice."),
    )

    class Meta:
        model = HearingItem
        fields = ("name", "name_en", "key", "kind", "choices", "hint", "is_required", "is_active")
        help_texts = {"key": _KEY}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["choices"] = "\n".join(str(choice) for choice in self.instance.choices)

    def clean_choices(self) -> list[str]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") == HearingItem.Kind.CHOICE and len(cleaned.get("choices", [])) < 2:
            self.add_error("choices", _("A choice needs at least two answers to choose from."))
        item = self.instance
        same = HearingItem.objects.filter(category=item.category_id, team=item.team_id, key=cleaned.get("key"))
        if same.exclude(pk=item.pk).exists():
            self.add_error("key", _TAKEN["unique"])
        return cleaned


class OrganizationForm(forms.ModelForm):
    parent = forms.CharField(
        label=_("belongs to"),
        required=False,
        max_length=200,
        help_text=_("Name or customer code of the organization above, for a division."),
    )

    class Meta:
        model = Organization
        fields = ("name", "kana", "code", "parent", "note")
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"kana": _("Any kana will do; lists are ordered by it.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["parent"] = self.instance.parent.name if self.instance.parent else ""

    def clean_parent(self) -> Organization | None:
        written: str = self.cleaned_data["parent"]
        if not written:
            return None
        parent: Organization | None = self.instance.parent
        if parent is not None and parent.name == written:
            return parent
        found = list(Organization.objects.filter(Q(name=written) | Q(code=written)).exclude(pk=self.instance.pk)[:2])
        if len(found) == 1:
            return found[0]
        raise forms.ValidationError(
            _("Several organizations are called so. Use the customer code.")
            if found
            else _("No organization is called so.")
        )


class ContractForm(forms.ModelForm):
    services = forms.MultipleChoiceField(
        label=_("services covered"), required=False, widget=forms.CheckboxSelectMultiple
    )
    other_services = forms.CharField(
        label=_("further services"), required=False, max_length=400, help_text=_("Keys, separated by commas.")
    )

    class Meta:
        model = Contract
        fields = (
            "name",
            "number",
            "service_class",
            "valid_from",
            "valid_to",
            "services",
            "other_services",
            "engineer",
            "engineer_team",
            "salesperson",
            "note",
        )
        labels = {
            "engineer": _("responsible engineer"),
            "engineer_team": _("engineer's team"),
            "salesperson": _("salesperson"),
        }
        widgets = {"valid_from": day(), "valid_to": day(), "note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"valid_to": _("The last day; empty: without end.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = service_names()
        known = names.keys() | set(self.instance.services)
        choices = [(key, f"{names[key]} ({key})" if key in names else key) for key in sorted(known)]
        self.fields["services"].choices = choices  # type: ignore[attr-defined]
        held = (self.instance.engineer_id, self.instance.salesperson_id)
        people = [(row.pk, row.name) for row in Staff.objects.filter(Q(is_active=True) | Q(pk__in=held))]
        for name in ("engineer", "salesperson"):
            self.fields[name].choices = [("", _("(none)")), *people]  # type: ignore[attr-defined]
        teams = Team.objects.filter(Q(is_active=True) | Q(pk=self.instance.engineer_team_id))
        self.fields["engineer_team"].choices = [("", _("(none)")), *((team.pk, team.label) for team in teams)]  # type: ignore[attr-defined]

    @property
    def questions(self) -> list[dict[str, str]]:
        """The identity questions as they stand in the form, with rows for further ones."""
        if self.is_bound:
            pairs = zip(self.data.getlist("question"), self.data.getlist("answer"), strict=False)  # type: ignore[attr-defined]
            rows = [{"question": question[:200], "answer": answer[:200]} for question, answer in pairs]
            return rows[:20]
        return [*self.instance.identity_questions, *({"question": "", "answer": ""} for _place in range(2))]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = cleaned.get("valid_from"), cleaned.get("valid_to")
        if begins and ends and ends < begins:
            self.add_error("valid_to", _("The contract would end before it begins."))
        asked = [
            {"question": row["question"].strip(), "answer": row["answer"].strip()}
            for row in self.questions
            if row["question"].strip() or row["answer"].strip()
        ]
        if any(not row["question"] or not row["answer"] for row in asked):
            self.add_error(None, _("An identity question needs both the question and the answer."))
        further = [key.strip() for key in cleaned.pop("other_services", "").split(",")]
        cleaned["services"] = sorted({*cleaned.get("services", []), *(key for key in further if key)})
        cleaned["identity_questions"] = asked
        return cleaned


class InstalledForm(forms.ModelForm):
    class Meta:
        model = InstalledItem
        fields = ("name", "serial", "location", "contract", "installed_on", "note")
        labels = {"contract": _("contract")}
        widgets = {"installed_on": day()}

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["contract"].queryset = organization.contracts.all()  # type: ignore[attr-defined]
        self.fields["contract"].empty_label = _("(none)")  # type: ignore[attr-defined]
