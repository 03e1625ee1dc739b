"""Rules hear of deadlines that the sweep told of, of complaints, and of callers who gave up."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Kind, PolicyVersion
from madoguchi.clocks.sweep import sweep
from madoguchi.rules.models import Firing
from madoguchi.telephony.actions.wrapup import end_wrapup, start_wrapup
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.rules.rules import on, rule
from tests.web.board.day import answered, gave_up

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def raised(cast: Cast) -> Ticket:
    return open_ticket(subject="一", body="一", channel="web", requester=cast.yamada, by=cast.sato)


def fired() -> set[tuple[str, int]]:
    return set(Firing.objects.filter(problem="").values_list("rule__name", "ticket"))


def test_a_rule_fires_on_the_deadline_and_the_share_that_it_names(cast: Cast) -> None:
    with freeze_time(MORNING - timedelta(hours=1)):
        for kind, hours in ((Kind.RESOLUTION, 10), (Kind.FIRST_RESPONSE, 4)):
            always = PolicyVersion.CalendarOf.ALWAYS
            promise(Promise(kind, "約束", hours * 3600, calendar_of=always, warn_at=(50, 80)), by=None)
    for name, which, percent in (("解決80", "resolution", 80), ("初回50", "first_response", 0)):
        where = {"kind": "clock", "one_of": [which], "percent": percent}
        rule(cast.hayashi, on("clock_warned", "clock_breached"), where=where, name=name)
    with freeze_time(MORNING) as clock:
        ticket = raised(cast)
        clock.tick(timedelta(hours=2, minutes=1))
        sweep()
        assert fired() == {("初回50", ticket.pk)}
        clock.tick(timedelta(hours=3))
        sweep()  # half of the resolution
        assert fired() == {("初回50", ticket.pk)}
        clock.tick(timedelta(hours=3))
        sweep()
        assert fired() == {("初回50", ticket.pk), ("解決80", ticket.pk)}
        [told] = Firing.objects.filter(rule__name="解決80")
        assert "解決" in told.because["ja"][0]


def test_a_wrap_up_that_says_complaint_sets_off_the_rule_for_complaints(cast: Cast) -> None:
    rule(cast.hayashi, on("complaint"), name="苦情")
    rule(cast.hayashi, on("resolved"), where={"kind": "complaint", "yes": True}, name="苦情の解決")
    ticket = raised(cast)
    call = answered(MORNING, 5, talk=60)
    link_interaction(ticket, interaction=call.interaction, by=cast.sato)
    for code in ("inquiry", "complaint"):
        assert fired() == set()
        start_wrapup(call, cast.sato, by=cast.sato)
        end_wrapup(call, cast.sato, by=cast.sato, code=code)
    assert fired() == {("苦情", ticket.pk)}


def test_an_abandoned_call_concerns_the_open_tickets_of_a_caller_who_is_known(cast: Cast) -> None:
    rule(cast.hayashi, on("call_abandoned"), name="放棄")
    ticket = raised(cast)
    gave_up(MORNING - timedelta(minutes=20), 30, number=None)
    assert fired() == set()
    gave_up(MORNING - timedelta(minutes=10), 30)
    assert fired() == {("放棄", ticket.pk)}
