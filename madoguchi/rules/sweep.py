"""The worker's part: time rules that are due, and the moments of tickets for a rule that was just switched on."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from madoguchi.foundation.busy import Busy
from madoguchi.problems.set_aside import set_aside
from madoguchi.rules import schedule, tree
from madoguchi.rules.definition import OnTime, parse
from madoguchi.rules.engine import Listening, Turn, fire
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Due, Rule
from madoguchi.rules.store import facts_of
from madoguchi.rules.world import World
from madoguchi.tickets.actions.lock import lock
from madoguchi.tickets.models import ACTIVE, Ticket

_TICKETS_AT_ONCE = 200


def fire_due(*, now: datetime | None = None, limit: int = 50) -> bool:
    """Look at up to ``limit`` moments that have come, the oldest first; whether more may wait.

    Each is claimed by a conditional update inside the transaction in which the rule acts: a worker that dies leaves it
    as it was, and of two workers one finds it taken. What cannot be judged is set aside; the others go on.
    """
    moment = now or timezone.now()
    come = list(Due.objects.select_related("ticket").filter(due_at__lte=moment).order_by("due_at", "id")[:limit])
    world = the_world() if come else None
    for due in come:
        assert world is not None
        try:
            with transaction.atomic():
                _look(due, moment, world)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 (set aside; the others go on)
            Due.objects.filter(pk=due.pk, due_at=due.due_at).update(due_at=None)
            set_aside("rules.due", error, rule=due.rule_id, ticket=due.ticket_id)
    return len(come) == limit


def _look(due: Due, now: datetime, world: World) -> None:
    pk, ticket = due.pk, lock(due.ticket)  # first the ticket, then its moments: the order of every act
    if not Due.objects.filter(pk=pk, due_at=due.due_at).update(due_at=None):
        return
    rule = Rule.objects.get(pk=due.rule_id)
    definition = parse(rule.definition)
    when = definition.when
    if rule.state not in {Rule.State.ON, Rule.State.TRIAL} or not isinstance(when, OnTime):
        Due.objects.filter(pk=pk).delete()
        return
    facts = facts_of([ticket.pk], definition.needs, now=now)[ticket.pk]
    moment = schedule.moment(when, facts, world)
    if moment is None:
        Due.objects.filter(pk=pk).delete()
        return
    since = facts.since[when.state]
    if moment > now:  # the state began anew meanwhile
        Due.objects.filter(pk=pk).update(since=since, due_at=moment)
        return
    if tree.matches(definition.where, facts, world):
        fire(Listening(rule, definition), ticket, facts, Turn(schedule.cause_of(when, since)), world)


def enter_tickets(*, at_once: int = _TICKETS_AT_ONCE) -> bool:
    """Enter the moments of open tickets for a time rule that was switched on; whether more may wait."""
    rule = Rule.objects.listening().filter(scheduled_to__isnull=False).first()
    if rule is None:
        return False
    claimed = Rule.objects.filter(pk=rule.pk, scheduled_to=rule.scheduled_to, number=rule.number)
    try:
        with transaction.atomic():
            _enter(rule, claimed, at_once)
    except Busy:
        raise
    except Exception as error:  # noqa: BLE001 (set aside; the tickets of the other rules are entered)
        claimed.update(scheduled_to=None)
        set_aside("rules.enter", error, rule=rule.pk, number=rule.number)
    return True


def _enter(rule: Rule, claimed: QuerySet[Rule], at_once: int) -> None:
    definition, place = parse(rule.definition), rule.scheduled_to or 0
    ids = list(
        Ticket.objects.filter(pk__gt=place, status__in=ACTIVE).order_by("pk").values_list("pk", flat=True)[:at_once]
    )
    if claimed.update(scheduled_to=ids[-1] if ids else None) and ids and isinstance(definition.when, OnTime):
        needs = {f"since.{definition.when.state.value}"}
        schedule.enter(list(facts_of(ids, needs).values()), [(rule, definition)], the_world())
