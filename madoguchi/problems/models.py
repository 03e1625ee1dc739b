"""What went wrong: a bug on a page, a row or mail that was set aside. Shown to the administrator until resolved."""

import secrets

from django.db import models

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters and digits that are mixed up over the phone


def new_id() -> str:
    """An id that a user can read out: ``7K3MQ9TD``."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


class Problem(models.Model):
    """One error, with what is needed to find it and to try again.

    ``where`` names the place (``page``, ``mail.outbox``, ``worker.search``), ``facts`` the rows and originals.
    """

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    where = models.CharField(max_length=64)
    kind = models.CharField(max_length=200)
    message = models.TextField()
    traceback = models.TextField(blank=True)
    path = models.CharField(max_length=500, blank=True)
    staff_id = models.BigIntegerField(null=True, blank=True)
    facts = models.JSONField(default=dict)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["-at"],
                name="problems_open",
                condition=models.Q(resolved_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.where}: {self.message[:80]}"
