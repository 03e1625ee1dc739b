"""The journal of a history: entries wait until everything earlier is known, and are written in the order of time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from madoguchi.demo.bulk import Tables
from madoguchi.demo.world import Who
from madoguchi.journal.models import Entry, Mention

type Subject = tuple[str, int | None] | None

SYSTEM: Who = ("system", None, "system")
_STATE = "operator.state_changed"


class Ledger:
    """Collects what ``journal.record`` would have written."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, str, Who, list[tuple[str, int]], Mapping[str, Any]]] = []
        self._serial = 0
        self._states: dict[int, tuple[str, datetime]] = {}

    def record(
        self, at: datetime, kind: str, *, by: Who, about: Iterable[Subject], data: Mapping[str, Any] | None = None
    ) -> None:
        """One entry; subjects are (model name, id), those without an id are skipped."""
        subjects = [(name, ref) for name, ref in filter(None, about) if ref is not None]
        self._serial += 1
        self._waiting.append((at, self._serial, kind, by, list(dict.fromkeys(subjects)), data or {}))

    def operator_is(self, at: datetime, staff: int, state: str, *, by: Who) -> None:
        """A telephone makes an operator's state; what it was before, and how long, is told when all is in order."""
        self.record(at, _STATE, by=by, about=[("staff", staff)], data={"to": state})

    def write(self, tables: Tables, *, until: datetime | None = None) -> None:
        """Put into ``tables`` what happened before ``until``; None: everything."""
        self._waiting.sort(key=lambda entry: entry[:2])
        entries, mentions = tables[Entry], tables[Mention]
        count = 0
        for at, _, kind, by, subjects, told in self._waiting:
            if until is not None and at >= until:
                break
            count += 1
            data = self._change(subjects[0][1], told["to"], at) if kind == _STATE else told
            entry = entries.add(at=at, kind=kind, actor_kind=by[0], actor_id=by[1], actor_name=by[2], data=data)
            for name, ref in subjects:
                mentions.add(entry_id=entry, kind=name, ref=ref)
        del self._waiting[:count]

    def _change(self, staff: int, state: str, at: datetime) -> dict[str, Any]:
        before, since = self._states.get(staff, ("available", at))
        self._states[staff] = (state, at)
        return {"from": before, "to": state, "reason": "", "seconds": int((at - since).total_seconds())}
