"""API tokens: a member of staff's key for programs, kept only as a hash."""

import hashlib
import secrets
from datetime import datetime

from django.db import models
from django.utils import timezone

from madoguchi.foundation.prepared import Prepared
from madoguchi.people.staff import Staff

SCOPES = (
    "tickets:read",
    "tickets:write",
    "people:read",
    "calls:write",
    "calls:read",
    "knowledge:read",
    "knowledge:write",
    "feeds:read",
    "reports:read",
    "directory:write",
    "admin",
)


class ApiToken(models.Model):
    """``scopes`` is a list out of ``SCOPES``; ``admin`` includes all. The text itself is shown once and not kept."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.staff} {self.name}"

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


_by_hash = Prepared(
    lambda digest: ApiToken.objects.select_related("staff").filter(hash=digest, revoked_at__isnull=True)
)


def issue(*, staff: Staff, scopes: list[str], name: str = "", expires_at: datetime | None = None) -> str:
    """Make a token and return its text, this once."""
    text = "mdg_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(staff=staff, name=name, hash=_hash(text), scopes=scopes, expires_at=expires_at)
    return text


def find(text: str) -> ApiToken | None:
    """The live token with this text, its staff loaded; None when unknown, expired, revoked or its owner has left."""
    token = _by_hash.first(_hash(text))
    if token is None or not token.staff.is_active:
        return None
    return None if token.expires_at and token.expires_at <= timezone.now() else token


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
