"""Each figure of the board by its definition, on a day whose every call and hand-off is known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from madoguchi.handoffs.actions.decide import accept, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.people.access import access_of
from madoguchi.people.models import Team
from madoguchi.telephony.answering import Answering
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Ticket
from madoguchi.web.board.figures import TEAM_FIGURES, call_day, team_days, tickets_behind
from tests.cast import Cast
from tests.web.board.day import answered, arrives, event, gave_up, post

# 10:40 in Tokyo: the running half hour began at 10:30.
NOW = datetime(2026, 8, 21, 1, 40, tzinfo=UTC)
SLOT = NOW - timedelta(minutes=10)


@pytest.fixture(autouse=True)
def clock() -> Iterator[FrozenDateTimeFactory]:
    with freeze_time(NOW) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        yield frozen


def total(cast: Cast) -> Answering:
    return call_day(access_of(cast.hayashi), NOW).total


def test_a_day_without_calls_has_no_rates(cast: Cast) -> None:
    day = call_day(access_of(cast.hayashi), NOW)
    assert day.total == Answering()
    assert (day.total.answer_rate, day.total.service_level) == (None, None)
    assert len(day.slots) == 22  # midnight to 10:30
    assert day.now.start == SLOT


def test_service_level_is_answered_within_twenty_seconds_of_those_offered_without_short_abandons(cast: Cast) -> None:
    answered(SLOT, 5)
    answered(SLOT + timedelta(minutes=1), 20)
    answered(SLOT + timedelta(minutes=2), 20.5)
    gave_up(SLOT + timedelta(minutes=3), 30)
    gave_up(SLOT + timedelta(minutes=4), 5)  # not short: the limit is below five seconds
    gave_up(SLOT + timedelta(minutes=5), 4.9)
    gave_up(SLOT + timedelta(minutes=6), 90, reason="timeout")  # overflow: offered and not answered
    found = total(cast)
    assert found == Answering(
        7, answered=3, abandoned=3, short=1, in_time=2, timed=6, wait_s=45.5, waits=3, talk_s=180, talks=3
    )
    assert found.service_level == pytest.approx(2 / 6)
    assert found.answer_rate == pytest.approx(3 / 6)
    assert found.lost == 3


def test_a_call_in_talk_counts_and_one_that_still_waits_does_not(cast: Cast) -> None:
    answered(NOW - timedelta(minutes=1), 3, talk=None)
    post(arrives(NOW - timedelta(seconds=40)))
    assert total(cast) == Answering(offered=1, answered=1, in_time=1, timed=1, wait_s=3, waits=1)


def test_calls_lie_in_the_half_hour_of_their_arrival_and_yesterday_is_left_out(cast: Cast) -> None:
    answered(SLOT - timedelta(seconds=1), 2)
    answered(SLOT, 2)
    answered(SLOT - timedelta(hours=10, minutes=30), 2)  # midnight of the desk's day
    answered(SLOT - timedelta(hours=10, minutes=30, seconds=1), 2)
    slots = call_day(access_of(cast.hayashi), NOW).slots
    assert [(index, slot.calls.offered) for index, slot in enumerate(slots) if slot.calls.offered] == [
        (0, 1),
        (20, 1),
        (21, 1),
    ]


def test_outgoing_internal_and_calls_lost_in_the_menu_are_not_offered(cast: Cast) -> None:
    answered(SLOT, 2)
    post([*arrives(SLOT, queue=None, direction="outbound", number="1001")])
    call = arrives(SLOT, queue=None)
    post([*call, event("call.ended", SLOT + timedelta(seconds=9), call[0]["call"], by="caller")])
    assert Call.objects.count() == 3
    assert total(cast).offered == 1


def test_a_direct_call_counts_only_where_no_queue_is_named_all_day(cast: Cast) -> None:
    answered(SLOT, 30, queue=None)
    assert total(cast).offered == 1
    answered(SLOT, 2)
    assert total(cast) == Answering(1, answered=1, in_time=1, timed=1, wait_s=2, waits=1, talk_s=60, talks=1)


def test_an_answer_after_a_wait_nobody_knows_is_in_no_service_level(cast: Cast) -> None:
    call = answered(SLOT, 2)
    Call.objects.filter(pk=call.pk).update(wait_s=None)
    found = total(cast)
    assert (found.answered, found.timed, found.service_level) == (1, 0, None)
    assert found.answer_rate == 1


def test_an_abandoned_call_of_unknown_wait_is_not_short(cast: Cast) -> None:
    call = gave_up(SLOT, 2)
    Call.objects.filter(pk=call.pk).update(wait_s=None)
    found = total(cast)
    assert (found.abandoned, found.short, found.timed) == (1, 0, 1)


def raised(cast: Cast, **fields: Any) -> Ticket:
    return open_ticket(subject="件", body="本文", channel="phone", requester=cast.yamada, by=cast.sato, **fields)


def counts(team: Team) -> tuple[int, ...]:
    (day,) = [day for day in team_days(NOW) if day.team == team]
    return tuple(day.get(figure) for figure in TEAM_FIGURES)


def behind(cast: Cast, team: Team) -> tuple[int, ...]:
    access = access_of(cast.hayashi)
    return tuple(tickets_behind(figure, team.pk, access=access, now=NOW).count() for figure in TEAM_FIGURES)


def test_each_team_counts_what_it_did_today(cast: Cast) -> None:
    solved = raised(cast)
    resolve(solved, resolution="案内した", no_article_reason="個別", by=cast.sato)
    close(Ticket.objects.get(pk=solved.pk), by=cast.sato)  # closed the same day: still solved today
    reopened = raised(cast)
    resolve(reopened, resolution="案内した", no_article_reason="個別", by=cast.sato)
    reopen(Ticket.objects.get(pk=reopened.pk), by=cast.sato)
    moved = raised(cast)
    accept(offer(moved, to_team=cast.service_desk, reason="調査", by=cast.sato), by=cast.takahashi)
    resolve(Ticket.objects.get(pk=moved.pk), resolution="直した", no_article_reason="個別", by=cast.takahashi)
    back = offer(raised(cast), to_team=cast.service_desk, reason="調査", by=cast.sato)
    return_(back, reason="wrong_team", by=cast.takahashi)
    recall(offer(raised(cast), to_team=cast.service_desk, reason="調査", by=cast.sato), by=cast.sato)

    assert counts(cast.call_centre) == (5, 1, 1, 2, 1)
    assert counts(cast.service_desk) == (1, 0, 1, 0, 0)
    assert counts(cast.network) == (0, 0, 0, 0, 0)
    for team in (cast.call_centre, cast.service_desk, cast.network):
        assert behind(cast, team) == counts(team)


def test_yesterday_is_in_no_count_of_today(cast: Cast, clock: FrozenDateTimeFactory) -> None:
    clock.move_to(NOW - timedelta(days=1))
    solved, old = raised(cast), raised(cast)
    resolve(solved, resolution="案内した", no_article_reason="個別", by=cast.sato)
    waiting = offer(old, to_team=cast.service_desk, reason="調査", by=cast.sato)
    clock.move_to(NOW)
    assert counts(cast.call_centre) == (0, 0, 0, 0, 0)
    accept(waiting, by=cast.takahashi)
    assert counts(cast.service_desk) == (1, 0, 0, 0, 0)
    return_(waiting, reason="first_line_can_solve", by=cast.takahashi)
    assert counts(cast.call_centre) == (0, 0, 0, 0, 1)  # offered yesterday, back today
    assert behind(cast, cast.call_centre) == (0, 0, 0, 0, 1)
