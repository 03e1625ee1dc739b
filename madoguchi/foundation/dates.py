"""Dates as people here read them, in the desk's time zone."""

from datetime import date, datetime, timedelta

from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

_WEEKDAYS_JA = "月火水木金土日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def short_date(day: date) -> str:
    """``8/21(金)``; in English ``21 Aug (Fri)``."""
    if translation.get_language() == "ja":
        return f"{day.month}/{day.day}({_WEEKDAYS_JA[day.weekday()]})"
    return f"{day.day} {day:%b} ({_WEEKDAYS_EN[day.weekday()]})"


def full_date(day: date) -> str:
    """``2027/3/31(水)``; in English ``31 Mar 2027 (Wed)``."""
    if translation.get_language() == "ja":
        return f"{day.year}/{short_date(day)}"
    return f"{day.day} {day:%b} {day.year} ({_WEEKDAYS_EN[day.weekday()]})"


def short_time(moment: datetime) -> str:
    """``14:05`` today, ``8/21(金) 14:05`` this year, ``2025/8/21(木) 14:05`` before."""
    zone = timezone.get_default_timezone()
    local = moment.astimezone(zone)
    today = datetime.now(zone)
    if (local.day, local.month, local.year) == (today.day, today.month, today.year):
        return f"{local.hour:02}:{local.minute:02}"
    return date_and_time(moment)


def date_and_time(moment: datetime) -> str:
    """``8/21(金) 14:05`` this year, today too; ``2025/8/21(木) 14:05`` in others."""
    zone = timezone.get_default_timezone()
    local = moment.astimezone(zone)
    clock = f"{local.hour:02}:{local.minute:02}"
    if local.year == datetime.now(zone).year:
        return f"{short_date(local.date())} {clock}"
    if translation.get_language() == "ja":
        return f"{local.year}/{short_date(local.date())} {clock}"
    return f"{local.day} {local:%b} {local.year} {clock}"


def long_time(moment: datetime) -> str:
    """``2026年8月21日(金) 14:05:12``, for titles and screen readers."""
    local = moment.astimezone(timezone.get_default_timezone())
    if translation.get_language() == "ja":
        weekday = _WEEKDAYS_JA[local.weekday()]
        clock = f"{local.hour:02}:{local.minute:02}:{local.second:02}"
        return f"{local.year}年{local.month}月{local.day}日({weekday}) {clock}"
    return f"{_WEEKDAYS_EN[local.weekday()]} {local.day} {local:%B} {local.year} {local:%H:%M:%S}"


def duration(span: timedelta | float | int) -> str:
    """``42秒``, ``5分``, ``2時間10分``, ``3日4時間``, ``79日``; English ``42 s``, ``2 h 10 min``, ``3 d 4 h``."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    japanese = translation.get_language() == "ja"
    day, hour, minute, second = ("日", "時間", "分", "秒") if japanese else (" d", " h", " min", " s")
    gap = "" if japanese else " "
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds}{second}"
    if seconds < 3600:
        return f"{sign}{seconds // 60}{minute}"
    if seconds < 86400:
        rest = seconds % 3600 // 60
        return f"{sign}{seconds // 3600}{hour}" + (f"{gap}{rest}{minute}" if rest else "")
    rest = seconds % 86400 // 3600 if seconds < 7 * 86400 else 0  # of a week on nobody counts the hours
    return f"{sign}{seconds // 86400}{day}" + (f"{gap}{rest}{hour}" if rest else "")


def clock(seconds: float | int) -> str:
    """A running talk or wait: ``00:42``, ``12:05``, ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def moment_of(written: str) -> datetime | None:
    """The value of a ``datetime-local`` field in the desk's zone, or one with a zone of its own; None for any other."""
    try:
        parsed = parse_datetime(written)
    except ValueError:
        return None
    return timezone.make_aware(parsed) if parsed and timezone.is_naive(parsed) else parsed
