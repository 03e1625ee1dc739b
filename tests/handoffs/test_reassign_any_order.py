"""Whatever happened before: after the act nothing waits on them, and every trail has it exactly once."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.consultations.actions.ask import ask
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.reassign import Reassigned, reassign
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.waiting import calls_of, offers_of, questions_of, tallies, tickets_of
from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Entry
from madoguchi.people.access import access_of
from madoguchi.people.actions import deactivate_staff, end_absence, note_absence, set_roles
from madoguchi.people.models import Absence, Role, Staff
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast, enter

PEOPLE = ("sato", "suzuki", "takahashi", "ito", "hayashi")


class Day:
    """What happens at a desk, by name; what cannot be is refused and changes nothing."""

    def __init__(self, cast: Cast, one: int, other: int) -> None:
        self.cast, self.place = cast, other
        self.person = Staff.objects.get(pk=getattr(cast, PEOPLE[one]).pk)
        self.colleague = Staff.objects.get(pk=getattr(cast, PEOPLE[other]).pk)
        self.ticket = Ticket.objects.order_by("pk")[one % Ticket.objects.count()]

    def open(self) -> None:
        open_ticket(subject="件", body="文", channel="phone", requester=self.cast.yamada, by=self.person)

    def assign(self) -> None:
        change(self.ticket, assignee=self.colleague, by=self.cast.admin)

    def offer(self) -> None:
        teams = (self.cast.call_centre, self.cast.service_desk, self.cast.network)
        offer(self.ticket, to_team=teams[self.place % 3], to_staff=self.colleague, reason="調査", by=self.cast.admin)

    def accept(self) -> None:
        if handoff := Handoff.objects.waiting().first():
            accept(handoff, by=self.colleague)

    def call(self) -> None:
        soon = timezone.now() + timedelta(hours=1)
        promise_call(self.ticket, due_at=soon, number="03-5000-1234", staff=self.colleague, by=self.cast.admin)

    def ask(self) -> None:
        ask(self.ticket, department=self.cast.accounting, question="宛名は変えられますか", by=self.colleague)

    def away(self) -> None:
        note_absence(self.person, starts_at=timezone.now(), substitute=self.colleague, by=self.cast.admin)

    def back(self) -> None:
        if absence := Absence.objects.filter(staff=self.person).first():
            end_absence(absence, by=self.cast.admin)

    def leave(self) -> None:
        deactivate_staff(self.person, by=self.cast.admin)

    def move(self) -> None:
        set_roles(self.person, [(Role.ENGINEER, self.cast.network)], by=self.cast.admin)

    def resolve(self) -> None:
        resolve(self.ticket, resolution="済み", no_article_reason="一度きり", by=self.cast.admin)

    def reopen(self) -> None:
        reopen(self.ticket, by=self.cast.admin)


ACTS = sorted(name for name in vars(Day) if not name.startswith("_"))
step = st.tuples(st.sampled_from(ACTS), st.integers(0, 4), st.integers(0, 4))


def waiting(staff: Staff, by: Staff) -> tuple[set[int], set[int], set[int], set[int]]:
    access = access_of(by)
    return (
        {row.pk for row in tickets_of(staff, access).rows},
        {row.pk for row in calls_of(staff, access)},
        {row.pk for row in offers_of(staff, access)},
        {row.pk for row in questions_of(staff, access)},
    )


def told(kind: str, about: str, after: int) -> list[int]:
    """Which rows the entries of this kind are about that say of whom somebody was relieved."""
    entries = Entry.objects.filter(pk__gt=after, kind=kind, mentions__kind=about, data__has_key="reassigned")
    return sorted(entries.values_list("mentions__ref", flat=True))


def test_after_the_act_nothing_waits_on_them_and_each_trail_has_one_entry_of_it(cast: Cast, engine: str) -> None:
    @settings(
        max_examples=200 if engine == "sqlite" else 40,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=st.lists(step, min_size=2, max_size=5), who=st.sampled_from(PEOPLE[:4]))
    def holds(steps: list[tuple[str, int, int]], who: str) -> None:
        with transaction.atomic():
            open_ticket(subject="件", body="文", channel="phone", requester=cast.yamada, by=getattr(cast, who))
            for what, one, other in steps:
                with suppress(Refused):
                    getattr(Day(cast, one, other), what)()
            check(cast, Staff.objects.get(pk=getattr(cast, who).pk))
            transaction.set_rollback(True)

    holds()


def check(cast: Cast, staff: Staff) -> None:
    by = Staff.objects.get(pk=cast.admin.pk)
    tickets, calls, offers, questions = waiting(staff, by)
    held = {row.pk: (row.holder_team_id, row.moves, row.front_team_id) for row in Ticket.objects.all()}
    last = Entry.objects.latest("id").pk

    assert reassign(staff, by=by) == Reassigned(len(tickets), len(calls), len(offers), len(questions))

    assert waiting(staff, by) == (set(), set(), set(), set())
    assert not tallies(access_of(by), [staff.pk])
    assert told("ticket.changed", "ticket", last) == sorted(tickets)
    assert told("call_back.reassigned", "callback", last) == sorted(calls)
    assert told("handoff.reassigned", "handoff", last) == sorted(offers)
    assert told("consultation.reassigned", "consultation", last) == sorted(questions)
    for ticket in Ticket.objects.filter(pk__in=tickets).select_related("assignee", "front_staff", "holder_team"):
        assert held[ticket.pk] == (ticket.holder_team_id, ticket.moves, ticket.front_team_id)


@pytest.mark.django_db(transaction=True)
def test_two_supervisors_at_once_and_a_call_that_is_being_made_move_everything_once() -> None:
    cast = enter()
    tickets = [
        open_ticket(subject="件", body="文", channel="phone", requester=cast.yamada, by=cast.sato) for _ in range(4)
    ]
    for ticket in tickets:
        change(ticket, assignee=cast.sato, by=cast.sato)
        promise_call(ticket, due_at=timezone.now() + timedelta(hours=1), staff=cast.sato, by=cast.sato)
    done: list[Reassigned] = []
    failures: list[BaseException] = []
    gate = threading.Barrier(3)

    def run(job: Callable[[], object]) -> None:
        try:
            gate.wait()
            job()
        except Exception as failure:  # noqa: BLE001 -- told to the test, whatever it is
            failures.append(failure)
        finally:
            connection.close()

    def give(by: Staff) -> Callable[[], object]:
        return lambda: done.append(reassign(cast.sato, to={cast.call_centre.pk: cast.suzuki}, by=by))

    def change_all() -> None:
        for ticket in reversed(tickets):
            change(ticket, priority="high", by=cast.takahashi)

    threads = [threading.Thread(target=run, args=(job,)) for job in (give(cast.hayashi), give(cast.admin), change_all)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted((one.tickets, one.calls) for one in done) == [(0, 0), (4, 4)]
    assert set(Ticket.objects.values_list("assignee", "front_staff")) == {(cast.suzuki.pk, cast.suzuki.pk)}
    assert set(CallBack.objects.values_list("staff", flat=True)) == {cast.suzuki.pk}
    assert told("ticket.changed", "ticket", 0) == sorted(ticket.pk for ticket in tickets)
