"""Rules as the tests of this room write them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from madoguchi.people.models import Staff
from madoguchi.rules import engine
from madoguchi.rules.actions.write import switch_rule, write_rule
from madoguchi.rules.models import Rule

TELL = {"kind": "notify", "whom": ["supervisors"]}
URGENT = {"kind": "priority", "one_of": ["urgent"]}


def on(*events: str) -> dict[str, Any]:
    return {"kind": "event", "on": list(events)}


def after(state: str, minutes: int, *, working: bool = True) -> dict[str, Any]:
    return {"kind": "time", "state": state, "seconds": minutes * 60, "working": working}


def rule(
    by: Staff,
    when: dict[str, Any],
    *then: dict[str, Any],
    where: dict[str, Any] | None = None,
    name: str = "規則",
    state: str = "on",
) -> Rule:
    """A rule that is on, unless told otherwise."""
    definition = {"when": when, "where": where or {"all": []}, "then": list(then) or [TELL]}
    return switch_rule(write_rule(name=name, definition=definition, by=by), state=state, by=by)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back: many examples of one test, without deleting."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    engine._definition.cache_clear()  # the next rule may have the id of one that never was
