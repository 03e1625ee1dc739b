"""Every report of the product by its name; pages, API and command ask here."""

from datetime import date

from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.insight.reports.by_contact import BYPASSES, NO_TICKET
from madoguchi.insight.reports.by_scope import SCOPE
from madoguchi.insight.reports.by_team import PING_PONG, TIME
from madoguchi.insight.reports.by_ticket import MOVES, RETURNS
from madoguchi.insight.reports.calls import CALLS
from madoguchi.insight.reports.frame import Column, Report, Row, Table, period_of
from madoguchi.insight.reports.knowledge import ARTICLES, LINKS
from madoguchi.insight.reports.operators import OPERATORS
from madoguchi.interactions.models import InteractionQuerySet
from madoguchi.people.access import Access
from madoguchi.telephony.models import CallQuerySet
from madoguchi.tickets.models import TicketQuerySet

_ALL = (MOVES, RETURNS, PING_PONG, TIME, SCOPE, LINKS, ARTICLES, CALLS, OPERATORS, BYPASSES, NO_TICKET)
REPORTS = {report.name: report for report in _ALL}


def readable(access: Access) -> list[Report]:
    """The reports that somebody may read, in their order."""
    return [report for report in _ALL if access.can(report.needs)]


def report_named(name: str, access: Access | None) -> Report:
    """Refuses a name that no report has (404), and a report that ``access`` may not read (403)."""
    report = REPORTS.get(name)
    if report is None:
        raise Refused(
            _("There is no report “%(name)s”. There are: %(names)s.")
            % {"name": name[:60], "names": ", ".join(sorted(REPORTS))},
            code="unknown_report",
            status=404,
        )
    if access is not None and not access.can(report.needs):
        raise Refused(_("You do not have the right to read this report."), code="no_right", status=403)
    return report


def grouping(report: Report, by: str) -> str:
    """The grouping asked for, or the report's first; refuses one that it does not have."""
    if by and by not in report.by:
        raise Refused(
            _("This report is not made by “%(by)s”, but by: %(names)s.")
            % {"by": by[:60], "names": ", ".join(report.by)},
            code="unknown_by",
            field="by",
        )
    return by or next(iter(report.by))


def table(name: str, *, first: date, last: date, by: str = "", access: Access | None) -> Table:
    """The report as ``access`` may see it; None is the command line, which sees everything."""
    report, period = report_named(name, access), period_of(first, last)
    by = grouping(report, by)
    rows, total = report.rows(period, by, access)
    return Table(report, period, by, rows, Row("total", _("Total"), total))


def column_of(report: Report, key: str) -> Column:
    """Refuses (404) a figure that the report does not have."""
    for column in report.columns:
        if column.key == key:
            return column
    raise _no_such_figure()


def tickets_behind(
    name: str, *, first: date, last: date, by: str, row: str | None, figure: str, access: Access | None
) -> TicketQuerySet:
    """The tickets that a figure counts; ``row`` None is the total. Refuses (404) a report that counts calls."""
    report, period = report_named(name, access), period_of(first, last)
    if report.behind is None:
        raise _no_such_figure()
    return report.behind(period, access, grouping(report, by), row, column_of(report, figure))


def calls_behind(
    name: str, *, first: date, last: date, by: str, row: str | None, figure: str, access: Access | None
) -> CallQuerySet:
    """The calls that a figure counts; ``row`` None is the total. Refuses (404) a report that counts tickets."""
    report, period = report_named(name, access), period_of(first, last)
    if report.calls_behind is None:
        raise _no_such_figure()
    return report.calls_behind(period, access, grouping(report, by), row, column_of(report, figure))


def contacts_behind(
    name: str, *, first: date, last: date, by: str, row: str | None, figure: str, access: Access | None
) -> InteractionQuerySet:
    """The contacts that a figure counts; ``row`` None is the total. Refuses (404) a report that counts others."""
    report, period = report_named(name, access), period_of(first, last)
    if report.contacts_behind is None:
        raise _no_such_figure()
    return report.contacts_behind(period, access, grouping(report, by), row, column_of(report, figure))


def _no_such_figure() -> Refused:
    return Refused(_("This report has no such figure."), code="unknown_figure", status=404)
