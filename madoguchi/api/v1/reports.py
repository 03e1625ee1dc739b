"""The same reports as on screen."""

from datetime import date
from typing import Literal

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.v1.answer import answer
from madoguchi.api.v1.fields import Answer
from madoguchi.insight.reports.registry import table
from madoguchi.people.access import Capability

router = Router(tags=["reports"])
READ = Needs("reports:read", capability=Capability.READ_REPORTS)


class ColumnForm(Answer):
    """What a figure means; a ``share`` is a part of 1."""

    key: str
    label: str
    unit: Literal["count", "share", "average", "seconds"]
    meaning: str


class RowForm(Answer):
    """One group, with a figure for each column; null where there is nothing to divide by."""

    key: str
    label: str
    figures: dict[str, float | None]


class ReportForm(Answer):
    """A report over whole days of the desk's zone, both included."""

    report: str
    label: str
    meaning: str
    first_day: str
    last_day: str
    by: str
    columns: list[ColumnForm]
    items: list[RowForm]
    total: RowForm
    next: None


class ReportQuery(BaseModel):
    """Days as 2026-04-01."""

    from_: date = Field(alias="from")
    to: date
    by: str = ""


@router.get("/reports/{name}", response=ReportForm, auth=READ, summary="A report")
def get_report(request: ApiRequest, name: str, asked: Query[ReportQuery]) -> HttpResponse:
    """``moves`` and ``returns`` by team, category or month; ``ping-pong`` by pair; ``time-by-team``."""
    found = table(name, first=asked.from_, last=asked.to, by=asked.by, access=request.auth.access)
    return answer(200, found.written())
