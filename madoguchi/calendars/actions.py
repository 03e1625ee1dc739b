"""Calendars, their hours, the days that differ, the official holidays.

Changing a calendar changes no past: hours and days are changed from tomorrow on, since deadlines of this morning may
have passed. Only who says ``also_past`` reaches
further back, be it to today, and the entry says so: then deadlines that lie behind are reckoned anew as well.
"""

import secrets
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars import official
from madoguchi.calendars.models import (
    BEGINNING,
    Calendar,
    CalendarVersion,
    HolidayList,
    NationalHoliday,
    SpecialDay,
)
from madoguchi.calendars.national import national_holidays
from madoguchi.calendars.queries import ALL_HOURS, OFFICE_WEEK
from madoguchi.calendars.working_time import Period
from madoguchi.files.store import keep
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record

type Week = Sequence[Sequence[Period]]
LONGEST_CLOSURE = 60  # days at once


@transaction.atomic
def add_calendar(
    *, key: str, name: str, name_en: str = "", zone: str = "", week: Week, national_holidays: bool = True, by: Actor
) -> Calendar:
    """A new calendar, whose hours hold from the beginning of time; ``zone`` empty is the desk's own."""
    zone = zone or settings.TIME_ZONE
    if zone not in zoneinfo.available_timezones():
        raise Refused(_("There is no time zone “%(zone)s”.") % {"zone": zone[:60]}, code="unknown_zone", field="zone")
    _key_is_free(key, None)
    calendar = Calendar.objects.create(
        key=key,
        name=name,
        name_en=name_en,
        zone=zone,
        is_default=not Calendar.objects.filter(is_default=True).exists(),
        revision=_new_revision(),
    )
    CalendarVersion.objects.create(
        calendar=calendar, valid_from=BEGINNING, week=_plain_week(week), national_holidays=national_holidays
    )
    record("calendar.added", by=by, about=[calendar], data={"name": name, "zone": zone})
    return calendar


@transaction.atomic
def rename_calendar(
    calendar: Calendar, *, key: str, name: str, name_en: str = "", is_active: bool = True, by: Actor
) -> Calendar:
    """Correct what it is called, or take it out of the lists to choose from; hours are not touched."""
    _key_is_free(key, calendar)
    if calendar.is_default and not is_active:
        raise Refused(_("The default calendar cannot be inactive. Make another one the default first."), code="default")
    calendar.key, calendar.name, calendar.name_en, calendar.is_active = key, name, name_en, is_active
    calendar.save(update_fields=["key", "name", "name_en", "is_active"])
    record("calendar.changed", by=by, about=[calendar], data={"name": name, "active": is_active})
    return calendar


@transaction.atomic
def change_hours(
    calendar: Calendar,
    *,
    week: Week,
    national_holidays: bool,
    valid_from: date,
    also_past: bool = False,
    by: Actor,
) -> CalendarVersion:
    """New hours from ``valid_from`` on, until a later version's day."""
    _not_past(calendar, valid_from, also_past=also_past)
    before = _held_on(calendar, valid_from)
    values = {"week": _plain_week(week), "national_holidays": national_holidays}
    version, _created = CalendarVersion.objects.update_or_create(
        calendar=calendar, valid_from=valid_from, defaults=values
    )
    _touch(Q(pk=calendar.pk))
    record(
        "calendar.hours_changed",
        by=by,
        about=[calendar],
        data={
            "from": valid_from.isoformat(),
            "also_past": also_past,
            "before": {"week": before.week, "national_holidays": before.national_holidays},
            "after": values,
        },
    )
    return version


@transaction.atomic
def withdraw_hours(version: CalendarVersion, *, by: Actor) -> None:
    """Hours that were to begin on a later day do not; those before go on."""
    if version.valid_from <= _today(version.calendar):
        raise Refused(_("These hours hold already. Change them from a later day on instead."), code="past", status=409)
    calendar, begins = version.calendar, version.valid_from
    version.delete()
    _touch(Q(pk=calendar.pk))
    record("calendar.hours_withdrawn", by=by, about=[calendar], data={"from": begins.isoformat()})


@transaction.atomic
def make_default(calendar: Calendar, *, also_past: bool = False, by: Actor) -> None:
    """From now on this one is used where none is chosen; for what began before only if ``also_past``."""
    if calendar.is_default:
        return
    if not calendar.is_active:
        raise Refused(_("An inactive calendar cannot be the default."), code="inactive", status=409)
    former = list(Calendar.objects.select_for_update().filter(is_default=True))
    Calendar.objects.filter(is_default=True).update(is_default=False)
    Calendar.objects.filter(pk=calendar.pk).update(is_default=True)
    calendar.is_default = True
    data = {"name": calendar.name, "former_calendar": former[0].pk if former else None, "also_past": also_past}
    record("calendar.made_default", by=by, about=[calendar, *former], data=data)


@transaction.atomic
def set_special_days(
    calendar: Calendar | None,
    *,
    first: date,
    last: date,
    name: str,
    periods: Sequence[Period] = (),
    also_past: bool = False,
    by: Actor,
) -> list[SpecialDay]:
    """The days ``first`` to ``last`` are closed under this name, or open in ``periods``; None: in every calendar."""
    if not name.strip():
        raise Refused(_("A day that differs needs a name: it explains deadlines."), code="incomplete", field="name")
    if not first <= last <= first + timedelta(days=LONGEST_CLOSURE - 1):
        raise Refused(
            _("The last day must not be before the first, and at most %(days)d days go at once.")
            % {"days": LONGEST_CLOSURE},
            code="days",
            field="last",
        )
    _not_past(calendar, first, also_past=also_past)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    rows = [
        SpecialDay.objects.update_or_create(
            calendar=calendar, day=day, defaults={"name": name.strip(), "periods": [list(span) for span in periods]}
        )[0]
        for day in days
    ]
    _days_changed(
        calendar, first, last, by=by, data={"name": name.strip(), "open": bool(periods), "also_past": also_past}
    )
    return rows


