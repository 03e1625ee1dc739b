"""The append-only record of everything that happened."""

from django.db import models


class Entry(models.Model):
    """One thing that happened: who did what, when, to which subjects. Never changed, never deleted.

    Actor and subjects are named by (kind, id) without foreign keys, so that an entry outlives everything it names.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "at"], name="journal_entry_kind_at")]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Mention(models.Model):
    """An entry concerns a subject: (``ticket``, its id), (``team``, its id), …"""

    entry = models.ForeignKey(Entry, models.DO_NOTHING, related_name="mentions", db_index=False)
    kind = models.CharField(max_length=24)
    ref = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref", "entry"], name="journal_mention_once")]
        indexes = [models.Index(fields=["entry"], name="journal_mention_entry")]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.kind}:{self.ref}"
