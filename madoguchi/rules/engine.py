"""Rules react to the journal: which listen, which fire, and what their firing does.

Three things keep rules from looping: a rule never fires from what it set off itself, however far down (``_chain``);
it fires once per cause on a ticket (a unique row); and on one ticket at most ``FUSE`` times within a day.
An error in a rule is set aside and told on the rule's page; the act that it reacts to stands.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import models, transaction
from django.utils import timezone

from madoguchi.foundation.prepared import Prepared
from madoguchi.journal.models import Entry
from madoguchi.problems.set_aside import set_aside
from madoguchi.rules import schedule, tree
from madoguchi.rules.acting import act, explain
from madoguchi.rules.definition import Definition, Happened, OnEvent, OnTime, parse
from madoguchi.rules.facts import Facts, Since
from madoguchi.rules.happened import event_of, is_heard, tickets_of, touches
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Firing, Rule
from madoguchi.rules.store import facts_of
from madoguchi.rules.world import World
from madoguchi.tickets.models import Ticket

DEEPEST = 5
FUSE = 10
FUSE_SPAN = timedelta(hours=24)
_chain: ContextVar[tuple[int, ...]] = ContextVar("rules_chain", default=())


@dataclass(frozen=True)
class Listening:
    """A rule that listens, with what it says."""

    rule: Rule
    definition: Definition


@dataclass
class Turn:
    """One cause on one ticket: what was decided by the rules that had their turn already."""

    cause: str
    happened: Happened | None = None
    decided: dict[str, Rule] = field(default_factory=dict)  # what → by which rule


def listening() -> list[Listening]:
    """The rules that are on or watch, in order; one query, and one more for those this process has not read yet."""
    found = []
    for rule in _listening.all():
        definition = _definition(rule.pk, rule.number, rule.changed_at)
        if definition is not None:
            found.append(Listening(rule, definition))
    return found


_listening = Prepared(lambda: Rule.objects.listening().defer("definition"))


@lru_cache(maxsize=500)
def _definition(pk: int, number: int, changed_at: datetime) -> Definition | None:
    """What the version says, None when it cannot be read; number and time are part of the cache's key."""
    written = Rule.objects.values_list("definition", flat=True).get(pk=pk)
    try:
        return parse(written)
    except ValueError as error:
        set_aside("rules.read", error, rule=pk, number=number, changed_at=changed_at)
        return None


def react(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: rules hear what happened to a ticket. An error in one is set aside, not raised."""
    if len(_chain.get()) >= DEEPEST:
        return
    heard = is_heard(entry.kind, entry.data)
    if not heard and not touches(entry.kind, entry.actor_kind):
        return
    rules = [one for one in listening() if heard or _waits_for_a_touch(one)]
    if not rules:
        return
    try:
        with transaction.atomic():
            _hear(entry, subjects, rules)
    except Exception as error:  # noqa: BLE001 (a bad rule must not stop the act that it reacts to)
        set_aside("rules.react", error, entry=entry.pk, kind=entry.kind)


def _hear(entry: Entry, subjects: Sequence[models.Model], rules: list[Listening]) -> None:
    happened = event_of(entry.kind, entry.data)
    world = the_world()
    for ticket in tickets_of(entry.kind, subjects):
        timed = [one for one in rules if isinstance(one.definition.when, OnTime)]
        if timed:
            schedule.bring_up_to_date(ticket.pk, [(one.rule, one.definition) for one in timed], world)
        heard = [
            one for one in rules if isinstance(one.definition.when, OnEvent) and happened in one.definition.when.on
        ]
        turn = Turn(f"entry:{entry.pk}", happened)
        fired = [one for one in heard if judge(one, ticket, turn, world)]
        if fired:  # the act goes on with the ticket as the rules left it
            for subject in subjects:
                if isinstance(subject, Ticket) and subject.pk == ticket.pk:
                    subject.refresh_from_db()


def _waits_for_a_touch(one: Listening) -> bool:
    return isinstance(one.definition.when, OnTime) and one.definition.when.state is Since.UNTOUCHED


def judge(one: Listening, ticket: Ticket, turn: Turn, world: World) -> bool:
    """Fire the rule on the ticket if its conditions hold now; whether it did. Never raises."""
    if one.rule.pk in _chain.get():
        return False
    try:
        with transaction.atomic():
            facts = facts_of([ticket.pk], one.definition.needs).get(ticket.pk)
            if facts is None or not tree.matches(one.definition.where, facts, world):
                return False
            return fire(one, ticket, facts, turn, world)
    except Exception as error:  # noqa: BLE001 (as above)
        _note_failure(one.rule, ticket, turn.cause, error)
        return False


def fire(one: Listening, ticket: Ticket, facts: Facts, turn: Turn, world: World) -> bool:
    """Do what the rule says, once per cause, and write why; False when it fired for this cause before."""
    rule = one.rule
    if _is_blown(rule, ticket):
        return False
    because = explain(one.definition, facts, world, turn.happened)
    firing, created = Firing.objects.get_or_create(
        rule=rule,
        ticket=ticket,
        cause=turn.cause,
        defaults={
            "number": rule.number,
            "at": timezone.now(),
            "because": because,
            "dry": rule.state == Rule.State.TRIAL,
        },
    )
    if not created:
        return False
    if not firing.dry:
        with _within(rule):
            act(firing, one.definition, turn.decided)
    return not firing.dry


def _is_blown(rule: Rule, ticket: Ticket) -> bool:
    """Whether the rule fired on the ticket so often today that something must be wrong with it."""
    now = timezone.now()
    fired = Firing.objects.filter(rule=rule, ticket=ticket, at__gte=now - FUSE_SPAN).count()
    if fired == FUSE:  # told once; the row that tells it is one more
        problem = set_aside(
            "rules.fuse", f"The rule fired {FUSE} times within a day on one ticket.", rule=rule.pk, ticket=ticket.pk
        )
        Firing.objects.create(
            rule=rule,
            ticket=ticket,
            cause=f"fuse:{now.isoformat()}",
            number=rule.number,
            at=now,
            problem=problem.pk,
        )
    return fired >= FUSE


def _note_failure(rule: Rule, ticket: Ticket, cause: str, error: Exception) -> None:
    problem = set_aside("rules.fire", error, rule=rule.pk, name=rule.name, ticket=ticket.pk, cause=cause)
    with transaction.atomic():
        Firing.objects.get_or_create(
            rule=rule,
            ticket=ticket,
            cause=cause,
            defaults={"number": rule.number, "at": timezone.now(), "problem": problem.pk},
        )


@contextmanager
def _within(rule: Rule) -> Iterator[None]:
    """What is recorded inside is the rule's own doing."""
    token = _chain.set((*_chain.get(), rule.pk))
    try:
        yield
    finally:
        _chain.reset(token)
