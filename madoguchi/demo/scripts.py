"""The sample company's scripts, and how the calls of the last weeks followed them."""

from datetime import timedelta
from random import Random
from typing import Any

from django.utils import timezone

from madoguchi.catalog.models import Category
from madoguchi.demo import source
from madoguchi.people.models import Staff
from madoguchi.scripts import walk as walking
from madoguchi.scripts.actions.write import save_draft, switch_on
from madoguchi.scripts.definition import Ask, Check, Definition, HandOver, Resolve, parse
from madoguchi.scripts.models import Script, ScriptVersion, Stay, Walk
from madoguchi.tickets.models import TicketInteraction

IN_FORCE = timedelta(days=60)
CALLS = 200
SEED = 7
# Seconds that a step takes, from – to.
_TAKES: dict[str, tuple[int, int]] = {
    "say": (8, 20),
    "consent": (5, 10),
    "ask": (15, 60),
    "check": (40, 150),
    "article": (90, 300),
}
_LEAVES = {"check": 0.12, "article": 0.06}


def build(staff: dict[str, Staff], categories: dict[str, Category]) -> None:
    """What the first line says and asks; a category that has a script keeps it."""
    for row in source.rows("scripts", "scripts"):
        category = categories[row["category"]]
        if not Script.objects.filter(category=category).exists():
            draft = save_draft(category, definition={"steps": row["steps"]}, note=row["note"], by=staff["kimura"])
            switch_on(draft, by=staff["kimura"])


def walk_history() -> None:
    """The calls of the last weeks went along the scripts, each as far as its ticket tells; once."""
    since = timezone.now() - IN_FORCE
    if Walk.objects.exists():
        return
    dice = Random(SEED)
    for version in ScriptVersion.objects.in_force(timezone.now()).select_related("script__category"):
        ScriptVersion.objects.filter(pk=version.pk).update(effective_from=since, at=since)
        links = TicketInteraction.objects.filter(
            ticket__category=version.script.category,
            interaction__channel="phone",
            interaction__started_at__gte=since,
            interaction__staff__isnull=False,
        ).select_related("ticket", "interaction")
        definition = parse(version.definition)
        for link in links.order_by("-pk")[:CALLS]:
            _walk(version, definition, link, dice)


def _walk(version: ScriptVersion, definition: Definition, link: TicketInteraction, dice: Random) -> None:
    """One call: the answers of its ticket, what is verified as the ticket went, now and then left on the way."""
    contact, ticket = link.interaction, link.ticket
    moment, answers, passed = contact.started_at, dict[str, Any](), list[str]()
    here, trail = definition.steps[0].key, list[Stay]()
    walk = Walk(interaction=contact, version=version, staff=contact.staff, started_at=moment, outcome=Walk.Outcome.LEFT)
    while True:
        step = definition.step(here)
        seconds = dice.randint(*_TAKES.get(step.kind, (5, 30)))
        trail.append(Stay(walk=walk, step=here, entered_at=moment, seconds=seconds))
        moment += timedelta(seconds=seconds)
        passed.append(here)
        if isinstance(step, Ask):
            own = step.question.choices if step.question and step.question.choices else ["はい"]
            answers[step.item] = ticket.details.get(step.item) or dice.choices(own, [6, 2, 1][: len(own)])[0]
        elif isinstance(step, Check):
            answers[step.item] = "はい" if ticket.resolved_at_first_line or dice.random() < 0.3 else "いいえ"
        following = walking.beyond(definition, here, answers, passed, timezone.localdate())
        if following == here:
            ends: dict[type, str] = {Resolve: Walk.Outcome.RESOLVED, HandOver: Walk.Outcome.HANDED_OVER}
            walk.outcome = ends.get(type(step), Walk.Outcome.CALLED_BACK)
            break
        if dice.random() < _LEAVES.get(step.kind, 0.015):
            break
        here = following
    walk.here, walk.passed, walk.ended_at = here, passed, moment
    walk.save()
    Stay.objects.bulk_create(trail)
