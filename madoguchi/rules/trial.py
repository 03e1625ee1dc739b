"""A rule tried on history: where it would have fired, when, and what that would have changed. Pure.

A ticket is judged by the first time the rule would have fired on it, for then somebody would have looked:

* *earlier*: the time from there to the first offer to another team that was really made afterwards (or the first
  return, when nothing was offered).
* *moves saved*: with a team in its actions, the moves after it up to the first arrival at that team, less the one that
  the rule makes itself; 0 when the ticket never came there. Without a team: all later moves but one, the one that a
  supervisor needs to send it where it ended.
* *for nothing*: the ticket was resolved with neither an offer nor a move after it: whoever had it could do it.
* *open*: neither a hand-off nor a resolution yet: nobody can say.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Any

from madoguchi.rules import schedule, tree
from madoguchi.rules.acting import explain
from madoguchi.rules.definition import DESTINATION, Definition, Happened, Move, Offer, OnEvent, OnTime, Propose
from madoguchi.rules.facts import Facts, Since
from madoguchi.rules.history.moments import History
from madoguchi.rules.world import World

MOST_SHOWN = 500
type Found = tuple[Facts, str, Happened | None]


@dataclass(frozen=True)
class Hit:
    """The rule would have fired on this ticket; seconds, ``earlier_s`` None when no hand-off followed."""

    ticket: int
    label: str
    at: datetime
    cause: str
    earlier_s: int | None
    moves_saved: int
    verdict: str  # "earlier", "nothing" or "open"
    facts: Facts
    happened: Happened | None


@dataclass
class Result:
    """What a trial found."""

    looked_at: int = 0
    hits: list[Hit] = field(default_factory=list)

    def add(
        self, history: History, definition: Definition, world: World, *, since: datetime, rule: int | None = None
    ) -> None:
        """Try the rule on one more ticket; ``rule``: its id if it was on, since it does not hear what it did itself."""
        self.looked_at += 1
        self.hits += hits(history, definition, world, since=since, rule=rule)

    def written(self, definition: Definition, world: World) -> dict[str, Any]:
        """As JSON: figures, tickets per day, and the first ``MOST_SHOWN`` with the reasons in both languages."""
        times = Counter(hit.ticket for hit in self.hits)
        first: dict[int, Hit] = {}
        for hit in sorted(self.hits, key=lambda hit: (hit.at, hit.ticket)):
            first.setdefault(hit.ticket, hit)
        found = list(first.values())
        verdicts = Counter(hit.verdict for hit in found)
        earlier = [hit.earlier_s for hit in found if hit.earlier_s is not None]
        days = Counter(hit.at.astimezone(world.zone).date().isoformat() for hit in found)
        return {
            "looked_at": self.looked_at,
            "fired": len(self.hits),
            "tickets": len(found),
            "earlier": verdicts["earlier"],
            "earlier_median_s": int(median(earlier)) if earlier else None,
            "moves_saved": sum(hit.moves_saved for hit in found),
            "nothing": verdicts["nothing"],
            "open": verdicts["open"],
            "days": sorted(days.items()),
            "hits": [
                {
                    "ticket": hit.ticket,
                    "label": hit.label,
                    "times": times[hit.ticket],
                    "at": hit.at.isoformat(),
                    "earlier_s": hit.earlier_s,
                    "moves_saved": hit.moves_saved,
                    "verdict": hit.verdict,
                    "because": explain(definition, hit.facts, world, hit.happened),
                }
                for hit in found[:MOST_SHOWN]
            ],
        }


def hits(
    history: History, definition: Definition, world: World, *, since: datetime, rule: int | None = None
) -> list[Hit]:
    """Where the rule would have fired on this ticket from ``since`` on, once per cause."""
    when = definition.when
    found = _on_event(history, definition, when, world, rule) if isinstance(when, OnEvent) else None
    if found is None:
        assert isinstance(when, OnTime)
        found = _on_time(history, definition, when, world)
    return [_judged(history, definition, world, one) for one in found if since <= one[0].at]


def _on_event(history: History, definition: Definition, when: OnEvent, world: World, rule: int | None) -> list[Found]:
    return [
        (moment.facts, moment.cause, moment.happened)
        for moment in history.moments
        if moment.happened in when.on
        and (rule is None or moment.rule != rule)
        and tree.matches(definition.where, moment.facts, world)
    ]


def _on_time(history: History, definition: Definition, when: OnTime, world: World) -> list[Found]:
    """Between two moments the row does not change: the rule looks once, when the state has lasted long enough."""
    found: dict[str, Facts] = {}
    moments = [moment for moment in history.moments if when.state is Since.UNTOUCHED or not moment.touch]
    ends = [moment.at for moment in moments[1:]] + [history.until]
    for moment, end in zip(moments, ends, strict=True):
        due = schedule.moment(when, moment.facts, world)
        if due is None:
            continue
        cause = schedule.cause_of(when, moment.facts.since[when.state])
        look = max(due, moment.at)
        if look > end or moment.at == end or cause in found:  # entries of one act are one moment
            continue
        facts = replace(moment.facts, at=look)
        if tree.matches(definition.where, facts, world):
            found[cause] = facts
    return [(facts, cause, None) for cause, facts in found.items()]


def _judged(history: History, definition: Definition, world: World, one: Found) -> Hit:
    facts, cause, happened = one
    later = [move for move in history.moves if move.at > facts.at]
    asked = [at for at in history.offers if at > facts.at] + [
        move.asked_at for move in later if move.asked_at > facts.at
    ]
    first = min(asked, default=None)
    verdict = "earlier" if first is not None or later else "nothing" if _was_resolved(history, facts) else "open"
    return Hit(
        ticket=history.ticket,
        label=history.label,
        at=facts.at,
        cause=cause,
        earlier_s=int((first - facts.at).total_seconds()) if first is not None else None,
        moves_saved=_saved(history, definition, world, [move.to for move in later]),
        verdict=verdict,
        facts=facts,
        happened=happened,
    )


def _was_resolved(history: History, facts: Facts) -> bool:
    return history.resolved_at is not None and history.resolved_at >= facts.at


def _saved(history: History, definition: Definition, world: World, later: list[int]) -> int:
    named = [action for action in definition.then if isinstance(action, Offer | Move) or _names(action)]
    if not named:
        return max(0, len(later) - 1)
    key = getattr(named[0], "to", "")
    target = history.destination if key in {"", DESTINATION} else world.teams.get(key)
    return later.index(target) if target in later else 0


def _names(action: Any) -> bool:
    return isinstance(action, Propose) and bool(action.to)
