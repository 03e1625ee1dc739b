"""What every report is made of: a period, groups, columns that say what they mean, and the tickets behind a figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.db.models.functions import TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.foundation.dates import short_date
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import InteractionQuerySet
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Team
from madoguchi.telephony.models import CallQuerySet
from madoguchi.tickets.models import Ticket, TicketQuerySet

LONGEST = timedelta(days=1100)
type Figure = int | float | None


class Unit(StrEnum):
    """How a figure is written: a count, a share of 1, an average, or seconds (of work, or of a call: 1:05)."""

    COUNT = "count"
    SHARE = "share"
    AVERAGE = "average"
    SECONDS = "seconds"
    CLOCK = "clock"


@dataclass(frozen=True)
class Column:
    """``meaning`` defines the figure. ``where`` are the tickets or calls that it counts, and that it opens to."""

    key: str
    label: str | Promise
    meaning: str | Promise
    unit: Unit = Unit.COUNT
    where: Q | None = None
    share_of: tuple[str, str] | None = None  # the columns that it divides


@dataclass(frozen=True)
class Row:
    """One group; the empty key is the group of what has none."""

    key: str
    label: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Period:
    """Whole days of the desk's zone, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.first, time()))

    @property
    def end(self) -> datetime:
        """The midnight that it ends at, not part of it."""
        return timezone.make_aware(datetime.combine(self.last + timedelta(days=1), time()))

    def tickets(self, access: Access | None) -> TicketQuerySet:
        """What was opened in the period and ``access`` may see (None: everything), without those that were merged."""
        tickets = Ticket.objects.visible_to(access) if access else Ticket.objects.all()
        return tickets.filter(opened_at__gte=self.start, opened_at__lt=self.end, merged_into__isnull=True)


@dataclass(frozen=True)
class Report:
    """``by`` are its groupings, the first is used when none is asked for; ``rows`` is given one of their keys and
    gives the rows with the figures of all together, from the same question to the database.

    ``drawn`` is the key of the column that a chart of it shows. ``behind`` are the tickets that a figure counts: of
    the row with this key, or (None) of all rows; a report of calls has ``calls_behind`` instead,
    one of contacts ``contacts_behind``, one of time none of them. ``needs`` is the right to read it.
    """

    name: str
    label: str | Promise
    meaning: str | Promise
    by: Mapping[str, str | Promise]
    columns: Sequence[Column]
    drawn: str
    rows: Callable[[Period, str, Access | None], tuple[list[Row], Mapping[str, Figure]]]
    behind: Callable[[Period, Access | None, str, str | None, Column], TicketQuerySet] | None = None
    calls_behind: Callable[[Period, Access | None, str, str | None, Column], CallQuerySet] | None = None
    contacts_behind: Callable[[Period, Access | None, str, str | None, Column], InteractionQuerySet] | None = None
    needs: Capability = Capability.READ_REPORTS


@dataclass(frozen=True)
class Table:
    """A report as it was asked for."""

    report: Report
    period: Period
    by: str
    rows: Sequence[Row]
    total: Row

    @property
    def drawn(self) -> Column:
        """The column that a chart of it shows."""
        return next(column for column in self.report.columns if column.key == self.report.drawn)

    def written(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "report": self.report.name,
            "label": str(self.report.label),
            "meaning": str(self.report.meaning),
            "first_day": self.period.first.isoformat(),
            "last_day": self.period.last.isoformat(),
            "by": self.by,
            "columns": [
                {
                    "key": column.key,
                    "label": str(column.label),
                    "unit": (Unit.SECONDS if column.unit is Unit.CLOCK else column.unit).value,
                    "meaning": str(column.meaning),
                }
                for column in self.report.columns
            ],
            "items": [_written(row) for row in self.rows],
            "total": _written(self.total),
            "next": None,
        }

    def heads(self) -> list[str]:
        return [str(self.report.by[self.by]), *(str(column.label) for column in self.report.columns)]

    def lines(self) -> list[list[str | Figure]]:
        """The rows and their total as a sheet has them: shares of 1, seconds."""
        return [
            [row.label, *(row.figures[column.key] for column in self.report.columns)]
            for row in (*self.rows, self.total)
        ]


def _written(row: Row) -> dict[str, Any]:
    return {"key": row.key, "label": row.label, "figures": dict(row.figures)}


def period_of(first: date, last: date) -> Period:
    """Refuses days in the wrong order, and more than about three years."""
    if last < first:
        raise Refused(_("The period ends before it begins."), code="period", field="to")
    if last - first > LONGEST or not 1900 < first.year < last.year + 1 < 2200:
        raise Refused(_("A report covers at most three years."), code="period", field="to")
    return Period(first, last)


# --- groups of tickets ---------------------------------------------------------------------------------------------

BY_TICKET: Mapping[str, str | Promise] = {
    "team": gettext_lazy("Team that took it in"),
    "category": gettext_lazy("Category"),
    "month": gettext_lazy("Month"),
    "week": gettext_lazy("Week"),
}
_COLUMN = {"team": "front_team__key", "category": "category__key", "month": "month", "week": "week"}
_WEEK = timedelta(days=6)


def grouped(tickets: TicketQuerySet, by: str) -> tuple[TicketQuerySet, str]:
    """The tickets with the column that ``by`` groups them by."""
    if by == "month":
        tickets = tickets.annotate(month=TruncMonth("opened_at", tzinfo=timezone.get_default_timezone()))
    elif by == "week":
        tickets = tickets.annotate(week=TruncWeek("opened_at", tzinfo=timezone.get_default_timezone()))
    return tickets, _COLUMN[by]


def of_group(tickets: TicketQuerySet, by: str, key: str) -> TicketQuerySet:
    """Those of one group."""
    if by in {"month", "week"}:
        span = span_of(by, key)
        return tickets.filter(opened_at__gte=span.start, opened_at__lt=span.end) if span else tickets.none()
    return tickets.filter(**{_COLUMN[by]: key}) if key else tickets.filter(**{f"{_COLUMN[by]}__isnull": True})


def span_of(by: str, key: str) -> Period | None:
    """The days of a month (``2026-04``) or of a week (its Monday); None for a key that is none."""
    try:
        begins = date.fromisoformat(f"{key}-01" if by == "month" else key)
    except ValueError:
        return None
    last = begins + _WEEK if by == "week" else (begins + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return Period(begins, last)


def named(by: str, found: Mapping[Any, Mapping[str, Figure]]) -> list[Row]:
    """Figures by the value of the group's column as rows with names, in the order of teams, categories or time."""
    if by == "week":
        return [Row(f"{week:%Y-%m-%d}", week_words(week), found[week]) for week in sorted(found)]
    if by == "month":
        return [Row(f"{month:%Y-%m}", month_words(month), found[month]) for month in sorted(found)]
    model = Team if by == "team" else Category
    rows = [
        Row(row.key, row.label, found[row.key]) for row in model.objects.filter(key__in=[key for key in found if key])
    ]
    if None in found:
        rows.append(Row("", _("No category"), found[None]))
    return rows


def month_words(month: date) -> str:
    return _("%(year)s/%(month)s") % {"year": month.year, "month": month.month}


def week_words(monday: date) -> str:
    return _("from %(day)s") % {"day": short_date(monday).partition("(")[0].strip()}
