"""The journal of a history: entries wait until everything earlier is known, and are written in the order of time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from random import Random
from typing import Any

from django.utils import timezone

from madoguchi.demo.bulk import Tables
from madoguchi.demo.shifts import day_of_work
from madoguchi.demo.world import ZONE, Member, Who
from madoguchi.journal.models import Entry, Mention
from madoguchi.telephony.models import StateTime
from madoguchi.telephony.state_times import slices

type Subject = tuple[str, int | None] | None

SYSTEM: Who = ("system", None, "system")
_STATE, _OFF = "operator.state_changed", "logged_off"


class Ledger:
    """Collects what ``journal.record`` would have written."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, str, Who, list[tuple[str, int]], Mapping[str, Any]]] = []
        self._serial = 0
        self._states: dict[int, tuple[str, datetime]] = {}
        self._calls: defaultdict[tuple[date, int], list[tuple[datetime, str]]] = defaultdict(list)
        self._names: dict[int, str] = {}
        self._spent: defaultdict[tuple[int, datetime, str], float] = defaultdict(float)

    def record(
        self, at: datetime, kind: str, *, by: Who, about: Iterable[Subject], data: Mapping[str, Any] | None = None
    ) -> None:
        """One entry; subjects are (model name, id), those without an id are skipped."""
        subjects = [(name, ref) for name, ref in filter(None, about) if ref is not None]
        self._serial += 1
        self._waiting.append((at, self._serial, kind, by, list(dict.fromkeys(subjects)), data or {}))

    def operator_is(self, at: datetime, member: Member, state: str) -> None:
        """A telephone makes an operator's state; the day around it is told when all is in order."""
        self._names[member.id] = member.name
        self._calls[at.astimezone(ZONE).date(), member.id].append((at, state))

    def write(self, tables: Tables, *, until: datetime | None = None) -> None:
        """Put into ``tables`` what happened before the day of ``until``; None: everything."""
        if until is not None:
            until = until.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        self._tell_days(until.date() if until else None)
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

    def write_state_times(self, tables: Tables) -> None:
        """How long everybody was in each state, as ``spend`` keeps it; once, when everything is told.

        Half hours of which a history before this one told stay as they are.
        """
        times, told = tables[StateTime], set(StateTime.objects.values_list("staff", "slot"))
        for (staff, slot, state), seconds in self._spent.items():
            if (staff, slot) not in told:
                times.add(staff_id=staff, slot=slot, state=state, seconds=seconds)

    def _tell_days(self, until: date | None) -> None:
        """The working days before ``until``, of which no call is still to be told."""
        now = timezone.now()
        after = {staff: since for staff, (_, since) in self._states.items()}
        for day, staff in sorted(key for key in self._calls if until is None or key[0] < until):
            calls = sorted(self._calls.pop((day, staff)))
            chance = Random(day.toordinal() * 10_007 + staff)  # of its own: the stories stay as they are
            changes = day_of_work(calls, after=after.get(staff), now=now, chance=chance)
            after[staff] = changes[-1][0]
            for at, state, chosen in changes:
                by: Who = ("staff", staff, self._names[staff]) if chosen else SYSTEM
                self.record(at, _STATE, by=by, about=[("staff", staff)], data={"to": state})

    def _change(self, staff: int, state: str, at: datetime) -> dict[str, Any]:
        before, since = self._states.get(staff, (_OFF, at))
        self._states[staff] = (state, at)
        if before != _OFF:
            for slot, seconds in slices(since, at):
                self._spent[staff, slot, before] += seconds
        return {"from": before, "to": state, "reason": "", "seconds": int((at - since).total_seconds())}
