"""What came of holding the calls against call data records: the table of ``reconcile``."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from madoguchi.people.models import Staff


class Reconciliation(models.Model):
    """One comparison of the desk's calls with call data records (CDR), and what came of it.

    ``rows`` are those of [since, until), bad ones included; ``matched`` had a call, ``recovered`` got one, ``refused``
    could not be read. ``completed`` and ``recovered_calls`` count calls. ``shift_s``: by how many seconds the times of
    the records had to be shifted, because they are not of the zone that was named. ``differences``: at most ``MOST``
    of ``{"kind", "place", "call_id", "at", "why", "written"}`` (``why`` is to be translated, ``written`` stands in it);
    ``unnamed`` is how many more there were. ``scheduled_for``: the moment of the schedule, once for each source.
    ``ended_at`` is null while it runs.
    """

    MOST = 500
    CLAIM = timedelta(minutes=30)

    ran_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    scheduled_for = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+", db_index=False)
    source = models.CharField(max_length=300)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    recovered = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    recovered_calls = models.PositiveIntegerField(default=0)
    shift_s = models.IntegerField(default=0)
    differences = models.JSONField(default=list)
    unnamed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "scheduled_for"], name="telephony_reconciliation_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.ran_at:%Y-%m-%d %H:%M}"

    @property
    def percentage(self) -> float:
        """Share of the rows that have a call record now, rounded down: 100 is none without."""
        return 100.0 if not self.rows else 1000 * (self.matched + self.recovered) // self.rows / 10

    def told(self) -> list[dict[str, Any]]:
        """The differences with ``text``, a sentence in the reader's language, and ``moment``, the time of ``at``."""
        return [
            {
                **{key: value for key, value in one.items() if key not in ("why", "written")},
                "text": _sentence(one["why"], one["written"]),
                "moment": datetime.fromisoformat(one["at"]) if one["at"] else None,
            }
            for one in self.differences
        ]


def _sentence(why: str, written: str) -> str:
    return gettext(why) % {"written": written} if written else gettext(why)
