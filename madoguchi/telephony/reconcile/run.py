"""Carrying out a reconciliation: every row of a source has a call, or gets one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from madoguchi.foundation.busy import Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, NamedActor, record
from madoguchi.people.models import Staff
from madoguchi.problems.set_aside import set_aside
from madoguchi.telephony.actions.close_silent_calls import SILENCE
from madoguchi.telephony.actions.receive_events import append_events, receive_events
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Call, Reconciliation
from madoguchi.telephony.reconcile.comparing import what_differs, what_was_completed
from madoguchi.telephony.reconcile.groups import CdrCall, calls_of, reading_of, row_events
from madoguchi.telephony.reconcile.matching import matched
from madoguchi.telephony.reconcile.rows import BadRow, Row
from madoguchi.telephony.reconcile.sources import CdrSource, rows_of

BY = NamedActor("system", "CDR")
WHERE = "telephony.reconcile"
# A call that has just ended may still be told of, and one that was passed on has more rows to come.
SETTLED_AFTER = timedelta(minutes=10)
_AROUND = timedelta(hours=12)  # a call's rows lie within it
_AT_ONCE = 500
# What the records may know of a call.
_COMPLETED = {
    "started",
    "ended",
    "answered",
    "answered_by",
    "agents",
    "transfers",
    "outcome",
    "queue",
    "talk_s",
    "wait_s",
}
_DEFAULT_SENDER = "asterisk"


def reconcile(
    source: CdrSource, *, since: datetime | None = None, until: datetime | None = None, by: Staff | None = None
) -> Reconciliation:
    """Compare the calls that began in [since, until) with the source, now; what came of it.

    Done twice it changes nothing more. Calls whose last row ended less than ten minutes ago are left for the next time.
    Raises UnreadableSource or what was not foreseen, and leaves a Reconciliation that says why.
    """
    run = Reconciliation.objects.create(source=source.name[:300], since=since, until=until, asked_by=by)
    return carry_out(run, source, by or BY)


def carry_out(run: Reconciliation, source: CdrSource, by: Actor) -> Reconciliation:
    """The same for a run that exists."""
    try:
        _Work(run, source, by).do()
    except Exception as error:
        if isinstance(error, Busy) and run.scheduled_for:
            raise  # the claim ends by itself, and the run has another turn
        run.error, run.ended_at = (str(error) or type(error).__name__)[:2000], timezone.now()
        run.save()
        raise
    with transaction.atomic():
        run.error, run.ended_at = "", timezone.now()
        run.save()
        counts = {"rows": run.rows, "recovered": run.recovered_calls, "completed": run.completed}
        record("calls.reconciled", by=by, about=[run], data={"source": run.source, **counts, "refused": run.refused})
    return run


class _Work:
    def __init__(self, run: Reconciliation, source: CdrSource, by: Actor) -> None:
        self.run, self.source, self.by = run, source, by
        run.rows = run.matched = run.recovered = run.refused = run.completed = run.recovered_calls = run.unnamed = 0
        run.differences = []
        self._unforeseen: set[type[Exception]] = set()

    def do(self) -> None:
        calls = self._calls()
        found, self.run.shift_s = matched(calls, self.source.sender)
        if self.run.shift_s:
            text = _("The times of the records are %(written)s hours off; they were shifted. Name the right time zone.")
            self._differ("zone", text, written=f"{self.run.shift_s / 3600:+g}")
        for part in batched(enumerate(calls), _AT_ONCE, strict=False):
            self._compare([(call, found[place]) for place, call in part if place in found])
            for place, call in part:
                if place not in found:
                    self._recover(call)

    def _calls(self) -> list[CdrCall]:
        """The calls of the time asked for; bad rows are named on the way."""
        run, rows = self.run, list[Row]()
        since = run.since - _AROUND if run.since else None
        until = run.until + _AROUND if run.until else None
        for row in rows_of(self.source, since=since, until=until):
            if isinstance(row, BadRow):
                run.rows += 1
                run.refused += 1
                self._differ("refused", row.why, written=row.written, place=row.place)
            else:
                rows.append(row)
        settled = timezone.now() - SETTLED_AFTER
        calls = [
            call
            for call in calls_of(rows, self.source.naming)
            if (run.since is None or call.start_at >= run.since)
            and (run.until is None or call.start_at < run.until)
            and call.end_at < settled
        ]
        run.rows += sum(len(call.rows) for call in calls)
        return calls

    def _compare(self, pairs: Iterable[tuple[CdrCall, Call]]) -> None:
        """Complete the calls of which something was not heard; name those of which the records say something else."""
        whole: dict[int, tuple[Call, list[Row]]] = {}
        for cdr, call in pairs:
            self.run.matched += len(cdr.rows)
            whole.setdefault(call.pk, (call, []))[1].extend(cdr.rows)
        for call, rows in whole.values():
            where: dict[str, Any] = {"call": call.call_id, "at": call.started_at}
            try:
                if call.is_live and not _is_over(call, timezone.now()):
                    text = _("The records have an end of it, but it is still open: it was heard of since.")
                    self._differ("unlike", text, **where)
                    continue
                cdr = CdrCall(tuple(rows))
                self._check(self._completed(call, cdr), cdr)
            except Busy:
                raise
            except Exception as error:  # noqa: BLE001 (one call stops no other)
                self._fail(error, **where)

    def _completed(self, call: Call, cdr: CdrCall) -> Call:
        """The call with what the records add, where it lacks something that they may know."""
        record = call.record
        if not (call.is_live or record.get("recovered") or _COMPLETED & set(record["incomplete"])):
            return call
        shows = record["caller"]["presentation"] != "restricted" and self._shows_number(cdr)
        events = self._events(cdr, call.call_id, call.sender, numbers=shows)
        changed = append_events(call, events, by=self.by, now=timezone.now())
        found = what_was_completed(record, changed.record)
        self.run.completed += bool(found)
        for text, written in found:
            self._differ("completed", text, written=written, call=call.call_id, at=call.started_at)
        return changed

    def _check(self, call: Call, cdr: CdrCall) -> None:
        """Name where the records say something else than the call does now."""
        reading = reading_of(cdr, call.sender, self.source.naming)
        for text, written in what_differs(call, reading, timedelta(seconds=self.run.shift_s)):
            self._differ("unlike", text, written=written, call=call.call_id, at=call.started_at)

    def _events(self, cdr: CdrCall, name: str, sender: str, *, numbers: bool) -> list[Event]:
        shift = timedelta(seconds=self.run.shift_s)
        return row_events(cdr, name, sender, self.source.naming, shift=shift, numbers=numbers)

    def _shows_number(self, cdr: CdrCall) -> bool:
        return self.source.keeps_numbers or any(row.presentation for row in cdr.rows)

    def _recover(self, cdr: CdrCall) -> None:
        sender = self.source.sender or _DEFAULT_SENDER
        first = cdr.first
        try:
            events = self._events(cdr, cdr.call_id(sender), sender, numbers=self._shows_number(cdr))
            with transaction.atomic():
                for call in receive_events(events, sender=sender, by=self.by):
                    record("call.recovered", by=self.by, about=[call], data={"source": self.run.source})
        except Refused as error:
            self._differ("refused", str(error), place=first.place, at=first.start_at)
            self.run.refused += len(cdr.rows)
            return
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 (one call stops no other)
            self._fail(error, place=first.place, at=first.start_at)
            self.run.refused += len(cdr.rows)
            return
        self.run.recovered += len(cdr.rows)
        self.run.recovered_calls += 1
        text = _("There was no record of it; it was recovered.")
        at = first.start_at + timedelta(seconds=self.run.shift_s)
        self._differ("recovered", text, place=first.place, call=cdr.call_id(sender), at=at)

    def _fail(self, error: Exception, **where: Any) -> None:
        """Name the call that met an unforeseen error; the first error of a kind becomes a problem."""
        if type(error) not in self._unforeseen:
            self._unforeseen.add(type(error))
            set_aside(WHERE, error, source=self.run.source, **where)
        self._differ("refused", _("An unforeseen error; it is among the problems."), **where)

    def _differ(
        self,
        kind: str,
        text: str,
        *,
        written: str = "",
        place: int | None = None,
        call: str = "",
        at: datetime | None = None,
    ) -> None:
        if len(self.run.differences) >= Reconciliation.MOST:
            self.run.unnamed += 1
            return
        self.run.differences.append(
            {
                "kind": kind,
                "place": place,
                "call_id": call,
                "at": at.isoformat() if at else None,
                "why": text,
                "written": written,
            }
        )


def _is_over(call: Call, now: datetime) -> bool:
    """Whether a live call may be ended by its records; one that was passed on may have more rows to come."""
    return call.heard_at <= now - (SILENCE if call.record.get("transfers") else SETTLED_AFTER)
