"""Time rules: when each has to look at a ticket, kept as rows with an indexed time.

A row is a lower bound: what begins a state enters it, what only puts the moment off is seen when it is due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from madoguchi.calendars.working_time import NeverOpen
from madoguchi.rules import tree
from madoguchi.rules.definition import Definition, OnTime
from madoguchi.rules.facts import Facts
from madoguchi.rules.models import Due, Firing, Rule
from madoguchi.rules.store import facts_of
from madoguchi.rules.world import World


def cause_of(when: OnTime, since: datetime) -> str:
    """A time rule fires once for a state that began at ``since``."""
    return f"{when.state.value}:{since.isoformat()}"


def time_of(definition: Definition) -> OnTime:
    """The trigger of a rule that is known to be a time rule."""
    assert isinstance(definition.when, OnTime)
    return definition.when


def moment(when: OnTime, facts: Facts, world: World) -> datetime | None:
    """When the state will have lasted long enough; None while it does not hold."""
    since = facts.since.get(when.state)
    if since is None:
        return None
    if not when.working:
        return since + timedelta(seconds=when.seconds)
    try:
        return world.hours_of(facts.owed_by(when.state)).add(since, when.seconds)
    except NeverOpen:  # a team that never works is never late
        return None


def bring_up_to_date(ticket_id: int, rules: Sequence[tuple[Rule, Definition]], world: World) -> None:
    """Enter, put off or take away the moments of one ticket after something happened to it: at most five queries."""
    needs = {f"since.{time_of(definition).state.value}" for _, definition in rules}
    facts = facts_of([ticket_id], needs).get(ticket_id)
    if facts is not None:
        enter([facts], rules, world)


def enter(tickets: Sequence[Facts], rules: Sequence[tuple[Rule, Definition]], world: World) -> int:
    """The rows of these tickets for these rules as they have to be; how many there are."""
    wanted: list[Due] = []
    for rule, definition in rules:
        when = time_of(definition)
        for facts in tickets:
            due_at = moment(when, facts, world)
            if due_at is not None and tree.may_hold(definition.where, facts, world):
                wanted.append(Due(rule=rule, ticket_id=facts.ticket, since=facts.since[when.state], due_at=due_at))
    keys = {(due.rule_id, due.ticket_id) for due in wanted}
    ids = [facts.ticket for facts in tickets]
    known = {
        (due.rule_id, due.ticket_id): due
        for due in Due.objects.filter(ticket__in=ids, rule__in=[rule for rule, _ in rules])
    }
    gone = [due.pk for key, due in known.items() if key not in keys]
    if gone:
        Due.objects.filter(pk__in=gone).delete()
    if wanted:
        fired = set(
            Firing.objects.filter(ticket__in=ids, rule__in=[rule for rule, _ in rules]).values_list(
                "rule_id", "ticket_id", "cause"
            )
        )
        whens = {rule.pk: time_of(definition) for rule, definition in rules}
        for due in wanted:
            if (due.rule_id, due.ticket_id, cause_of(whens[due.rule_id], due.since)) in fired:
                due.due_at = None
        new = [due for due in wanted if _differs(due, known.get((due.rule_id, due.ticket_id)))]
        Due.objects.bulk_create(
            new, update_conflicts=True, unique_fields=["rule", "ticket"], update_fields=["since", "due_at"]
        )
    return len(wanted)


def _differs(due: Due, known: Due | None) -> bool:
    return known is None or (known.since, known.due_at) != (due.since, due.due_at)
