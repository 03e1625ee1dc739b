"""The sweep tells what clocks reach: once, in order, and to whom the policy says."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.calendars.actions import ensure_defaults
from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.book import current_book
from madoguchi.clocks.models import Clock, Kind, PolicyVersion
from madoguchi.clocks.rebuild import rebuild, renew
from madoguchi.clocks.sweep import sweep
from madoguchi.journal.models import Entry, Mention
from madoguchi.journal.record import SYSTEM
from madoguchi.notifications.models import Notification
from madoguchi.people.actions.cover import note_absence
from madoguchi.people.models import Team
from madoguchi.people.queries import supervisors_of
from madoguchi.problems.models import Problem
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.models import Ticket
from tests import cast as cast_module
from tests.cast import Cast
from tests.clocks.desk_time import HOUR, at
from tests.desk import Desk
from tests.workers import kill_two_workers_at_random

TELL = PolicyVersion.Tell


def promised(kind: Kind = Kind.RESOLUTION, hours: float = 4, **more: Any) -> PolicyVersion:
    with freeze_time(at(1, 0, 0)):
        return promise(Promise(kind, "約束", int(hours * HOUR), **more), by=None)


def raised(cast: Cast, moment: datetime, **more: Any) -> Ticket:
    with freeze_time(moment):
        return open_ticket(
            subject="送信できない", body="今朝から", channel="mail", requester=cast.yamada, by=cast.sato, **more
        )


def told() -> list[tuple[str, int]]:
    """What the journal says of clocks, in its order."""
    entries = Entry.objects.filter(kind__startswith="clock.").order_by("id")
    return [(entry.kind.removeprefix("clock."), entry.data["percent"]) for entry in entries]


def swept(moment: datetime) -> list[tuple[str, int]]:
    with freeze_time(moment):
        sweep()
    return told()


@pytest.mark.django_db
@pytest.mark.parametrize("stands_in", [True, False])
def test_whoever_stands_in_is_told_for_an_assignee_who_is_away(cast: Cast, stands_in: bool) -> None:
    promised(tell=TELL.ASSIGNEE)
    ticket = raised(cast, at(1, 9, 0))
    with freeze_time(at(1, 10, 0)):
        change(ticket, assignee=cast.sato, by=cast.sato)
        note_absence(
            cast.sato,
            starts_at=at(1, 10, 0),
            ends_at=at(3, 9, 0),
            substitute=cast.suzuki if stands_in else None,
            by=cast.sato,
        )
    Notification.objects.all().delete()
    swept(at(1, 18, 0))
    told = {notification.staff for notification in Notification.objects.filter(kind__startswith="clock.")}
    assert told == ({cast.suzuki} if stands_in else set(supervisors_of(cast.call_centre.pk, at(1, 18, 0))))


@pytest.mark.django_db
@pytest.mark.parametrize("away", [True, False])
def test_whoever_promised_to_call_is_told_of_it_and_not_the_assignee(cast: Cast, away: bool) -> None:
    promised(Kind.CALL_BACK, tell=TELL.ASSIGNEE)
    ticket = raised(cast, at(1, 9, 0))
    with freeze_time(at(1, 10, 0)):
        change(ticket, assignee=cast.suzuki, by=cast.suzuki)
        promise_call(ticket, due_at=at(1, 11, 0), number="03-1111-2222", staff=cast.sato, by=cast.sato)
        if away:
            note_absence(cast.sato, starts_at=at(1, 10, 0), ends_at=at(3, 9, 0), substitute=cast.suzuki, by=cast.sato)
    Notification.objects.all().delete()
    swept(at(1, 11, 1))
    told = {notification.staff for notification in Notification.objects.filter(kind="clock.breached")}
    assert told == {cast.suzuki if away else cast.sato}


@pytest.mark.django_db
def test_a_reminder_never_comes_at_midnight_or_at_the_weekend(cast: Cast) -> None:
    """Zammad 4432: reminders were mailed in the night and on Sundays."""
    promised(hours=24, tell=TELL.ASSIGNEE, calendar_of=PolicyVersion.CalendarOf.ALWAYS)
    with freeze_time(at(1, 0, 0)):
        ensure_defaults(by=SYSTEM)
    ticket = raised(cast, at(2, 16, 0))  # Friday
    with freeze_time(at(2, 16, 1)):
        change(ticket, assignee=cast.sato, by=cast.sato)
    Notification.objects.all().delete()
    assert len(swept(at(4, 3, 0))) == 3  # Sunday, deep in the night
    reaches = set(Notification.objects.filter(staff=cast.sato).values_list("deliver_at", flat=True))
    assert reaches == {at(5, 9, 0)}  # Monday, as the desk opens


@pytest.mark.django_db
def test_warnings_and_the_breach_are_told_when_they_are_reached_and_never_again(cast: Cast) -> None:
    promised()
    raised(cast, at(1, 9, 0))

    assert swept(at(1, 11, 0)) == []
    assert swept(at(1, 11, 0, 1)) == [("warned", 50)]
    assert swept(at(1, 13, 30)) == [("warned", 50), ("warned", 80)]
    assert swept(at(1, 14, 1)) == [("warned", 50), ("warned", 80), ("breached", 100)]
    assert swept(at(30, 9, 0)) == [("warned", 50), ("warned", 80), ("breached", 100)]
    assert Clock.objects.get().state == "breached"


@pytest.mark.django_db
def test_after_a_stop_of_hours_everything_is_told_in_order(cast: Cast) -> None:
    promised()
    first, second = raised(cast, at(1, 9, 0)), raised(cast, at(1, 10, 0))

    assert swept(at(5, 9, 0)) == [("warned", 50), ("warned", 80), ("breached", 100)] * 2
    mentioned = Mention.objects.filter(kind="ticket", entry__kind__startswith="clock.").order_by("entry_id")
    assert [mention.ref for mention in mentioned] == [first.pk] * 3 + [second.pk] * 3
    moments = Entry.objects.filter(kind="clock.breached").order_by("id").values_list("data__due_at", flat=True)
    assert [datetime.fromisoformat(moment) for moment in moments] == [at(1, 14, 0), at(1, 15, 0)]


@pytest.mark.django_db
def test_the_assignee_is_told_in_working_hours_and_without_one_who_leads(cast: Cast) -> None:
    promised(hours=7.5, warn_at=[])
    raised(cast, at(1, 9, 0))
    mine = raised(cast, at(1, 9, 0))
    with freeze_time(at(1, 9, 5)):
        change(mine, assignee=cast.suzuki, by=cast.sato)
    swept(at(1, 22, 0))

    rows = {row.about_id: row for row in Notification.objects.all()}
    assert {row.staff for row in rows.values()} == {cast.suzuki, cast.hayashi}
    assert rows[mine.pk].staff == cast.suzuki
    assert {row.deliver_at for row in rows.values()} == {at(2, 9, 0)}
    assert rows[mine.pk].words == f"{mine.number_shown} 解決が 10/1(木) 17:30 に期限を過ぎました: 送信できない"


@pytest.mark.django_db
def test_what_cannot_wait_is_told_at_once_to_both(cast: Cast) -> None:
    promised(tell=TELL.BOTH, at_once=True, warn_at=[])
    ticket = raised(cast, at(1, 9, 0))
    with freeze_time(at(1, 9, 5)):
        change(ticket, assignee=cast.suzuki, by=cast.sato)
    swept(at(1, 22, 0))

    assert sorted(Notification.objects.values_list("staff__family_name", flat=True)) == ["林", "鈴木"]
    assert set(Notification.objects.values_list("deliver_at", flat=True)) == {at(1, 22, 0)}


@pytest.mark.django_db
def test_what_ended_late_is_written_down_but_nobody_is_disturbed(cast: Cast) -> None:
    promised(Kind.FIRST_RESPONSE, 1, warn_at=[])
    ticket = raised(cast, at(1, 9, 0))
    with freeze_time(at(1, 11, 0)):
        post_message(ticket, body="回答", visibility="public", by=cast.sato)

    assert swept(at(1, 11, 1)) == [("breached", 100)]
    assert not Notification.objects.exists()


@pytest.mark.django_db
def test_what_was_late_before_the_policy_was_made_is_not_told(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)
    with freeze_time(at(20, 9, 0)):
        promise(Promise(Kind.RESOLUTION, "約束", HOUR), by=None, for_running=True)
        rebuild()

    assert swept(at(20, 9, 1)) == []
    assert Clock.objects.get(ticket=ticket).state == "breached"


@pytest.mark.django_db
def test_one_ticket_that_cannot_be_told_does_not_keep_the_others(cast: Cast) -> None:
    promised(warn_at=[])
    broken, fine = raised(cast, at(1, 9, 0)), raised(cast, at(1, 9, 0))
    data = {"call_back": 1, "team": cast.call_centre.pk, "due_at": "no time"}
    bad = Entry.objects.create(at=at(1, 9, 1), kind="call_back.tied", actor_kind="system", actor_name="test", data=data)
    Mention.objects.create(entry=bad, kind="ticket", ref=broken.pk)

    assert swept(at(2, 9, 0)) == [("breached", 100)]
    assert Mention.objects.get(kind="ticket", entry__kind="clock.breached").ref == fine.pk
    assert Problem.objects.get().where == "worker.clocks"
    assert not Clock.objects.filter(next_at__isnull=False).exists()


@pytest.mark.django_db
def test_the_sweep_asks_the_index_over_what_is_due(cast: Cast, engine: str) -> None:
    if engine == "postgres":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is smaller than any index
    due = Clock.objects.filter(next_at__lt=timezone.now()).order_by("next_at", "id").values_list("ticket_id")

    assert "clocks_due" in due[:50].explain()


DUE = 3_000


def _many_due(moment: datetime) -> None:
    """Tickets by the thousand, each with one deadline that has passed."""
    cast = cast_module.enter()
    policy = promise(Promise(Kind.FIRST_RESPONSE, "約束", HOUR, warn_at=[], tell=TELL.NOBODY), by=None)
    PolicyVersion.objects.filter(pk=policy.pk).update(
        valid_from=moment - timedelta(days=1),
        tell_from=moment - timedelta(days=1),
        calendar_of=PolicyVersion.CalendarOf.ALWAYS,
    )
    team: Team = cast.call_centre
    tickets = Ticket.objects.bulk_create(
        Ticket(
            subject=f"件名 {number}", channel="mail", front_team=team, holder_team=team, opened_at=at_, updated_at=at_
        )
        for number in range(DUE)
        for at_ in [moment + timedelta(milliseconds=number)]
    )
    data = {"team": team.pk, "category_id": None, "priority": "normal", "service_class": "", "spoken": False}
    entries = Entry.objects.bulk_create(
        Entry(at=ticket.opened_at, kind="ticket.opened", actor_kind="system", actor_name="test", data=data)
        for ticket in tickets
    )
    Mention.objects.bulk_create(
        Mention(entry=entry, kind="ticket", ref=ticket.pk) for entry, ticket in zip(entries, tickets, strict=True)
    )
    Clock.objects.bulk_create(
        Clock(
            ticket=ticket,
            kind=Kind.FIRST_RESPONSE,
            subject=entry.pk,
            team=team,
            version=policy,
            state="running",
            target_s=HOUR,
            started_at=ticket.opened_at,
            due_at=ticket.opened_at + timedelta(hours=1),
            next_at=ticket.opened_at + timedelta(hours=1),
        )
        for entry, ticket in zip(entries, tickets, strict=True)
    )
    assert rebuild_some(tickets[:100]) == 0


def rebuild_some(tickets: list[Ticket]) -> int:
    with transaction.atomic():
        return renew(tickets, current_book())


def _fired() -> int:
    return Entry.objects.filter(kind="clock.breached").count()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_workers_killed_and_restarted_at_random_tell_each_of_three_thousand_once(workers_desk: Desk) -> None:
    workers_desk.run(_many_due, timezone.now() - timedelta(hours=2))

    kill_two_workers_at_random(
        workers_desk, done=_fired, of=DUE, over=lambda: not Clock.objects.filter(next_at__isnull=False).exists()
    )

    with workers_desk.inside():
        assert _fired() == DUE
        named = Mention.objects.filter(kind="ticket", entry__kind="clock.breached")
        assert named.values("ref").distinct().count() == DUE
        assert set(Clock.objects.values_list("state", flat=True)) == {"breached"}
        assert not Problem.objects.exists()
