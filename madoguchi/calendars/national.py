"""National holidays: as the uploaded official lists tell them, and calculated for the years they do not tell."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

import holidays
from django.utils import translation

from madoguchi.calendars.models import NationalHoliday


def national_holidays() -> Callable[[int], Mapping[date, str]]:
    """For a year its holidays by day, as they are told at this moment."""
    told: dict[int, dict[date, str]] = {}
    for day, name in NationalHoliday.objects.values_list("day", "name"):
        told.setdefault(day.year, {})[day] = name

    def of_year(year: int) -> Mapping[date, str]:
        return told[year] if year in told else calculated(year)

    return of_year


@cache
def calculated(year: int) -> Mapping[date, str]:
    """The holidays of a year by the law as the ``holidays`` package knows it; none where it knows none."""
    return dict(sorted(holidays.country_holidays("JP", years=year, language="ja").items()))


def holiday_name(name: str) -> str:
    """The name of a holiday in the language of the page, where it is known."""
    return _english().get(name, name) if translation.get_language() == "en" else name


@cache
def _english() -> Mapping[str, str]:
    names: dict[str, str] = {"休日": "National holiday"}
    for year in (1989, 2016, 2019, 2021, 2026):
        words = holidays.country_holidays("JP", years=year, language="en_US")
        names |= {name: words.get(day) or name for day, name in calculated(year).items()}
    return names
