"""The log of another desk (XES, IEEE 1849) read as the history of a desk: teams, moves, returns, time per team.

Written against the incidents of the BPI Challenge 2013 (Volvo IT; doi:10.4121/500573e6-accc-4b0c-9576-aa5468b10cee):
``org:group`` is the team, ``concept:name`` the state, ``lifecycle:transition`` what it waits for.
A move is a change of team between two events of one case; it is a return when the team has had the case before.
"""

import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from madoguchi.foundation.refusal import Refused
from madoguchi.rules.definition import Happened
from madoguchi.rules.facts import Facts
from madoguchi.rules.history.moments import History, Moment, Move
from madoguchi.rules.world import Labels, World

_LARGEST = 200_000_000
_PRIORITIES = {"Low": "low", "Medium": "normal", "High": "high", "Major": "urgent"}
_WAITS = {
    "Wait - User": "requester",
    "Wait - Customer": "requester",
    "Wait - Vendor": "vendor",
    "Wait - Implementation": "date",
    "Wait": "date",
}


@dataclass(frozen=True)
class Event:
    """One line of the log."""

    at: datetime
    team: str
    who: str
    role: str
    state: str
    transition: str
    impact: str = ""
    product: str = ""


@dataclass(frozen=True)
class Case:
    """One ticket of the other desk, its events in the order of the file."""

    name: str
    events: tuple[Event, ...]


@dataclass
class Log:
    """A whole log; ``header`` are the publisher's own figures (``meta_…`` keys)."""

    cases: list[Case] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> Log:
    """Read a log, gzipped or not. Refuses with a sentence what cannot be read."""
    log = Log()
    try:
        with path.open("rb") as probe:
            zipped = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else path.open("rb") as file:
            for element in _elements(_bounded(file)):
                if element.tag == "trace":
                    log.cases.append(_case(element))
                elif (key := element.get("key", "")).startswith("meta_"):
                    log.header[key] = element.get("value", "")
    except (OSError, EOFError, ParseError, ValueError) as error:
        raise Refused(f"{path} cannot be read as a log: {error}") from error
    return log


class _bounded:  # noqa: N801 (used like a function)
    """A file that ends with an error rather than fill the memory."""

    def __init__(self, file: Any) -> None:
        self.file, self.left = file, _LARGEST

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise ValueError(f"it holds more than {_LARGEST:,} bytes")
        return data


def _elements(file: Any) -> Iterator[Element]:
    """The traces, and the values of the header, each dropped once it was seen."""
    path: list[Element] = []
    for moment, element in iterparse(file, events=("start", "end")):  # noqa: S314 (entities are not expanded)
        element.tag = element.tag.rpartition("}")[2]
        if moment == "start":
            path.append(element)
            continue
        path.pop()
        depth = len(path)
        if depth == 1:
            yield element
            element.clear()
            path[0].remove(element)


def _case(trace: Element) -> Case:
    name = _values(trace).get("concept:name", "")
    return Case(name, tuple(_event(_values(element)) for element in trace if element.tag == "event"))


def _values(element: Element) -> dict[str, str]:
    return {child.get("key", ""): child.get("value", "") for child in element if child.tag != "event"}


def _event(values: dict[str, str]) -> Event:
    return Event(
        at=datetime.fromisoformat(values["time:timestamp"]),
        team=values.get("org:group", ""),
        who=values.get("org:resource", ""),
        role=values.get("org:role", ""),
        state=values.get("concept:name", ""),
        transition=values.get("lifecycle:transition", ""),
        impact=values.get("impact", ""),
        product=values.get("product", ""),
    )


def statistics(log: Log) -> dict[str, float]:
    """The figures of the log under the header's own keys, counted from the events."""
    cases = [case.events for case in log.cases]
    found: dict[str, float] = {
        "meta_general:traces_total": len(cases),
        "meta_general:different_traces_total": len(
            {tuple((e.state, e.transition) for e in events) for events in cases}
        ),
        "meta_general:events_total": sum(map(len, cases)),
    }
    found |= _spread("meta_general:events", [len(events) for events in cases])
    ways = {"groups": "team", "resources": "who", "roles": "role"}
    for word, name in ways.items():
        sets = [{getattr(event, name) for event in events} for events in cases]  # none told counts as one, as there
        found |= _spread(f"meta_org:different_{word}", [len(one) for one in sets])
        found[f"meta_org:different_{word}_total"] = len(set().union(*sets))
    for key, name in (("meta_concept:different_names", "state"), ("meta_life:different_transitions", "transition")):
        sets = [{getattr(event, name) for event in events} for events in cases]
        found |= _spread(key, [len(one) for one in sets])
        found[f"{key}_total"] = len(set().union(*sets))
    spans = [(events[-1].at - events[0].at).total_seconds() for events in cases if events]
    found |= _spread("meta_time:duration", spans)
    found["meta_time:duration_total"] = sum(spans)
    return found


