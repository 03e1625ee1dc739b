"""分析: reports, each with what its figures mean, and the tickets behind every figure."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from madoguchi.foundation.dates import full_date
from madoguchi.insight.reports.frame import Column, Row, Table
from madoguchi.insight.reports.registry import (
    calls_behind,
    column_of,
    contacts_behind,
    readable,
    report_named,
    table,
    tickets_behind,
)
from madoguchi.interactions.reasons import labels
from madoguchi.people.access import Access, Capability
from madoguchi.tickets.models import id_of
from madoguchi.web.shell.export import export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

TICKETS = 50
_LAST_DAYS = timedelta(days=29)


@guard(Capability.READ_REPORTS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """All reports that one may read."""
    return page(request, "insight/index.html", {"reports": readable(request.access)})


@guard(Capability.READ_REPORTS)
@require_GET
def report(request: StaffRequest, name: str) -> HttpResponse:
    """One report over a period, the last thirty days unless another is chosen."""
    found = _table(request, name)
    query = _query(found)
    context = {
        "table": found,
        "query": query,
        "behind": _links(found, query, request.access),
        "groupings": list(found.report.by.items()),
        "largest": {
            column.key: max((row.figures[column.key] or 0 for row in found.rows), default=0)
            for column in found.report.columns
        },
    }
    return page(request, "insight/report.html", context)


@guard(Capability.READ_REPORTS)
@require_GET
def tickets(request: StaffRequest, name: str) -> HttpResponse:
    """The tickets that a figure counts, the latest first."""
    rows, query, context = _behind(request, name, tickets_behind)
    after = id_of(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.select_related("category", "front_team", "holder_team").order_by("-pk")[: TICKETS + 1])
    following = str(found[TICKETS - 1].number) if len(found) > TICKETS else None
    context |= {"tickets": found[:TICKETS], "next": _next(query, following)}
    return page(request, "insight/tickets.html", context)


@guard(Capability.WATCH_BOARD)
@require_GET
def calls(request: StaffRequest, name: str) -> HttpResponse:
    """The calls that a figure counts, the latest first."""
    rows, query, context = _behind(request, name, calls_behind)
    rows = rows.select_related("answered_by", "interaction__person")
    after = request.GET.get("after", "")
    found, following = keyset(rows, ("started_at", "id"), after=after, size=TICKETS, descending=True)
    context |= {"calls": found, "next": _next(query, following)}
    return page(request, "insight/calls.html", context)


@guard(Capability.WATCH_BOARD)
@require_GET
def contacts(request: StaffRequest, name: str) -> HttpResponse:
    """The contacts that a figure counts, the latest first."""
    rows, query, context = _behind(request, name, contacts_behind)
    rows = rows.select_related("staff", "person", "organization")
    rows = rows.prefetch_related("attachments", "ticket_links__ticket")
    after = request.GET.get("after", "")
    found, following = keyset(rows, ("started_at", "id"), after=after, size=TICKETS, descending=True)
    context |= {"contacts": found, "reasons": labels(), "next": _next(query, following)}
    return page(request, "insight/contacts.html", context)


def _behind[M: Model](
    request: StaffRequest, name: str, find: Callable[..., QuerySet[M]]
) -> tuple[QuerySet[M], dict[str, str], dict[str, Any]]:
    """The rows that the figure of the address counts, the address in parts, and what the page says above the rows."""
    first, last = _days(request)
    by, row, figure = (request.GET.get(part) for part in ("by", "row", "figure"))
    rows = find(name, first=first, last=last, by=by or "", row=row, figure=figure or "", access=request.access)
    query = {"from": first.isoformat(), "to": last.isoformat(), "by": by or "", "figure": figure or ""}
    if row is not None:
        query["row"] = row
    asked = report_named(name, request.access)
    return (
        rows,
        query,
        {
            "report": asked,
            "column": column_of(asked, figure or ""),
            "period": f"{full_date(first)} – {full_date(last)}",
            "query": urlencode({part: query[part] for part in ("from", "to", "by")}),
        },
    )


def _next(query: dict[str, str], following: str | None) -> str:
    return f"?{urlencode({**query, 'after': following})}" if following else ""


@guard(Capability.READ_REPORTS)
@require_GET
def export_csv(request: StaffRequest, name: str) -> HttpResponseBase:
    """The report as it is shown, for Excel."""
    return _file(request, name, "csv")


@guard(Capability.READ_REPORTS)
@require_GET
def export_xlsx(request: StaffRequest, name: str) -> HttpResponseBase:
    """The report as it is shown, as a workbook."""
    return _file(request, name, "xlsx")


def _file(request: StaffRequest, name: str, kind: str) -> HttpResponseBase:
    found = _table(request, name)
    return export(name, kind, found.heads(), found.lines(), title=str(found.report.label))


def _table(request: StaffRequest, name: str) -> Table:
    first, last = _days(request)
    return table(name, first=first, last=last, by=request.GET.get("by", ""), access=request.access)


def _days(request: StaffRequest) -> tuple[date, date]:
    """What the address says; a day that is none is today, or thirty days before the last."""
    last = _day(request.GET.get("to", "")) or timezone.localdate()
    return _day(request.GET.get("from", "")) or last - _LAST_DAYS, last


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _query(found: Table) -> str:
    return urlencode({"from": found.period.first.isoformat(), "to": found.period.last.isoformat(), "by": found.by})


def _links(found: Table, query: str, access: Access) -> Callable[[Row | None, Column], str]:
    """The address of the tickets, calls or contacts behind a figure; empty where there are none to read.

    Calls and contacts name who called: they are for those who watch the board.
    """
    report = found.report
    kinds = (("tickets", report.behind), ("calls", report.calls_behind), ("contacts", report.contacts_behind))
    kind = next((kind for kind, behind in kinds if behind), "")
    if not kind or (kind != "tickets" and not access.can(Capability.WATCH_BOARD)):
        return lambda _row, _column: ""
    address = reverse(f"insight:{kind}", args=[report.name])

    def behind(row: Row | None, column: Column) -> str:
        parts = {"figure": column.key} if row is None else {"row": row.key, "figure": column.key}
        return f"{address}?{query}&{urlencode(parts)}"

    return behind
