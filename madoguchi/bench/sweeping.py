"""The sweep: a thousand deadlines that are reached, among as many open ones as there are tickets.

Everything happens in one transaction that is rolled back, so that the desk's own worker neither sees nor disturbs it;
what is measured is therefore without its commits (one for twenty tickets).
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Clock, Kind, PolicyVersion
from madoguchi.clocks.sweep import sweep
from madoguchi.foundation.prepared import insert
from madoguchi.journal.models import Entry, Mention
from madoguchi.people.models import Team
from madoguchi.tickets.models import Ticket

_HOUR = 3600


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: ``due``, how many. Seconds and processor seconds of the sweep; seconds of its rows in bare SQL."""
    with transaction.atomic():
        now = timezone.now()
        version = _promised(now)
        _open(version, now)
        _due(version, now, order["due"])
        begun, cpu, swept = time.perf_counter(), time.process_time(), 0
        while found := sweep():
            swept += found
        taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "swept": swept}
        begun = time.perf_counter()
        _bare(order["due"], now)
        taken |= {"bare": time.perf_counter() - begun, "open": Clock.objects.filter(ended_at=None).count()}
        transaction.set_rollback(True)
    return taken


def _promised(now: datetime) -> PolicyVersion:
    """One policy that tells nobody, so that the sweep alone is measured."""
    PolicyVersion.objects.update(is_active=False)
    what = Promise(
        Kind.FIRST_RESPONSE,
        "bench",
        _HOUR,
        warn_at=[],
        calendar_of=PolicyVersion.CalendarOf.ALWAYS,
        tell=PolicyVersion.Tell.NOBODY,
    )
    version = promise(what, by=None)
    version.valid_from = version.tell_from = now - timedelta(days=1)
    version.save(update_fields=["valid_from", "tell_from"])
    return version


def _open(version: PolicyVersion, now: datetime) -> None:
    """An open deadline, far ahead, for every ticket there is; the desk's own have nothing to tell meanwhile."""
    later = connection.ops.adapt_datetimefield_value(now + timedelta(days=30))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clocks_clock SET next_at = NULL WHERE next_at IS NOT NULL")
        cursor.execute(
            "INSERT INTO clocks_clock (ticket_id, kind, subject, team_id, version_id, state, target_s, started_at,"
            " due_at, next_at) SELECT id, 'first_response', 0, front_team_id, %s, 'running', %s, opened_at, %s, %s"
            " FROM tickets_ticket",
            [version.pk, _HOUR, later, later],
        )


def _due(version: PolicyVersion, now: datetime, how_many: int) -> None:
    """Tickets whose deadline has passed, with the entry of the journal that says so."""
    team = Team.objects.order_by("id")[0]
    data = {"team": team.pk, "category_id": None, "priority": "normal", "service_class": "", "spoken": False}
    for number in range(how_many):
        at = now - timedelta(hours=2) + timedelta(milliseconds=number)
        ticket = insert(
            Ticket(subject="bench", channel="mail", front_team=team, holder_team=team, opened_at=at, updated_at=at)
        )
        entry = insert(Entry(at=at, kind="ticket.opened", actor_kind="system", actor_name="bench", data=data))
        insert(Mention(entry=entry, kind="ticket", ref=ticket.pk))
        due_at = at + timedelta(hours=1)
        insert(
            Clock(
                ticket=ticket,
                kind=Kind.FIRST_RESPONSE,
                subject=entry.pk,
                team=team,
                version=version,
                state="running",
                text="",
                target_s=_HOUR,
                started_at=at,
                due_at=due_at,
                next_at=due_at,
            )
        )


def _bare(how_many: int, now: datetime) -> None:
    """The same rows in bare SQL: an entry with its two mentions, the clock; found by the same index."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ticket_id FROM clocks_clock WHERE state = 'breached' ORDER BY id DESC LIMIT %s", [how_many]
        )
        for clock, ticket in cursor.fetchall():
            cursor.execute(
                "INSERT INTO journal_entry (at, kind, actor_kind, actor_name, data)"
                " VALUES (%s, 'clock.breached', 'system', 'bench', '{}') RETURNING id",
                [at],
            )
            entry = cursor.fetchone()[0]
            cursor.execute(
                "INSERT INTO journal_mention (entry_id, kind, ref) VALUES (%s, 'ticket', %s), (%s, 'team', 1)",
                [entry, ticket, entry],
            )
            cursor.execute("UPDATE clocks_clock SET next_at = NULL, state = 'breached' WHERE id = %s", [clock])
