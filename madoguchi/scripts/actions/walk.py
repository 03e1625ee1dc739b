"""Walking along a script during a contact. Each step writes its trail and, like a draft, no journal entry."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import record
from madoguchi.people.models import Staff
from madoguchi.scripts.models import ScriptVersion, Walk


@transaction.atomic
def begin(interaction: Interaction, *, version: ScriptVersion, here: str, by: Staff, round: int = 0) -> Walk:
    """The walk of this inquiry along the version; twice is once. It stays on it, whatever comes into force."""
    now = timezone.now()
    walk, created = Walk.objects.get_or_create(
        interaction=interaction,
        round=round,
        version=version,
        defaults={"staff": by, "here": here, "started_at": now},
    )
    if created:
        if here:
            walk.trail.create(step=here, entered_at=now)
        record("walk.began", by=by, about=[walk, interaction, version.script], data={"number": version.number})
    return walk


@transaction.atomic
def go(walk: Walk, *, to: str, passed: Collection[str] = (), by: Staff) -> Walk:
    """One stands at ``to`` now; ``passed`` are the steps left by going on so far. A walk that was left goes on."""
    walk = _held(walk)
    if walk.outcome not in {"", Walk.Outcome.LEFT}:
        raise Refused(_("This inquiry is settled."), code="settled", status=409)
    now = timezone.now()
    resumed = bool(walk.outcome)
    moved = resumed or to != walk.here
    if moved:
        _leave_step(walk, now)
        walk.trail.create(step=to, entered_at=now)
    walk.here, walk.passed, walk.staff = to, sorted(set(passed)), by
    walk.ended_at, walk.outcome = None, ""
    walk.save(update_fields=["here", "passed", "staff", "ended_at", "outcome"])
    return walk


@transaction.atomic
def finish(walk: Walk, *, outcome: str, by: Staff) -> Walk:
    """The inquiry has its outcome, or the script is left; a walk that has one keeps it, unless it was only left."""
    walk = _held(walk)
    if walk.outcome not in {"", Walk.Outcome.LEFT} or walk.outcome == outcome:
        return walk
    now = timezone.now()
    _leave_step(walk, now)
    walk.ended_at, walk.outcome = now, outcome
    walk.save(update_fields=["ended_at", "outcome"])
    record(
        "walk.ended",
        by=by,
        about=[walk, walk.interaction, walk.version.script],
        data={"outcome": outcome, "step": walk.here, "number": walk.version.number},
    )
    return walk


def _held(walk: Walk) -> Walk:
    return Walk.objects.select_for_update(of=("self",)).select_related("version__script", "interaction").get(pk=walk.pk)


def _leave_step(walk: Walk, now: datetime) -> None:
    stay = walk.trail.filter(seconds__isnull=True).order_by("-id").first()
    if stay is not None:
        stay.seconds = max(0, round((now - stay.entered_at).total_seconds()))
        stay.save(update_fields=["seconds"])
