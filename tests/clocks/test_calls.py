"""Calls that were promised without a ticket: whoever promised is reminded before, once for each time promised."""

from datetime import timedelta

import pytest
from freezegun import freeze_time

from madoguchi.clocks.calls import remind_of_calls
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, try_call_back_again
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack, CallBackPolicy
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.notifications.models import Notification
from madoguchi.people.actions.cover import note_absence
from madoguchi.people.models import Staff
from madoguchi.people.queries import supervisors_of
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from tests.cast import Cast
from tests.clocks.desk_time import at

pytestmark = pytest.mark.django_db


def promised(cast: Cast, staff: Staff | None) -> CallBack:
    with freeze_time(at(1, 9, 0)):
        return promise_call_back(
            number="03-1111-2222", name="山田", due_at=at(1, 11, 0), team=cast.call_centre, staff=staff, by=cast.sato
        )


def told(minute: int) -> list[Staff]:
    with freeze_time(at(1, 10, 0) + timedelta(minutes=minute)):
        remind_of_calls()
        remind_of_calls()
    return [row.staff for row in Notification.objects.filter(kind="call_back.due").order_by("id")]


def test_whoever_promised_is_reminded_once_for_each_time_promised(cast: Cast) -> None:
    call = promised(cast, cast.sato)
    assert told(49) == []
    assert told(50) == [cast.sato]
    assert told(65) == [cast.sato]
    with freeze_time(at(1, 11, 6)):
        try_call_back_again(call, due_at=at(1, 12, 0), by=cast.sato)
    assert told(80) == [cast.sato]
    assert told(115) == [cast.sato, cast.sato]
    finish_call_back(call, result="reached", by=cast.sato)


def test_whoever_stands_in_or_leads_is_reminded_when_nobody_else_is_there(cast: Cast) -> None:
    promised(cast, None)
    assert told(55) == supervisors_of(cast.call_centre.pk, at(1, 10, 55))
    Notification.objects.all().delete()
    promised(cast, cast.sato)
    with freeze_time(at(1, 9, 30)):
        note_absence(cast.sato, starts_at=at(1, 9, 30), ends_at=at(3, 9, 0), substitute=cast.suzuki, by=cast.sato)
    assert told(56) == [cast.suzuki]


def test_a_call_of_a_ticket_has_its_clock_and_one_that_was_made_needs_nothing(cast: Cast) -> None:
    finish_call_back(promised(cast, cast.sato), result="reached", by=cast.sato)
    with freeze_time(at(1, 9, 0)):
        ticket = open_ticket(subject="一", body="一", channel="mail", by=cast.sato)
        promise_call(ticket, due_at=at(1, 11, 0), number="03-1111-2222", staff=cast.sato, by=cast.sato)
    assert told(70) == []


def owed(cast: Cast, staff: Staff | None = None) -> CallBack:
    with freeze_time(at(1, 9, 0)):
        return promise_call_back(
            number="03-1111-2222",
            name="山田",
            due_at=at(1, 11, 0),
            team=cast.call_centre,
            staff=staff,
            reason=CallBack.Reason.ABANDONED,
            by=cast.sato,
        )


def test_a_call_that_is_late_is_told_then_and_to_the_supervisors_at_last_each_once(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, escalate_min=20)
    call = owed(cast, cast.sato)
    for minute in (49, 50, 59, 60, 61, 79, 80, 95, 600):
        told(minute)
    rows = Notification.objects.order_by("id").values_list("kind", "staff")
    assert list(rows) == [
        ("call_back.due", cast.sato.pk),
        ("call_back.breached", cast.sato.pk),
        ("call_back.escalated", cast.sato.pk),
        ("call_back.escalated", cast.hayashi.pk),
    ]
    kinds = Entry.objects.filter(kind__startswith="call_back.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["call_back.promised", "call_back.warned", "call_back.breached", "call_back.escalated"]
    call.refresh_from_db()
    assert (call.told, call.next_at) == (CallBack.Told.ESCALATED, None)


def test_what_was_missed_while_nobody_looked_is_told_once_and_put_off_anew(cast: Cast) -> None:
    call = owed(cast, cast.sato)
    told(200)
    assert [row.kind for row in Notification.objects.filter(staff=cast.sato)] == ["call_back.escalated"]
    with freeze_time(at(1, 14, 0)):
        try_call_back_again(call, due_at=at(1, 15, 0), by=cast.sato)
    assert told(60 * 5 - 5) == [cast.sato]


def test_whoever_has_the_call_hears_that_the_caller_was_answered(cast: Cast) -> None:
    call = owed(cast, cast.sato)
    again = open_interaction(channel="phone", staff=cast.suzuki, by=cast.suzuki)
    finish_call_back(call, result="called_again", outbound=again, by=SYSTEM)
    assert Notification.objects.get().staff == cast.sato
    own = open_interaction(channel="phone", staff=cast.sato, by=cast.sato)
    finish_call_back(owed(cast, cast.sato), result="called_again", outbound=own, by=SYSTEM)
    assert Notification.objects.count() == 1
