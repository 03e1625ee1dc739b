"""What waits to be indexed, and what the engines find tickets by."""

from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True)
class Postings:
    """Refs that hold a term, greatest first, and how many documents hold it: exactly while all of them were read,
    else as far as those that were read tell.
    """

    refs: tuple[int, ...]
    held_by: float


class Pending(models.Model):
    """The texts of (kind, ref) changed and are not indexed yet. ``version`` grows with every further change.

    A drainer deletes the row only at the version it has read, so a change in between is never lost.
    """

    kind = models.CharField(max_length=24)
    ref = models.BigIntegerField()
    version = models.PositiveBigIntegerField(default=1)
    error = models.TextField(blank=True, default="", db_default="")
    queued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="search_pending_once")]
        indexes = [models.Index(fields=["id"], condition=models.Q(error=""), name="search_pending_ready")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref} v{self.version}"


class Document(models.Model):
    """The indexed words of (kind, ref), separated by blanks; the engine's own index is beside it (migration 0002)."""

    kind = models.CharField(max_length=24)
    ref = models.BigIntegerField()
    terms = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="search_document_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref}"


class Synonyms(models.Model):
    """Words that mean the same, one a line: whoever says one of them finds what says another (``synonyms``)."""

    words = models.TextField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["words", "id"]

    def __str__(self) -> str:
        return " = ".join(self.listed)

    @property
    def listed(self) -> list[str]:
        """The words, as they were written."""
        return self.words.split("\n")
