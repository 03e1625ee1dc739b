"""``madoguchi rules trial``: a rule tried on this desk's history, or on the log of another desk."""

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone, translation

from madoguchi.foundation.dates import duration
from madoguchi.foundation.refusal import Refused
from madoguchi.rules import words
from madoguchi.rules.definition import Definition, ValidationError, parse
from madoguchi.rules.history import journal, xes
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Rule
from madoguchi.rules.trial import Result
from madoguchi.rules.world import World

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", nargs="?", help="a rule of this desk, by id or key")
    parser.add_argument(
        "--moved", type=int, metavar="N", help='instead of a rule: "moved N times: tell the supervisor"'
    )
    parser.add_argument("--file", type=Path, metavar="RULE.json", help="instead of a rule: its definition")
    parser.add_argument("--log", type=Path, metavar="LOG.xes.gz", help="on the log of another desk (XES)")
    parser.add_argument("--days", type=int, default=30, help="how far to look back on this desk (30)")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")


def run(arguments: argparse.Namespace) -> int:
    definition = _definition(arguments)
    with translation.override("en"):
        if arguments.log:
            return _on_log(arguments, definition)
        if not 1 <= arguments.days <= 366:
            raise Refused("--days must lie between 1 and 366.")
        world, result, until = the_world(), Result(), timezone.now()
        since = until - timedelta(days=arguments.days)
        ids = journal.tickets_in(since, until)
        for start in range(0, len(ids), 200):
            for history in journal.histories(ids[start : start + 200], until=until):
                result.add(history, definition, world, since=since)
        return _tell(arguments, definition, world, result, {})


def _definition(arguments: argparse.Namespace) -> Definition:
    if sum(given is not None for given in (arguments.rule, arguments.moved, arguments.file)) != 1:
        raise Refused("Give a rule, or --moved N, or --file RULE.json.")
    if arguments.moved is not None:
        where = {"kind": "at_least", "of": "moves", "number": arguments.moved}
        tell = {"kind": "notify", "whom": ["supervisors"]}
        return _parsed({"when": {"kind": "event", "on": ["handed_over", "returned"]}, "where": where, "then": [tell]})
    if arguments.file is not None:
        try:
            return _parsed(json.loads(arguments.file.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise Refused(f"{arguments.file} cannot be read: {error}") from error
    by = {"pk": int(arguments.rule)} if arguments.rule.isdecimal() else {"key": arguments.rule}
    rule = Rule.objects.filter(**by).first()
    if rule is None:
        raise Refused(f"There is no rule {arguments.rule}.")
    return parse(rule.definition)


def _parsed(written: Any) -> Definition:
    try:
        return parse(written)
    except ValidationError as error:
        raise Refused(f"This is no rule: {error}") from error


def _on_log(arguments: argparse.Namespace, definition: Definition) -> int:
    log = xes.read(arguments.log)
    world, result = xes.OtherDesk(log), Result()
    moves = returns = returned = 0
    for history in xes.histories(log, world):
        result.add(history, definition, world, since=datetime.min.replace(tzinfo=UTC))
        moves += len(history.moves)
        returns += sum(move.back for move in history.moves)
        returned += any(move.back for move in history.moves)
    counted, wrong = xes.statistics(log), xes.differences(log)
    told = sorted(set(counted) & set(log.header))
    desk = {
        "cases": len(log.cases),
        "events": int(counted["meta_general:events_total"]),
        "moves": moves,
        "returns": returns,
        "cases_with_a_return": returned,
        "header": {key: {"told": float(log.header[key]), "counted": counted[key]} for key in told},
        "differences": wrong,
        "teams": [vars(stay) for stay in xes.time_per_team(log)],
    }
    return _tell(arguments, definition, world, result, desk)


def _tell(
    arguments: argparse.Namespace, definition: Definition, world: World, result: Result, desk: dict[str, Any]
) -> int:
    found = result.written(definition, world)
    if arguments.json:
        print(json.dumps({"desk": desk, "trial": found} if desk else found, ensure_ascii=False, indent=2))
        return 0
    if desk:
        agree = len(desk["header"]) - len(desk["differences"])
        print(
            f"{desk['cases']:,} cases, {desk['events']:,} events; {agree} of {len(desk['header'])} figures of the",
            end=" ",
        )
        print("log's header are the same, counted from the events.")
        print(
            f"{desk['moves']:,} moves, {desk['returns']:,} of them returns, in {desk['cases_with_a_return']:,} cases."
        )
        for stay in desk["teams"][:_SHOWN]:
            days = stay["seconds"] / 86_400
            print(f"  {stay['team']:<12} {days:>10,.1f} days in {stay['cases']:>5,} cases, {stay['stays']:>5,} stays")
    print(words.sentence(definition, world.labels))
    print(
        f"It would have caught {found['tickets']:,} of {found['looked_at']:,} tickets, firing {found['fired']:,} times."
    )
    print(
        f"{found['earlier']:,} of them before another hand-off, {found['nothing']:,} for nothing, "
        f"{found['open']:,} are still open."
    )
    if found["earlier_median_s"] is not None:
        print(f"Half of the time it would have been {duration(found['earlier_median_s'])} or more before the hand-off.")
    print(f"It would have saved {found['moves_saved']:,} moves.")
    for hit in found["hits"][:_SHOWN]:
        at = datetime.fromisoformat(hit["at"])
        earlier = f", {duration(hit['earlier_s'])} before the hand-off" if hit["earlier_s"] is not None else ""
        print(f"  {hit['label']:<14} {hit['times']:>3} × from {at:%Y-%m-%d %H:%M}  {hit['verdict']}{earlier}")
    return 0