@transaction.atomic
def remove_special_days(days: Sequence[SpecialDay], *, also_past: bool = False, by: Actor) -> None:
    """These days of one calendar, in their order, are like others of their weekdays again."""
    first, last = days[0], days[-1]
    _not_past(first.calendar, first.day, also_past=also_past)
    SpecialDay.objects.filter(pk__in=[day.pk for day in days]).delete()
    data = {"name": first.name, "removed": True, "also_past": also_past}
    _days_changed(first.calendar, first.day, last.day, by=by, data=data)


@transaction.atomic
def take_in_holidays(content: bytes, *, file_name: str, also_past: bool = False, by: Actor) -> HolidayList:
    """The official list as uploaded: of the years that it tells, it alone holds. A bad file changes nothing.

    Days that have begun keep what held on them, unless ``also_past``.
    """
    told = read_official(content)
    today = timezone.localdate()
    held = national_holidays()
    rows: dict[date, str] = {}
    for year in told.years:
        new = {day: name for day, name in told.holidays.items() if day.year == year}
        if also_past:
            rows |= new
        else:
            rows |= {day: name for day, name in held(year).items() if day <= today}
            rows |= {day: name for day, name in new.items() if day > today}
    NationalHoliday.objects.filter(day__year__in=told.years).delete()
    NationalHoliday.objects.bulk_create(NationalHoliday(day=day, name=name) for day, name in sorted(rows.items()))
    taken = HolidayList.objects.create(
        by_name=by.actor_name[:200],
        file_name=file_name[-255:],
        original=keep(content),
        years=told.years,
        count=len(told.holidays),
        refused=[asdict(line) for line in told.refused],
    )
    _touch(Q())
    record(
        "calendar.holidays_taken_in",
        by=by,
        about=[taken, *Calendar.objects.all()],
        data={"years": told.years, "count": taken.count, "refused": len(told.refused), "also_past": also_past},
    )
    return taken


def read_official(content: bytes) -> official.OfficialList:
    """The file, or a sentence that says why it is no list of holidays."""
    try:
        return official.read(content)
    except official.Unreadable as error:
        sentences = {
            "size": _("This file is too large to be a list of holidays."),
            "encoding": _("This file is neither Shift_JIS nor UTF-8 text. Save it as CSV."),
        }
        sentence = sentences.get(str(error), _("No date with a name was found in this file. Nothing was changed."))
        raise Refused(sentence, code="unreadable", field="file") from error


@transaction.atomic
def ensure_defaults(*, by: Actor) -> None:
    """What ``init`` makes: office hours as the default, and a calendar without closed hours. Existing ones stay."""
    if not Calendar.objects.exists():
        add_calendar(
            key="standard", name="標準(平日 9:00〜18:00)", name_en="Standard (weekdays 9–18)", week=OFFICE_WEEK, by=by
        )
        add_calendar(
            key="always",
            name="24時間365日",
            name_en="24 hours, 365 days",
            week=ALL_HOURS,
            national_holidays=False,
            by=by,
        )


def _days_changed(calendar: Calendar | None, first: date, last: date, *, by: Actor, data: Mapping[str, object]) -> None:
    chosen = Q(pk=calendar.pk) if calendar else Q()
    _touch(chosen)
    facts = {**data, "first": first.isoformat(), "last": last.isoformat(), "all": calendar is None}
    record("calendar.days_changed", by=by, about=Calendar.objects.filter(chosen), data=facts)


def _touch(chosen: Q) -> None:
    """Whatever is kept of these calendars is old."""
    Calendar.objects.filter(chosen).update(revision=_new_revision())


def _new_revision() -> str:
    return secrets.token_hex(16)


def _plain_week(week: Week) -> list[list[list[int]]]:
    """As it is stored; a week without any opening would never let a deadline come."""
    plain = [[list(span) for span in sorted(day)] for day in week]
    if len(plain) != 7 or not any(plain):
        raise Refused(_("At least one day of the week must be open."), code="never_open")
    return plain


def _held_on(calendar: Calendar, day: date) -> CalendarVersion:
    versions: Iterable[CalendarVersion] = calendar.versions.order_by(F("valid_from"))
    held = [version for version in versions if version.valid_from <= day]
    return held[-1] if held else next(iter(versions))


def _today(calendar: Calendar | None) -> date:
    return timezone.localdate(timezone=zoneinfo.ZoneInfo(calendar.zone)) if calendar else timezone.localdate()


def _not_past(calendar: Calendar | None, day: date, *, also_past: bool) -> None:
    if day <= _today(calendar) and not also_past:
        raise Refused(
            _("This day has begun or is over. Deadlines that have passed are reckoned anew only when you ask for it."),
            code="past",
            field="past",
        )


def _key_is_free(key: str, own: Calendar | None) -> None:
    others = Calendar.objects.exclude(pk=own.pk) if own else Calendar.objects.all()
    if others.filter(key=key).exists():
        raise Refused(
            _("The key “%(key)s” is already taken.") % {"key": key}, code="key_taken", status=409, field="key"
        )
