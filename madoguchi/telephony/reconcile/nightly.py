"""The reconciliation of every night, once for each source however many workers there are."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from madoguchi.foundation.busy import Busy
from madoguchi.problems.models import Problem
from madoguchi.problems.set_aside import resolve, set_aside
from madoguchi.telephony.models import Reconciliation
from madoguchi.telephony.reconcile.run import BY, WHERE, carry_out
from madoguchi.telephony.reconcile.sources import CdrSource

# Rows that come late are seen the next night.
_OVERLAP = timedelta(days=1)
_KEPT = timedelta(days=400)


def reconcile_due(sources: Iterable[CdrSource], now: datetime) -> int:
    """Carry out what the schedule asks for; how many. What fails becomes a problem of the administrators."""
    done = 0
    for source in sources:
        if source.at is None or (run := _claimed(source, now)) is None:
            continue
        done += 1
        begun = timezone.now()
        try:
            carry_out(run, source, BY)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 (one source stops no other)
            set_aside(WHERE, error, source=run.source)
            continue
        for problem in Problem.objects.filter(where=WHERE, resolved_at__isnull=True, at__lt=begun):
            if problem.facts.get("source") == run.source:
                resolve(problem)
        Reconciliation.objects.filter(ran_at__lt=now - _KEPT).delete()
    return done


def _claimed(source: CdrSource, now: datetime) -> Reconciliation | None:
    """The night's run, if it is due and nobody has it; one whose worker was killed is taken up again."""
    moment = _last(source, now)
    night = Reconciliation.objects.filter(source=source.name[:300], scheduled_for=moment)
    if not night.exists():
        made = Reconciliation(
            source=source.name[:300], scheduled_for=moment, ran_at=now - Reconciliation.CLAIM, until=now
        )
        made.since = _since(made.source, now)
        Reconciliation.objects.bulk_create([made], ignore_conflicts=True)
    free = night.filter(ended_at=None, ran_at__lte=now - Reconciliation.CLAIM)
    return night.get() if free.update(ran_at=now) else None


def _last(source: CdrSource, now: datetime) -> datetime:
    local = timezone.localtime(now)
    at = source.at
    moment = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0) if at else local
    return moment if moment <= local else moment - timedelta(days=1)


def _since(source: str, now: datetime) -> datetime:
    """A day before what the last one that worked has seen; the first looks one day back."""
    before = Reconciliation.objects.filter(source=source, scheduled_for__isnull=False, ended_at__isnull=False, error="")
    last = before.order_by("-until").values_list("until", flat=True).first()
    return (last or now) - _OVERLAP
