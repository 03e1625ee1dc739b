"""Fields that several segments ask for: days, moments, hours of a day."""

from typing import Any

from django import forms

from madoguchi.calendars import hours
from madoguchi.foundation.refusal import Refused


def day() -> forms.DateInput:
    """The browser's own picker of a day."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def moment() -> forms.DateTimeInput:
    """The browser's own picker of a day and time, in the desk's zone."""
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class HoursField(forms.CharField):
    """``9:00-12:00, 13:00-17:30``; empty is closed. Gives periods in seconds of the day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=120, **options)

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        try:
            return hours.read(written)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused
