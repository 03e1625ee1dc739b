"""Rows that leave the house: claimed by conditional update, and marked only while the claim is still one's own.

Such a row has ``state`` (``queued``, ``sending``, then how it ended), ``attempts``, ``next_attempt_at``, ``claimed_by``
and ``claimed_until``. A worker that dies keeps its claim until it runs out; then another one tries again.
"""

import secrets
from datetime import datetime, timedelta

from django.db.models import Model, Q, QuerySet

from madoguchi.foundation.literal import Words
from madoguchi.foundation.prepared import update_if

CLAIM = timedelta(minutes=10)


def claim[M: Model](waiting: QuerySet[M], *, now: datetime, limit: int) -> QuerySet[M] | None:
    """Up to ``limit`` waiting rows whose time has come, the longest due first, claimed for ``CLAIM``; else None."""
    new, abandoned = Q(state="queued", next_attempt_at__lte=now), Q(state="sending", claimed_until__lt=now)
    due = waiting.filter(new | abandoned)
    keys = list(due.order_by("next_attempt_at", "id").values_list("pk", flat=True)[:limit])
    worker = secrets.token_hex(8)
    if not keys or not due.filter(pk__in=keys).update(state="sending", claimed_by=worker, claimed_until=now + CLAIM):
        return None
    return waiting.filter(state=Words("sending"), claimed_by=worker).order_by("next_attempt_at", "id")


def mark(row: Model, **outcome: object) -> bool:
    """Write the outcome of one attempt and give up the claim; False, and nothing is written, when it was lost."""
    mine = row.claimed_by  # type: ignore[attr-defined]
    changes = {"attempts": row.attempts + 1, "claimed_by": "", "claimed_until": None, **outcome}  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(row, name, value)
    return update_if(row, changes, claimed_by=mine)
