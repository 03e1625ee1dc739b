"""Originals and attachments, stored once each under the hash of their content."""

from django.db import models


class StoredFile(models.Model):
    """Bytes as they came. ``path`` is relative to the data folder; the content is never changed."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    stored_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256


class Removal(models.Model):
    """Bytes that nothing refers to any more, noted as their row ends: the file goes once that is committed."""

    sha256 = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.sha256


class Attachment(models.Model):
    """A stored file under the name and type that its sender gave it."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100, default="application/octet-stream")

    def __str__(self) -> str:
        return self.name
