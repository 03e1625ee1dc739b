"""What can be typed about a policy."""

import re
from functools import cached_property
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.clocks.actions import PAUSES, Promise
from madoguchi.clocks.models import Kind, PolicyVersion
from madoguchi.people.models import Team
from madoguchi.people.queries import service_classes
from madoguchi.tickets.models import Priority

_UNITS = [("60", _("minutes")), ("3600", _("hours"))]


class PolicyForm(forms.Form):
    """A policy's version. ``promise`` is what was typed, once it is valid."""

    kind = forms.ChoiceField(label=_("Deadline"), choices=Kind.choices)
    name = forms.CharField(label=_("Name"), max_length=100)
    name_en = forms.CharField(label=_("English name"), max_length=100, required=False)
    amount = forms.IntegerField(label=_("Target"), min_value=1, max_value=10_000, initial=4)
    unit = forms.ChoiceField(label=_("Unit"), choices=_UNITS, initial="3600")
    calendar = forms.ChoiceField(label=_("Counted in"))
    priorities = forms.MultipleChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every priority."),
    )
    category = forms.ChoiceField(label=_("Category"), required=False)
    service_class = forms.ChoiceField(label=_("Class of the contract"), required=False)
    team = forms.ChoiceField(
        label=_("Team"),
        required=False,
        help_text=_("Acceptance and holding: the team that receives or holds; else the front."),
    )
    warn_at = forms.CharField(
        label=_("Warn at (% of the target)"),
        required=False,
        initial="50, 80",
        help_text=_("For example 50, 80. Empty: no warning."),
    )
    tell = forms.ChoiceField(label=_("Tell"), choices=PolicyVersion.Tell.choices)
    at_once = forms.BooleanField(label=_("At once, also outside working hours"), required=False)
    pauses_for = forms.MultipleChoiceField(
        label=_("Stands still while waiting for"),
        choices=[(whom.value, whom.label) for whom in PAUSES],
        required=False,
        initial=["requester"],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never for a department: its question has its own deadline."),
    )
    reopen = forms.ChoiceField(label=_("When the ticket is reopened, it"), choices=PolicyVersion.Reopen.choices)
    for_running = forms.BooleanField(
        label=_("Also for deadlines that run already"),
        required=False,
        help_text=_("Otherwise only what starts from now on is judged by this."),
    )

    def __init__(self, data: Any = None, *, version: PolicyVersion | None = None, **options: Any) -> None:
        self._version = version
        given = _typed(version) if version is not None else {}
        super().__init__(data, initial={**given, **(options.pop("initial", None) or {})}, **options)
        self._offer("category", _categories())
        self._offer("team", [(str(team.pk), team.label) for team in Team.objects.filter(is_active=True)])
        self._offer("service_class", [(name, name) for name in service_classes()])
        own = [(f"own:{calendar.pk}", calendar.label) for calendar in Calendar.objects.all()]
        others = [pair for pair in PolicyVersion.CalendarOf.choices if pair[0] != PolicyVersion.CalendarOf.OWN]
        self.fields["calendar"].choices = [*others, *own]  # type: ignore[attr-defined]
        if version is not None:
            self.fields["kind"].choices = [(version.kind, version.get_kind_display())]  # type: ignore[attr-defined]

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        self.fields[name].choices = [("", _("all")), *options]  # type: ignore[attr-defined]

    def clean_warn_at(self) -> list[int]:
        words = [word.rstrip("%") for word in re.split(r"[\s,、，]+", self.cleaned_data["warn_at"]) if word]
        if not all(word.isdecimal() and 0 < int(word) < 100 for word in words):
            raise forms.ValidationError(_("Write numbers between 1 and 99, for example 50, 80."))
        return sorted({int(word) for word in words})

    @cached_property
    def promise(self) -> Promise:
        """What was typed, for the act."""
        given = self.cleaned_data
        calendar_of, _colon, calendar = given["calendar"].partition(":")
        return Promise(
            kind=given["kind"],
            name=given["name"],
            name_en=given["name_en"],
            target_s=given["amount"] * int(given["unit"]),
            calendar_of=calendar_of,
            calendar=Calendar.objects.get(pk=calendar) if calendar else None,
            priorities=given["priorities"],
            category=Category.objects.get(pk=given["category"]) if given["category"] else None,
            service_class=given["service_class"],
            team=Team.objects.get(pk=given["team"]) if given["team"] else None,
            warn_at=given["warn_at"],
            tell=given["tell"],
            at_once=given["at_once"],
            pauses_for=given["pauses_for"],
            reopen=given["reopen"],
        )

    def version_as_written(self) -> PolicyVersion | None:
        """The version as it would be, from the conditions alone; None while they cannot be read."""
        if not self.is_bound:
            return self._version
        self.full_clean()
        if {"kind", "priorities", "category", "service_class", "team"} & self.errors.keys():
            return None
        given = self.cleaned_data
        return PolicyVersion(
            policy_id=self._version.policy_id if self._version else 0,
            kind=given["kind"],
            priorities=given["priorities"],
            category_id=int(given["category"]) if given["category"] else None,
            service_class=given["service_class"],
            team_id=int(given["team"]) if given["team"] else None,
            target_s=HOUR,
            valid_from=timezone.now(),
        )


HOUR = 3600


def _typed(version: PolicyVersion) -> dict[str, Any]:
    """A version as the fields show it."""
    unit = 3600 if version.target_s % 3600 == 0 else 60
    own = version.calendar_of == PolicyVersion.CalendarOf.OWN
    return {
        "kind": version.kind,
        "name": version.name,
        "name_en": version.name_en,
        "amount": max(1, version.target_s // unit),
        "unit": str(unit),
        "calendar": f"own:{version.calendar_id}" if own else version.calendar_of,
        "priorities": version.priorities,
        "category": str(version.category_id or ""),
        "service_class": version.service_class,
        "team": str(version.team_id or ""),
        "warn_at": ", ".join(map(str, version.warn_at)),
        "tell": version.tell,
        "at_once": version.at_once,
        "pauses_for": version.pauses_for,
        "reopen": version.reopen,
    }


def _categories() -> list[tuple[str, str]]:
    return [(str(node.pk), "　" * len(path) + node.label) for node, path in tree(active_only=False) if node.is_active]
