"""Answers that are kept for a day, so that a repeated request is answered and not done again."""

from django.db import models

from madoguchi.people.tokens import ApiToken


class KeptAnswer(models.Model):
    """The answer to one Idempotency-Key of one token; it commits together with what was done.

    ``fingerprint`` is SHA-256 over method, path and body of the request.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="api_key_once_per_token")]
        indexes = [models.Index(fields=["at"], name="api_kept_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
