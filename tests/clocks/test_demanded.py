"""A rule sets a deadline for one ticket: it runs, ends and is told as every other of its kind."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import translation
from freezegun import freeze_time

from madoguchi.clocks.actions import start_clock
from madoguchi.clocks.models import Clock
from madoguchi.clocks.queries import clocks_of, promised_by
from madoguchi.clocks.reading import Kind, State
from madoguchi.clocks.sweep import sweep
from madoguchi.clocks.words import sentence
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.notifications.models import Notification
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.clocks.desk_time import HOUR, MINUTE, NETWORK, Promises, Story, at


def story() -> Story:
    return Story(Promises()).opened(at(1, 9, 0))


def test_it_is_due_after_the_rules_time_though_nothing_else_is_promised() -> None:
    clock = story().demanded(at(1, 11, 45), 30).clock(Kind.NEXT_UPDATE)
    assert (clock.started_at, clock.due_at, clock.state) == (at(1, 11, 45), at(1, 13, 15), State.RUNNING)
    assert clock.next_mark == (at(1, 13, 9), 80)
    assert clock.state_at(at(1, 13, 16)) is State.BREACHED


def test_it_counts_the_hours_of_the_team_that_held_the_ticket_or_the_clock_on_the_wall() -> None:
    evening = at(1, 17, 20)
    clocks = story().demanded(evening, 30).demanded(evening, 30, working=False).demanded(evening, 30, team=NETWORK)
    assert [clock.due_at for clock in clocks.clocks(Kind.NEXT_UPDATE)] == [at(2, 9, 20), at(1, 17, 50), at(1, 17, 50)]


def test_a_next_update_ends_when_the_requester_hears_from_us_and_not_before() -> None:
    told = story().answered(at(1, 9, 30)).demanded(at(1, 9, 30), 30).answered(at(1, 9, 40), visibility="internal")
    assert told.clock(Kind.NEXT_UPDATE).state is State.RUNNING
    clock = told.answered(at(1, 9, 50)).answered(at(1, 11, 0)).clock(Kind.NEXT_UPDATE)
    assert (clock.ended_at, clock.state) == (at(1, 9, 50), State.MET)


def test_a_next_update_is_owed_whatever_the_ticket_waits_for() -> None:
    clock = story().waits(at(1, 9, 0)).demanded(at(1, 9, 30), 30).goes_on(at(1, 9, 50)).clock(Kind.NEXT_UPDATE)
    assert (clock.due_at, clock.paused) == (at(1, 10, 0), ())


def test_a_resolution_pauses_for_the_requester_and_goes_on_after_a_reopening() -> None:
    waited = story().demanded(at(1, 9, 0), 60, Kind.RESOLUTION).answered(at(1, 9, 5)).waits(at(1, 9, 10))
    assert waited.clock(Kind.RESOLUTION).state is State.PAUSED
    clock = waited.written(at(1, 10, 0)).resolved(at(1, 10, 20)).reopened(at(1, 11, 0)).clock(Kind.RESOLUTION)
    assert (clock.state, clock.due_at, clock.elapsed_s(at(1, 11, 0))) == (State.RUNNING, at(1, 11, 30), 30 * MINUTE)


def test_it_stands_beside_what_policies_promise() -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 8)
    clocks = Story(book).opened(at(1, 9, 0)).demanded(at(1, 9, 0), 60, Kind.RESOLUTION).clocks(Kind.RESOLUTION)
    assert [clock.target_s for clock in clocks] == [8 * HOUR, HOUR]


def test_what_is_to_be_done_stands_before_the_explanation() -> None:
    clock = story().demanded(at(1, 9, 0), 30, text="電話する").clock(Kind.NEXT_UPDATE)
    with freeze_time(at(1, 9, 10)):
        assert sentence(clock, at(1, 9, 10)) == "電話する、09:00 開始、目標 30分、経過 10分、残り 20分"


RULE = NamedActor("rule", "規則", 5)


def raised(cast: Cast) -> Ticket:
    return open_ticket(subject="停止", body="止まった", channel="mail", requester=cast.yamada, by=cast.sato)


def started(ticket: Ticket, by: NamedActor = RULE, **more: Any) -> bool:
    values: dict[str, Any] = {"kind": "next_update", "target_s": 30 * MINUTE, "working": True, "text": "電話する"}
    return start_clock(ticket, names={"ja": "規則", "en": "Rule"}, by=by, **(values | more))


def swept(moment: datetime) -> list[tuple[str, int]]:
    with freeze_time(moment):
        sweep()
    entries = Entry.objects.filter(kind__in=["clock.warned", "clock.breached"]).order_by("id")
    return [(entry.kind, entry.data["percent"]) for entry in entries]


@pytest.mark.django_db
def test_a_desk_without_policies_keeps_it_warns_tells_and_ends_it(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
        assert started(ticket)
        change(Ticket.objects.get(pk=ticket.pk), assignee=cast.suzuki, by=cast.sato)
    ticket.refresh_from_db()
    assert (ticket.next_due_at, ticket.next_due_kind) == (at(1, 9, 30), "next_update")
    kept = Clock.objects.get()
    assert (kept.kind, kept.state, kept.version, kept.text) == ("next_update", "running", None, "電話する")
    assert swept(at(1, 9, 25)) == [("clock.warned", 80)]
    assert swept(at(1, 9, 31)) == [("clock.warned", 80), ("clock.breached", 100)]
    told = Notification.objects.filter(kind="clock.breached")
    assert {row.staff for row in told} == {cast.suzuki, cast.hayashi}
    with freeze_time(at(1, 9, 31)):
        assert told[0].words == f"{ticket.number_shown} 次の連絡が 09:30 に期限を過ぎました: 電話する – 停止"
        post_message(ticket, body="確認中です", visibility="public", by=cast.suzuki)
    assert Clock.objects.get().state == "breached"
    ticket.refresh_from_db()
    assert ticket.next_due_at is None


@pytest.mark.django_db
def test_while_one_runs_the_same_rule_sets_no_second_one(cast: Cast) -> None:
    ticket = raised(cast)
    assert started(ticket)
    assert not started(ticket)
    assert started(ticket, kind="resolution")
    assert started(ticket, NamedActor("rule", "別の規則", 6))
    post_message(ticket, body="確認中です", visibility="public", by=cast.sato)
    assert started(ticket)
    assert Clock.objects.filter(ended_at__isnull=True).count() == 2


@pytest.mark.django_db
def test_what_is_resolved_gets_none(cast: Cast) -> None:
    ticket = raised(cast)
    resolve(ticket, resolution="再起動", by=cast.sato)
    with pytest.raises(Refused):
        started(ticket)


@pytest.mark.django_db
def test_the_rule_behind_it_is_named_in_the_language_of_the_page(cast: Cast) -> None:
    ticket = raised(cast)
    started(ticket)
    clocks = clocks_of(ticket)
    [reading] = clocks.all
    assert promised_by(reading, clocks.book) == "ルール「規則」"
    with translation.override("en"):
        assert promised_by(reading, clocks.book) == "Rule “Rule”"
