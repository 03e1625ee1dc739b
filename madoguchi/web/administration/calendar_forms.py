"""What can be typed about working hours. The forms check; the acts change."""

import zoneinfo
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from madoguchi.calendars import hours
from madoguchi.calendars.models import Calendar
from madoguchi.calendars.working_time import Period
from madoguchi.web.shell.inputs import HoursField, day, moment

_KEY = _("Letters, digits and hyphens; programs know it by this name.")
_PAST = _("Otherwise nothing before tomorrow changes.")


class WeekForm(forms.Form):
    """Seven days, Monday first."""

    day_0 = HoursField(label=WEEKDAYS[0], required=False)
    day_1 = HoursField(label=WEEKDAYS[1], required=False)
    day_2 = HoursField(label=WEEKDAYS[2], required=False)
    day_3 = HoursField(label=WEEKDAYS[3], required=False)
    day_4 = HoursField(label=WEEKDAYS[4], required=False)
    day_5 = HoursField(label=WEEKDAYS[5], required=False)
    day_6 = HoursField(label=WEEKDAYS[6], required=False)
    national_holidays = forms.BooleanField(label=_("closed on national holidays"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["week"] = week = tuple(cleaned.pop(f"day_{place}", ()) for place in range(7))
        if not self.errors and not any(week):
            self.add_error(None, _("At least one day of the week must be open."))
        return cleaned


class HoursForm(WeekForm):
    """New hours from a day on."""

    valid_from = forms.DateField(label=_("from"), widget=day())
    also_past = forms.BooleanField(
        label=_("the day has begun or is over: reckon passed deadlines anew"), required=False, help_text=_PAST
    )


class NewCalendarForm(WeekForm):
    name = forms.CharField(label=_("name"), max_length=100)
    name_en = forms.CharField(label=_("English name"), max_length=100, required=False)
    key = forms.SlugField(label=_("key"), max_length=40, help_text=_KEY)
    zone = forms.CharField(label=_("time zone"), max_length=60, help_text=_("It stays as it is."))

    field_order = ("name", "name_en", "key", "zone")

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if Calendar.objects.filter(key=key).exists():
            raise forms.ValidationError(_("This is already taken."))
        return key

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("There is no time zone “%(zone)s”."), params={"zone": zone})
        return zone


class CalendarForm(forms.ModelForm):
    class Meta:
        model = Calendar
        fields = ("name", "name_en", "key", "is_active")
        help_texts = {"key": _KEY}


class SpecialDayForm(forms.Form):
    name = forms.CharField(
        label=_("name"), max_length=60, help_text=_("Explains deadlines: year-end closing, stocktaking.")
    )
    first = forms.DateField(label=_("first day"), widget=day())
    last = forms.DateField(label=_("last day"), widget=day(), required=False, help_text=_("Empty: one day."))
    periods = HoursField(label=_("open at"), required=False, help_text=_("Empty: closed. Otherwise like 10:00-15:00."))
    also_past = forms.BooleanField(
        label=_("the day has begun or is over: reckon passed deadlines anew"), required=False, help_text=_PAST
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["last"] = cleaned.get("last") or cleaned.get("first")
        return cleaned


class TryForm(forms.Form):
    """A start and an amount of working time."""

    start = forms.DateTimeField(label=_("start"), widget=moment())
    hours = forms.IntegerField(label=_("hours"), min_value=0, max_value=2000, required=False)
    minutes = forms.IntegerField(label=_("minutes"), min_value=0, max_value=6000, required=False)

    @property
    def seconds(self) -> int:
        return (self.cleaned_data["hours"] or 0) * 3600 + (self.cleaned_data["minutes"] or 0) * 60


def hours_typed(
    week: list[list[list[int]]] | tuple[tuple[Period, ...], ...], *, national_holidays: bool
) -> dict[str, Any]:
    """The week as it stands in the form."""
    typed: dict[str, Any] = {f"day_{place}": hours.write(day) for place, day in enumerate(week)}
    return {
        **typed,
        "national_holidays": national_holidays,
        "valid_from": timezone.localdate() + timedelta(days=1),
        "zone": settings.TIME_ZONE,
    }
