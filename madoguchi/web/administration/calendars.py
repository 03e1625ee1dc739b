"""Working hours: calendars with their hours over time, special days, national holidays, and a deadline to try."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.calendars import actions, hours
from madoguchi.calendars.models import BEGINNING, Calendar, CalendarVersion, HolidayList, SpecialDay
from madoguchi.calendars.national import holiday_name, national_holidays
from madoguchi.calendars.queries import OFFICE_WEEK, version_of, working_time
from madoguchi.calendars.words import reason_word, skipped, working_span
from madoguchi.calendars.working_time import DAY, NeverOpen, Reason, Version, WorkingTime
from madoguchi.files import store
from madoguchi.files.models import StoredFile
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.web.administration.calendar_forms import (
    CalendarForm,
    HoursForm,
    NewCalendarForm,
    SpecialDayForm,
    TryForm,
    hours_typed,
)
from madoguchi.web.administration.page import ask, done, fill, show
from madoguchi.web.shell.guard import StaffRequest, guard

MONTHS = 12
_SALT = "holidays"
_HOW_TO_WRITE = gettext_lazy(
    "Write hours like 9:00-12:00, 13:00-17:30. Empty is closed, 24:00 is midnight, 22:00-6:00 ends the next day."
)


@dataclass(frozen=True)
class Bar:
    """One day of a drawn week: its name, its hours in words, its open parts as (from, width) in percent."""

    day: str
    words: str
    parts: list[tuple[float, float]]


@guard(Capability.ADMINISTER)
@require_GET
def calendars(request: StaffRequest) -> HttpResponse:
    """All calendars, with the week that holds today."""
    rows = list(Calendar.objects.order_by("-is_active", "-is_default", "id"))
    today = timezone.localdate()
    held: dict[int, CalendarVersion] = {}
    for version in CalendarVersion.objects.filter(valid_from__lte=today).order_by("valid_from"):
        held[version.calendar_id] = version
    context = {"calendars": [(row, _bars(version_of(held[row.pk])), held[row.pk]) for row in rows if row.pk in held]}
    return show(request, "calendars.html", _("Working hours"), context)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_calendar(request: StaffRequest) -> HttpResponse:
    """Hours of their own for some team, department or contact."""
    data = request.POST if request.method == "POST" else None
    form = NewCalendarForm(data, initial=hours_typed(OFFICE_WEEK, national_holidays=True))
    if data is not None and form.is_valid():
        row = actions.add_calendar(by=request.user, **form.cleaned_data)
        return done(
            request, _("The calendar is added. Choose it for a team, a department or a person."), "calendar", row.pk
        )
    return ask(request, form, _("New calendar"), back=reverse("administration:calendars"), lead=str(_HOW_TO_WRITE))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def calendar(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """One calendar: its week, its days that differ, its year, and a deadline to try."""
    row = get_object_or_404(Calendar, pk=calendar_id)
    form = fill(CalendarForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.rename_calendar(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "calendar", row.pk)
    return ask(
        request,
        form,
        row.label,
        back=reverse("administration:calendars"),
        template="calendar.html",
        **_about(request, row),
    )


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def hours_of(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """New hours from a day on."""
    row = get_object_or_404(Calendar, pk=calendar_id)
    held = working_time(row.pk).version_on(timezone.localdate())
    data = request.POST if request.method == "POST" else None
    form = HoursForm(data, initial=hours_typed(held.week, national_holidays=held.holidays))
    if data is not None and form.is_valid():
        try:
            actions.change_hours(row, by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error("valid_from", str(refused))
        else:
            return done(request, _("The new hours are saved."), "calendar", row.pk)
    back = reverse("administration:calendar", args=[row.pk])
    return ask(
        request, form, _("Change the hours of “%(name)s”") % {"name": row.label}, back=back, lead=str(_HOW_TO_WRITE)
    )


@guard(Capability.ADMINISTER)
@require_POST
def withdraw(request: StaffRequest, version_id: int) -> HttpResponse:
    """Hours that were planned do not begin."""
    version = get_object_or_404(CalendarVersion.objects.select_related("calendar"), pk=version_id)
    actions.withdraw_hours(version, by=request.user)
    return done(request, _("The planned hours are withdrawn."), "calendar", version.calendar_id)


@guard(Capability.ADMINISTER)
@require_POST
def make_default(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """Used where none is chosen."""
    row = get_object_or_404(Calendar, pk=calendar_id)
    actions.make_default(row, also_past=bool(request.POST.get("also_past")), by=request.user)
    return done(request, _("“%(name)s” is the default now.") % {"name": row.label}, "calendar", row.pk)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def special_day(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """A company holiday or a day with other hours; calendar 0 is all of them."""
    row = get_object_or_404(Calendar, pk=calendar_id) if calendar_id else None
    data = request.POST if request.method == "POST" else None
    form = SpecialDayForm(data)
    back = _back(row.pk if row else None)
    if data is not None and form.is_valid():
        try:
            actions.set_special_days(row, by=request.user, **form.cleaned_data)
        except Refused as refused:
            field = refused.details.get("field", "")
            form.add_error(field if field in form.fields else "first", str(refused))
        else:
            return done(request, _("The days are saved."), *back)
    address = reverse(f"administration:{back[0]}", args=back[1:])
    return ask(request, form, _("Special days"), back=address, lead=row.label if row else _("In every calendar"))


@guard(Capability.ADMINISTER)
@require_POST
def remove_day(request: StaffRequest, day_id: int) -> HttpResponse:
    """The day, and what lies ahead of the closing that it belongs to, is like others again."""
    row = get_object_or_404(SpecialDay.objects.select_related("calendar"), pk=day_id)
    same = SpecialDay.objects.filter(calendar=row.calendar_id).select_related("calendar").order_by("day")
    [run] = [run for run in _runs(list(same)) if row in run]
    today = timezone.localdate()
    ahead = [day for day in run if day.day > today]
    back = _back(row.calendar_id)
    actions.remove_special_days(ahead or run, by=request.user)
    return done(request, _("The day is like others again."), *back)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def holidays(request: StaffRequest) -> HttpResponse:
    """National holidays as they hold, the days of every calendar, and the official list: looked at, then taken in."""
    context: dict[str, Any] = {"told": None, "error": ""}
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Refused(_("Choose the CSV file first."), code="incomplete")
            content = file.read()
            context |= {"told": _preview(content), "file_name": file.name}
            kept = store.keep(content)
            context["signed"] = signing.dumps([kept.pk, str(file.name)], salt=_SALT)
        except Refused as refused:
            context["error"] = str(refused)
    today = timezone.localdate()
    of_year = national_holidays()
    years = [
        (year, [(day, holiday_name(name)) for day, name in of_year(year).items()])
        for year in (today.year, today.year + 1)
    ]
    days = SpecialDay.objects.filter(calendar=None, day__gte=today - timedelta(days=31))
    context |= {"years": years, "lists": list(HolidayList.objects.all()[:10]), "days": _days(days)}
    return show(request, "holidays.html", _("Holidays"), context, status=422 if context["error"] else 200)


@guard(Capability.ADMINISTER)
@require_POST
def take_in(request: StaffRequest) -> HttpResponse:
    """The list that was looked at holds now."""
    try:
        pk, name = signing.loads(request.POST.get("signed", ""), salt=_SALT, max_age=3600)
    except signing.BadSignature:
        raise Refused(_("Upload the file again."), code="expired", status=409) from None
    content = store.read(get_object_or_404(StoredFile, pk=pk))
    taken = actions.take_in_holidays(
        content, file_name=name, also_past=bool(request.POST.get("also_past")), by=request.user
    )
    return done(request, _("%(count)d holidays are taken in.") % {"count": taken.count}, "holidays")


def _preview(content: bytes) -> dict[str, Any]:
    """What taking in the file would change from tomorrow on, and what was not understood."""
    told = actions.read_official(content)
    of_year, today = national_holidays(), timezone.localdate()
    changes = []
    for year in (year for year in told.years if year >= today.year):
        new = {day: name for day, name in told.holidays.items() if day.year == year and day > today}
        old = {day: name for day, name in of_year(year).items() if day > today}
        changes += [
            (day, new.get(day, ""), old.get(day, "")) for day in sorted({*new, *old}) if new.get(day) != old.get(day)
        ]
    few = [year for year in told.years if year >= today.year and sum(day.year == year for day in told.holidays) < 12]
    return {
        "count": len(told.holidays),
        "first": told.years[0],
        "last": told.years[-1],
        "encoding": {"cp932": "Shift_JIS", "utf-8-sig": "UTF-8", "utf-16": "UTF-16"}[told.encoding],
        "changes": changes[:100],
        "few": few,
        "refused": [(line.number, line.text, _reason(line.reason)) for line in told.refused],
    }


def _reason(code: str) -> str:
    return {
        "no_date": _("no date in this line"),
        "bad_date": _("there is no such date"),
        "no_name": _("no name beside the date"),
        "long_name": _("the name is too long"),
        "twice": _("the same day under another name"),
    }[code]


def _about(request: StaffRequest, row: Calendar) -> dict[str, Any]:
    time = working_time(row.pk)
    today = timezone.localdate(timezone=ZoneInfo(row.zone))
    versions = list(row.versions.order_by("-valid_from"))
    coming = [version for version in versions if version.valid_from > today]
    days = SpecialDay.objects.filter(Q(calendar=row) | Q(calendar=None), day__gte=today - timedelta(days=31))
    return {
        "row": row,
        "bars": _bars(time.version_on(today)),
        "held": time.version_on(today),
        "coming": [(version, _bars(version_of(version))) for version in coming],
        "earlier": [(v, _bars(version_of(v))) for v in versions if v.valid_from < time.version_on(today).valid_from],
        "beginning": BEGINNING,
        "days": _days(days),
        "months": _months(time, today),
        "weekdays": [WEEKDAYS_ABBR[place] for place in range(7)],
        "tried": _tried(request, time, row),
    }


def _tried(request: StaffRequest, time: WorkingTime, row: Calendar) -> dict[str, Any]:
    """The deadline of a start and an amount, with what was stepped over."""
    zone = ZoneInfo(row.zone)
    now = timezone.now().astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    given = request.GET if "start" in request.GET else None
    with timezone.override(zone):
        form = TryForm(given, initial={"start": now, "hours": 8, "minutes": 0})
        if given is None or not form.is_valid():
            return {"form": form}
        start: datetime = form.cleaned_data["start"]
    try:
        due = time.add(start, form.seconds)
        closures = time.closures(start, due, limit=60)
    except (NeverOpen, ValueError, OverflowError):
        return {"form": form, "never": True}
    return {
        "form": form,
        "start": start,
        "due": due,
        "due_words": due.astimezone(zone),
        "amount": working_span(form.seconds),
        "skipped": skipped(closures),
        "closures": [
            (closure.start.astimezone(zone), closure.end.astimezone(zone), reason_word(closure)) for closure in closures
        ],
    }


def _bars(version: Version) -> list[Bar]:
    """The week as it is drawn; what runs beyond midnight stands on the next day."""
    bars = []
    for place in range(7):
        own = [(start, min(end, DAY)) for start, end in version.week[place]]
        over = [(0, end - DAY) for _, end in version.week[place - 1] if end > DAY]
        parts = [(round(100 * start / DAY, 2), round(100 * (end - start) / DAY, 2)) for start, end in over + own]
        bars.append(Bar(str(WEEKDAYS_ABBR[place]), hours.write(version.week[place]), parts))
    return bars


def _days(rows: Iterable[SpecialDay]) -> list[tuple[SpecialDay, SpecialDay, str]]:
    """First and last day of each closing, and the hours in words."""
    ordered = sorted(rows, key=lambda row: (row.calendar_id or 0, row.day))
    runs = sorted(_runs(ordered), key=lambda run: run[0].day)
    return [(run[0], run[-1], hours.write(run[0].periods)) for run in runs]


def _runs(rows: list[SpecialDay]) -> list[list[SpecialDay]]:
    """Days that follow each other under one name and with the same hours, as they were entered."""
    runs: list[list[SpecialDay]] = []
    for row in rows:
        before = runs[-1][-1] if runs else None
        if (
            before
            and before.day + timedelta(days=1) == row.day
            and (before.calendar_id, before.name, before.periods) == (row.calendar_id, row.name, row.periods)
        ):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _months(time: WorkingTime, today: date) -> list[dict[str, Any]]:
    """Twelve months, as weeks of (day of the month, kind, name); the days with a name below."""
    months = []
    for ahead in range(MONTHS):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        first = date(year, month + 1, 1)
        following = date(year + month // 11, (month + 1) % 12 + 1, 1)
        weeks: list[list[tuple[int, str, str] | None]] = [[None] * first.weekday()]
        named = []
        for ordinal in range(first.toordinal(), following.toordinal()):
            day = date.fromordinal(ordinal)
            kind, name = _kind(time, day)
            if name:
                named.append((day, name, kind))
            if len(weeks[-1]) == 7:
                weeks.append([])
            weeks[-1].append((day.day, kind, name))
        weeks[-1] += [None] * (7 - len(weeks[-1]))
        months.append({"first": first, "weeks": weeks, "named": named})
    return months


def _kind(time: WorkingTime, day: date) -> tuple[str, str]:
    held = time.day(day)
    if held.reason is Reason.SPECIAL:
        return ("opened" if held.periods else "special"), held.name
    if held.reason is Reason.HOLIDAY:
        return "holiday", holiday_name(held.name)
    return ("open" if held.periods else "closed"), ""


def _back(calendar_id: int | None) -> tuple[Any, ...]:
    return ("calendar", calendar_id) if calendar_id else ("holidays",)
