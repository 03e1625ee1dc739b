"""Calendars with their hours over time, days that differ, and national holidays."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.files.models import StoredFile
from madoguchi.foundation.bilingual import label_of

BEGINNING = date(1950, 1, 1)  # the first version of a calendar holds for all the past


class Calendar(models.Model):
    """When something is open. ``revision`` is another, never used before, whenever anything about it changes."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    zone = models.CharField(_("time zone"), max_length=60)
    is_default = models.BooleanField(_("used where none is chosen"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    revision = models.CharField(max_length=32, editable=False)

    class Meta:
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="calendars_calendar_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the page."""
        return label_of(self.name, self.name_en)


class CalendarVersion(models.Model):
    """The hours of a week from a day on: seven lists of [start, end] in seconds after midnight, Monday first."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="versions")
    valid_from = models.DateField()
    week = models.JSONField()
    national_holidays = models.BooleanField(default=True)

    class Meta:
        ordering = ["calendar", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "valid_from"], name="calendars_version_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.valid_from}"


class SpecialDay(models.Model):
    """A company holiday (no periods), or a day with other hours than usual; of one calendar, or (empty) of all."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, null=True, blank=True, related_name="special_days")
    day = models.DateField()
    name = models.CharField(max_length=60)
    periods = models.JSONField(default=list)

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendars_special_day_once"),
            models.UniqueConstraint(
                fields=["day"], condition=models.Q(calendar__isnull=True), name="calendars_special_day_of_all_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class HolidayList(models.Model):
    """An official list as it was uploaded: its original, the years it told, the lines that were not understood."""

    at = models.DateTimeField(auto_now_add=True)
    by_name = models.CharField(max_length=200)
    file_name = models.CharField(max_length=255)
    original = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    years = models.JSONField(default=list)
    count = models.PositiveIntegerField()
    refused = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class NationalHoliday(models.Model):
    """A national holiday of a year that an official list told; other years are calculated."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
