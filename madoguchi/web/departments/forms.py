"""What can be typed about departments, topics and contacts. The forms check; the acts change."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.queries import outline
from madoguchi.foundation import phone, span
from madoguchi.people.models import Contact, ContactChannel, Department, Team, Topic
from madoguchi.web.shell.inputs import day

_TAKEN = {"unique": _("This is already taken.")}
_KEY = _("Letters, digits and hyphens; programs know it by this name.")
_LONGEST_S = 1000 * 3600
_WITHIN = _("Of working time, such as 4:00 or 0:30.")


class SpanField(forms.CharField):
    """Hours and minutes; gives seconds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=20, **options)

    def prepare_value(self, value: Any) -> Any:
        return span.write(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        if not written:
            return None
        seconds = span.read(written)
        if not seconds or seconds > _LONGEST_S:
            raise forms.ValidationError(_("Write hours and minutes, such as 4:00."))
        return seconds


class NumberField(forms.CharField):
    """A telephone number in any writing; gives it as it is kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=60, required=False, widget=forms.TextInput(attrs={"type": "tel"}), **options)

    def prepare_value(self, value: Any) -> Any:
        return phone.display(value) if value else value

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        number = phone.normalise(written) if written else ""
        if written and not number:
            raise forms.ValidationError(_("This is not a telephone number."))
        return number


def _choose(form: forms.ModelForm, name: str, rows: Any, empty: str | Promise) -> None:
    field = form.fields[name]
    field.queryset = rows  # type: ignore[attr-defined]
    field.empty_label = empty  # type: ignore[attr-defined]


def _calendars(form: forms.ModelForm) -> Any:
    return Calendar.objects.filter(Q(is_active=True) | Q(pk=form.instance.calendar_id))


class DepartmentForm(forms.ModelForm):
    answer_within_s = SpanField(label=_("answers within"), help_text=_WITHIN)
    phone = NumberField(label=_("main number"))

    class Meta:
        model = Department
        fields = (
            "name",
            "name_en",
            "kana",
            "key",
            "about",
            "phone",
            "calendar",
            "answer_within_s",
            "manager",
            "team",
            "is_partner",
            "is_active",
        )
        error_messages = {"key": _TAKEN}
        help_texts = {
            "key": _KEY,
            "kana": _("Any kana will do; the list is ordered by it."),
            "manager": _("Asked when nobody of the chain answers."),
            "team": _("The department takes whole tickets, too."),
            "is_partner": _("Is told only what other companies may know."),
        }
        widgets = {"about": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        here = Contact.objects.filter(department=self.instance.pk).filter(
            Q(is_active=True) | Q(pk=self.instance.manager_id)
        )
        _choose(self, "calendar", _calendars(self), _("as the desk"))
        _choose(self, "manager", here.order_by("kana", "id"), _("(nobody)"))
        _choose(self, "team", Team.objects.filter(Q(is_active=True) | Q(pk=self.instance.team_id)), _("(no team)"))
        if self.instance.pk is None:
            del self.fields["manager"]


class TopicForm(forms.ModelForm):
    categories = forms.MultipleChoiceField(
        label=_("categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For tickets of these categories the topic is proposed first."),
    )
    answer_within_s = SpanField(label=_("answers within"), required=False, help_text=_("Empty: as the department."))

    class Meta:
        model = Topic
        fields = ("name", "name_en", "key", "words", "answer_within_s", "position", "categories", "is_active")
        help_texts = {"key": _KEY, "words": _("Other words for it, as callers say them.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        linked = set(self.instance.categories.values_list("pk", flat=True)) if self.instance.pk else set()
        self.fields["categories"].choices = [  # type: ignore[attr-defined]
            (str(one.id), "　" * len(one.above) + one.label) for one in outline() if one.is_active or one.id in linked
        ]
        if linked:
            self.initial["categories"] = [str(pk) for pk in linked]


class ContactForm(forms.ModelForm):
    phone = NumberField(label=_("phone"))
    mobile = NumberField(label=_("mobile"))

    class Meta:
        model = Contact
        fields = (
            "name",
            "kana",
            "title",
            "is_shared",
            "email",
            "phone",
            "extension",
            "mobile",
            "chat_url",
            "calendar",
            "deputy",
            "note",
            "is_active",
        )
        help_texts = {
            "kana": _("Any kana will do."),
            "note": _("What whoever asks should know, such as: in the warehouse until 14:00, mail reaches the phone."),
            "deputy": _("Asked while the contact is away."),
        }

    def __init__(self, *args: Any, department: Department, **options: Any) -> None:
        super().__init__(*args, **options)
        _choose(self, "calendar", _calendars(self), _("as the department"))
        colleagues = Contact.objects.filter(department=department, is_active=True).exclude(pk=self.instance.pk)
        known = colleagues | Contact.objects.filter(pk=self.instance.deputy_id)
        _choose(self, "deputy", known.order_by("kana", "id"), _("(nobody)"))
        ways = [(channel.value, channel.label) for channel in ContactChannel]
        preferred = [*self.instance.channels, "", "", "", ""]
        for place in range(len(ways)):
            label = _("reached by") if not place else _("else by")
            field = forms.ChoiceField(label=label, required=not place, choices=[("", "—"), *ways])
            self.fields[f"channel_{place}"] = field
            self.initial[f"channel_{place}"] = preferred[place]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [cleaned.pop(f"channel_{place}", "") for place in range(len(ContactChannel))]
        cleaned["channels"] = list(dict.fromkeys(filter(None, chosen)))
        return cleaned


class AwayForm(forms.Form):
    first = forms.DateField(label=_("first day away"), widget=day())
    last = forms.DateField(
        label=_("last day away"), widget=day(), required=False, help_text=_("Empty: until further notice.")
    )
    deputy = forms.ModelChoiceField(Contact.objects.none(), label=_("stands in"), required=False)
    note = forms.CharField(label=_("note"), max_length=200, required=False)

    def __init__(self, *args: Any, contact: Contact, **options: Any) -> None:
        super().__init__(*args, **options)
        usual = _("as usual: %(name)s") % {"name": contact.deputy} if contact.deputy else _("the next in the chain")
        colleagues = Contact.objects.filter(department=contact.department_id, is_active=True).exclude(pk=contact.pk)
        field = self.fields["deputy"]
        field.queryset, field.empty_label = colleagues.order_by("kana", "id"), usual  # type: ignore[attr-defined]

    @property
    def told(self) -> dict[str, Any]:
        """What the act takes: from the first day's beginning until the last day's end, in the desk's zone."""
        given = dict(self.cleaned_data)
        first, last = given.pop("first"), given.pop("last")
        return {
            **given,
            "starts_at": _start_of(first),
            "ends_at": _start_of(last + timedelta(days=1)) if last else None,
        }


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
