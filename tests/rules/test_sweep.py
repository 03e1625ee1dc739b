"""Time rules: what has lasted too long is found by its moment, once, whatever happened in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.calendars.actions import ensure_defaults
from madoguchi.calendars.models import Calendar
from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.journal.models import Entry, Mention
from madoguchi.journal.record import SYSTEM
from madoguchi.notifications.models import Notification
from madoguchi.people.access import Role
from madoguchi.people.models import Membership, Team
from madoguchi.problems.models import Problem
from madoguchi.rules import sweep, tree
from madoguchi.rules.actions.write import change_rule, switch_rule
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Due, Firing, Rule
from madoguchi.rules.store import tickets_on_which
from madoguchi.rules.sweep import enter_tickets, fire_due
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests import cast as cast_module
from tests.cast import Cast
from tests.desk import Desk
from tests.rules.rules import TELL, URGENT, after, on, rule
from tests.workers import kill_two_workers_at_random

MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def raised(cast: Cast, **more: Any) -> Ticket:
    facts: dict[str, Any] = {
        "subject": "メール",
        "body": "送れません",
        "channel": "phone",
        "by": cast.sato,
        "priority": "urgent",
    }
    return open_ticket(**(facts | more))


def firings(ticket: Ticket) -> int:
    return Firing.objects.filter(ticket=ticket, problem="").count()


@pytest.mark.django_db
def test_an_offer_counts_in_the_hours_of_the_team_that_it_waits_for_and_their_supervisor_is_told(cast: Cast) -> None:
    """19:00 on a Friday: the network team works around the clock, the call centre that offers has gone home."""
    ensure_defaults(by=SYSTEM)
    Team.objects.filter(pk=cast.network.pk).update(calendar=Calendar.objects.get(key="always"))
    Team.objects.filter(pk=cast.call_centre.pk).update(calendar=Calendar.objects.get(key="standard"))
    Membership.objects.create(staff=cast.takahashi, team=cast.network, role=Role.SUPERVISOR)
    rule(cast.hayashi, after("unaccepted", 30), name="受け取り")
    lasted = {"kind": "lasting", "state": "unaccepted", "seconds": 1800, "working": True}
    with freeze_time(MORNING + timedelta(hours=9)) as clock:
        ticket = raised(cast)
        offer(ticket, to_team=cast.network, reason="LAN", by=cast.sato)
        clock.tick(timedelta(minutes=30))
        assert tickets_on_which(tree.parse(lasted), the_world()).get().pk == ticket.pk
        fire_due()
    assert firings(ticket) == 1
    assert set(Notification.objects.filter(kind="rule.fired").values_list("staff", flat=True)) == {cast.takahashi.pk}


@pytest.mark.django_db
def test_an_unreadable_rule_does_not_keep_the_tickets_of_another_from_being_entered(cast: Cast) -> None:
    bad, good = rule(cast.hayashi, after("open", 30), name="一"), rule(cast.hayashi, after("open", 30), name="二")
    ticket = raised(cast)
    Due.objects.all().delete()
    Rule.objects.update(scheduled_to=0)
    Rule.objects.filter(pk=bad.pk).update(definition={"when": "never"}, position=1)
    while enter_tickets():
        pass
    assert list(Due.objects.values_list("rule", "ticket")) == [(good.pk, ticket.pk)]
    assert Problem.objects.filter(where="rules.enter").count() == 1


def test_an_urgent_ticket_that_nobody_accepts_fires_once_after_thirty_minutes(cast: Cast) -> None:
    rule(cast.hayashi, after("unaccepted", 30), where=URGENT)
    with freeze_time(MORNING) as clock:
        ticket, calm = raised(cast), raised(cast, priority="normal")
        clock.tick(timedelta(minutes=29, seconds=59))
        fire_due()
        assert firings(ticket) == 0
        clock.tick(1)
        fire_due()
        fire_due()
        assert (firings(ticket), firings(calm)) == (1, 0)
        assert "営業時間で30分が経過" in Firing.objects.get().because["ja"][-1]


def test_a_ticket_that_was_taken_in_time_does_not_fire(cast: Cast) -> None:
    rule(cast.hayashi, after("unaccepted", 30))
    with freeze_time(MORNING) as clock:
        ticket = raised(cast)
        change(ticket, assignee=cast.sato, by=cast.sato)
        assert not Due.objects.exists()
        clock.tick(timedelta(hours=2))
        fire_due()
        assert firings(ticket) == 0


def test_each_offer_is_counted_from_its_own_beginning(cast: Cast) -> None:
    rule(cast.hayashi, after("unaccepted", 30))
    with freeze_time(MORNING) as clock:
        ticket = raised(cast)
        clock.tick(timedelta(minutes=20))
        first = offer(ticket, to_team=cast.network, reason="LAN", by=cast.sato)
        clock.tick(timedelta(minutes=20))
        fire_due()
        assert firings(ticket) == 0
        clock.tick(timedelta(minutes=10))
        fire_due()
        assert firings(ticket) == 1
        return_(first, reason="wrong_team", by=cast.ito)
        offer(ticket, to_team=cast.service_desk, reason="設定", by=cast.sato)
        clock.tick(timedelta(minutes=30))
        fire_due()
        assert firings(ticket) == 2


def test_a_ticket_that_becomes_urgent_late_fires_at_once(cast: Cast) -> None:
    rule(cast.hayashi, after("unaccepted", 30), where=URGENT)
    with freeze_time(MORNING) as clock:
        ticket = raised(cast, priority="normal")
        clock.tick(timedelta(minutes=45))
        fire_due()
        change(ticket, priority="urgent", by=cast.sato)
        fire_due()
        assert firings(ticket) == 1


def test_an_answer_puts_the_moment_off_and_new_words_bring_it_back(cast: Cast) -> None:
    rule(cast.hayashi, after("untold", 60))
    with freeze_time(MORNING) as clock:
        ticket = raised(cast, requester=cast.yamada)
        clock.tick(timedelta(minutes=50))
        post_message(ticket, body="確認中です", visibility="public", by=cast.sato)
        clock.tick(timedelta(minutes=20))
        fire_due()
        assert firings(ticket) == 0
        clock.tick(timedelta(minutes=40))
        fire_due()
        assert firings(ticket) == 1


def test_a_new_holder_and_a_new_wait_begin_anew(cast: Cast) -> None:
    rule(cast.hayashi, after("held", 60), name="持ちすぎ")
    rule(cast.hayashi, after("waiting", 60, working=False), name="待ちすぎ")
    with freeze_time(MORNING) as clock:
        ticket = raised(cast)
        clock.tick(timedelta(minutes=50))
        accept(offer(ticket, to_team=cast.network, reason="LAN", by=cast.sato), by=cast.ito)
        wait(ticket, waiting_for="vendor", by=cast.ito)
        clock.tick(timedelta(minutes=30))
        go_on(ticket, by=cast.ito)
        wait(ticket, waiting_for="vendor", by=cast.ito)
        clock.tick(timedelta(minutes=30))
        fire_due()
        assert [firing.rule.name for firing in Firing.objects.all()] == ["持ちすぎ"]
        clock.tick(timedelta(minutes=30))
        fire_due()
        assert sorted(firing.rule.name for firing in Firing.objects.all()) == ["待ちすぎ", "持ちすぎ"]


def test_what_is_resolved_needs_no_looking_after(cast: Cast) -> None:
    rule(cast.hayashi, after("open", 60))
    with freeze_time(MORNING) as clock:
        ticket = raised(cast)
        resolve(ticket, resolution="済み", by=cast.sato)
        assert not Due.objects.exists()
        clock.tick(timedelta(minutes=70))
        fire_due()
        assert firings(ticket) == 0


def test_a_rule_that_is_switched_on_looks_at_what_is_open_already(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        old, done = raised(cast), raised(cast)
        resolve(done, resolution="済み", by=cast.sato)
        clock.tick(timedelta(hours=1))
        young = raised(cast)
        written = rule(cast.hayashi, after("unaccepted", 30), where=URGENT)
        while enter_tickets(at_once=1):
            pass
        fire_due()
        assert (firings(old), firings(young), firings(done)) == (1, 0, 0)
        switch_rule(written, state="off", by=cast.hayashi)
        clock.tick(timedelta(hours=1))
        fire_due()
        assert firings(young) == 0


def test_a_changed_rule_counts_by_its_new_words(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        written = rule(cast.hayashi, after("unaccepted", 30))
        ticket = raised(cast)
        changed = {"when": after("unaccepted", 90), "where": {"all": []}, "then": [TELL]}
        change_rule(written, name="90分", definition=changed, by=cast.hayashi)
        while enter_tickets():
            pass
        clock.tick(timedelta(minutes=40))
        fire_due()
        assert firings(ticket) == 0
        clock.tick(timedelta(minutes=50))
        fire_due()
        assert firings(ticket) == 1


def test_a_moment_that_cannot_be_judged_is_set_aside_and_the_next_is_looked_at(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with freeze_time(MORNING) as clock:
        bad = rule(cast.hayashi, after("open", 30), name="壊れた")
        rule(cast.hayashi, after("open", 31), name="次")
        ticket = raised(cast)
        Rule.objects.filter(pk=bad.pk).update(definition={})
        clock.tick(timedelta(minutes=40))
        assert fire_due() is False
        assert Problem.objects.get().where == "rules.due"
        assert firings(ticket) == 1
        monkeypatch.setattr(sweep, "set_aside", pytest.fail)
        fire_due()


def test_nothing_is_skipped_after_a_stop_of_hours(cast: Cast) -> None:
    rule(cast.hayashi, after("open", 30))
    with freeze_time(MORNING) as clock:
        tickets = [raised(cast) for _ in range(5)]
        clock.tick(timedelta(hours=8))
        while fire_due(limit=2):
            pass
        assert [firings(ticket) for ticket in tickets] == [1] * 5
        assert list(Firing.objects.order_by("id").values_list("ticket", flat=True)) == [t.pk for t in tickets]


def test_an_event_costs_few_questions_when_rules_listen(cast: Cast, django_assert_num_queries: Any) -> None:
    ticket = raised(cast, requester=cast.yamada)
    with django_assert_num_queries(9):
        post_message(ticket, body="一", visibility="internal", by=cast.sato)
    for minutes in (30, 60):
        rule(cast.hayashi, after("open", minutes), where=URGENT)
    rule(cast.hayashi, on("answered"))
    post_message(ticket, body="二", visibility="internal", by=cast.sato)
    with django_assert_num_queries(16):
        post_message(ticket, body="三", visibility="internal", by=cast.sato)


DUE = 150


def _many_due(moment: datetime) -> None:
    """Many tickets that nobody has accepted since ``moment``, and a rule that was just switched on."""
    cast = cast_module.enter()
    team = cast.call_centre
    Ticket.objects.bulk_create(
        Ticket(subject=f"件名 {number}", channel="mail", front_team=team, holder_team=team, opened_at=at, updated_at=at)
        for number in range(DUE)
        for at in [moment + timedelta(milliseconds=number)]
    )
    rule(cast.hayashi, after("unaccepted", 60, working=False), {"kind": "set_priority", "to": "high"})


def _fired() -> int:
    return Entry.objects.filter(kind="rule.fired").count()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_workers_killed_and_restarted_at_random_fire_on_each_ticket_once(workers_desk: Desk) -> None:
    workers_desk.run(_many_due, timezone.now() - timedelta(hours=2))

    kill_two_workers_at_random(workers_desk, done=_fired, of=DUE, over=lambda: _fired() >= DUE and not _waiting())

    with workers_desk.inside():
        assert (_fired(), Firing.objects.count()) == (DUE, DUE)
        changed = Mention.objects.filter(kind="ticket", entry__kind="ticket.changed", entry__actor_kind="rule")
        assert (changed.count(), changed.values("ref").distinct().count()) == (DUE, DUE)
        assert set(Ticket.objects.values_list("priority", flat=True)) == {"high"}
        assert not Problem.objects.exists()


def _waiting() -> bool:
    entering = Rule.objects.filter(scheduled_to__isnull=False).exists()
    return entering or Due.objects.filter(due_at__isnull=False).exists()
