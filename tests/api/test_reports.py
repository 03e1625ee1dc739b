"""Reports for programs are the same as on screen."""

from django.utils import timezone

from madoguchi.insight.reports.registry import table
from tests.api.client import program_of
from tests.cast import Cast
from tests.insight.test_reports import opened


def test_a_program_reads_the_report_as_it_stands_on_the_page(cast: Cast) -> None:
    opened(cast)
    today = timezone.localdate()
    answered = program_of(cast.hayashi, "reports:read").get(f"/reports/moves?from={today}&to={today}&by=team")
    shown = table("moves", first=today, last=today, by="team", access=None).written()
    assert answered.status == 200
    assert answered.body["items"] == shown["items"]
    assert answered.body["total"] == shown["total"]
    assert answered.body["total"]["figures"]["tickets"] == 1


def test_unknown_reports_groupings_and_days_are_refused(cast: Cast) -> None:
    program = program_of(cast.hayashi, "reports:read")
    assert program.get("/reports/nothing?from=2026-04-01&to=2026-04-30").status == 404
    wrong = program.get("/reports/moves?from=2026-04-01&to=2026-04-30&by=weather")
    assert (wrong.status, wrong.body["code"]) == (422, "unknown_by")
    assert program.get("/reports/moves?from=april&to=2026-04-30").status == 422
    assert program.get("/reports/moves?from=2026-04-01").status == 422


def test_a_partner_reads_none(cast: Cast) -> None:
    assert program_of(cast.mori, "reports:read").get("/reports/moves?from=2026-04-01&to=2026-04-30").status == 403


def test_a_knowledge_keepers_program_does_not_read_how_long_each_operator_worked(cast: Cast) -> None:
    program = program_of(cast.kimura, "reports:read")
    refused = program.get("/reports/operators?from=2026-04-01&to=2026-04-30")
    assert (refused.status, refused.body["code"]) == (403, "no_right")
    assert program.get("/reports/moves?from=2026-04-01&to=2026-04-30").status == 200
