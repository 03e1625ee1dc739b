"""Who used the time: out of the clocks that are over."""

from datetime import timedelta

from django.utils import timezone

from madoguchi.clocks.models import Clock, Policy, PolicyVersion
from madoguchi.insight.reports.registry import table, tickets_behind
from madoguchi.people.models import Team
from tests.cast import Cast
from tests.insight.test_reports import opened


def test_the_time_of_each_team_is_the_working_time_of_its_clocks(cast: Cast) -> None:
    now = timezone.now()
    version = PolicyVersion.objects.create(
        policy=Policy.objects.create(), kind="holding", valid_from=now, target_s=3600, name="担当", name_en="Holding"
    )

    def clock(team: Team, kind: str, seconds: int | None, subject: int) -> None:
        Clock.objects.create(
            ticket=opened(cast, f"件{subject}"),
            kind=kind,
            subject=subject,
            team=team,
            version=version,
            state="running" if seconds is None else "met",
            target_s=3600,
            started_at=now,
            ended_at=None if seconds is None else now + timedelta(hours=9),
            elapsed_s=seconds,
        )

    for row in (
        (cast.network, "holding", 1800, 1),
        (cast.network, "holding", 5400, 2),
        (cast.network, "holding", None, 3),
        (cast.service_desk, "holding", 2400, 4),
        (cast.service_desk, "acceptance", 600, 5),
        (cast.service_desk, "resolution", 9000, 6),
    ):
        clock(*row)
    today = timezone.localdate()
    found = table("time-by-team", first=today - timedelta(days=1), last=today, access=None)
    network, desk = (
        next(row.figures for row in found.rows if row.key == team.key) for team in (cast.network, cast.service_desk)
    )
    assert (network["stays"], network["held_s"], network["held_mean_s"], network["held_late"]) == (2, 7200, 3600, 1)
    assert (desk["held_share"], desk["offers"], desk["waited_mean_s"], desk["waited_late"]) == (0.25, 1, 600, 0)
    assert found.total.figures["held_s"] == 9600
    late = tickets_behind(
        "time-by-team",
        first=today - timedelta(days=1),
        last=today,
        by="team",
        row=cast.network.key,
        figure="held_late",
        access=None,
    )
    assert [ticket.subject for ticket in late] == ["件2"]