def _spread(key: str, values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {
        f"{key}_average": mean(values),
        f"{key}_standard_deviation": stdev(values) if len(values) > 1 else 0.0,
        f"{key}_min": min(values),
        f"{key}_max": max(values),
    }


def differences(log: Log) -> dict[str, tuple[float, float]]:
    """Where the header says something else than the events: key → (header, counted). The header rounds to 3 places."""
    counted, found = statistics(log), {}
    for key, value in counted.items():
        if key not in log.header:
            continue
        told = float(log.header[key])
        if not math.isclose(told, value, rel_tol=1e-9, abs_tol=0.00051):
            found[key] = (told, value)
    return found


@dataclass(frozen=True)
class Stay:
    """How much a team had to do with the cases: seconds, stays and cases."""

    team: str
    seconds: float
    stays: int
    cases: int


def time_per_team(log: Log) -> list[Stay]:
    """Who had the cases how long, the longest first: from an event to the next, the time is its team's."""
    seconds: dict[str, float] = defaultdict(float)
    stays: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    for case in log.cases:
        cases.update({event.team for event in case.events})
        stays.update(event.team for _, event in _arrivals(case))
        for event, following in zip(case.events, case.events[1:], strict=False):
            seconds[event.team] += (following.at - event.at).total_seconds()
    return sorted(
        (Stay(team, seconds[team], stays[team], cases[team]) for team in cases), key=lambda stay: -stay.seconds
    )


def _arrivals(case: Case) -> Iterator[tuple[int, Event]]:
    """The events with which a case came to a team, the first one included."""
    before = None
    for place, event in enumerate(case.events):
        if event.team != before:
            yield place, event
        before = event.team


class Names(Labels):
    """Teams are called as the log calls them."""

    def team(self, key: str) -> str:
        return key


class OtherDesk(World):
    """The teams of a log; their line is the suffix of the name: none, 2nd or 3rd."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        names = sorted({event.team for case in log.cases for event in case.events})
        self.__dict__["teams"] = {name: place for place, name in enumerate(names, start=1)}
        self.__dict__["lines"] = {
            place: 3 if "3rd" in name else 2 if "2nd" in name else 1 for name, place in self.teams.items()
        }
        self.__dict__["categories"] = {}
        self.__dict__["organizations"] = {}
        self.__dict__["labels"] = Names()


def histories(log: Log, world: World) -> Iterator[History]:
    """Each case as the history of a ticket; one that was moved back and forth has as many moves."""
    until = max((event.at for case in log.cases for event in case.events), default=datetime.max.replace(tzinfo=UTC))
    for number, case in enumerate(log.cases, start=1):
        if case.events:
            yield _history(number, case, world, until)


def _history(number: int, case: Case, world: World, until: datetime) -> History:
    first = case.events[0]
    moments: list[Moment] = []
    moves: list[Move] = []
    had: list[int] = []
    held_since, queued_since, waiting_since = first.at, None, None
    resolved_at, returns, reopenings, before = None, 0, 0, ""
    for place, event in enumerate(case.events):
        team = world.teams[event.team]
        happened = Happened.OPENED if place == 0 else Happened.CHANGED
        status = _status(event)
        if place and team != had[-1]:
            back = team in had
            returns += back
            moves.append(Move(at=event.at, asked_at=event.at, to=team, back=back))
            held_since, happened = event.at, Happened.RETURNED if back else Happened.HANDED_OVER
        elif status == "resolved" != before:
            happened = Happened.RESOLVED
        elif before == "resolved" != status:
            reopenings, happened = reopenings + 1, Happened.REOPENED
        elif status == "waiting" != before:
            happened = Happened.WAITING
        had.append(team)
        resolved_at = (resolved_at or event.at) if status == "resolved" else None
        queued_since = (queued_since or event.at) if event.state == "Queued" and status != "resolved" else None
        waiting_since = (waiting_since or event.at) if status == "waiting" else None
        since = {
            "open": first.at,
            "held": held_since,
            "untouched": event.at,
            "unaccepted": queued_since,
            "waiting": waiting_since,
        }
        facts = Facts(
            at=event.at,
            ticket=number,
            status=status,
            waiting_for=_WAITS.get(event.transition, "") if status == "waiting" else "",
            priority=_PRIORITIES.get(event.impact, "normal"),
            holder=team,
            front=had[0],
            details={"impact": event.impact, "product": event.product},
            moves=len(moves),
            returns=returns,
            reopenings=reopenings,
            since={} if status == "resolved" else {state: at for state, at in since.items() if at is not None},
        )
        moments.append(Moment(event.at, happened, facts, f"event:{place}"))
        before = status
    return History(
        ticket=number,
        label=case.name,
        moments=tuple(moments),
        moves=tuple(moves),
        until=until,
        resolved_at=resolved_at,
        teams=tuple(had),
    )


def _status(event: Event) -> str:
    if event.state == "Completed":
        return "resolved"
    if event.transition in _WAITS:
        return "waiting"
    return "new" if event.state == "Queued" else "open"
