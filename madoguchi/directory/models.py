"""Runs of the synchronization with a directory server: asked for, under way, and what each changed or would change."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.people.models import Staff


class Run(models.Model):
    """One reading of the directory server, and what came of it.

    ``next_at`` is when a worker may begin, or begin again: a claim puts it ahead, and each page that is read a little
    further, so that a killed worker's run is taken up by another. None: it has ended. ``scheduled_for``: the moment of
    the schedule, once each. ``may_vanish``: as many removals have been confirmed, None: any number. ``counts``:
    contacts by what happened to them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("run", "Waiting")
        READING = "reading", _("Under way")
        PREVIEWED = "previewed", _("Previewed")
        HELD = "held", _("Stopped: somebody has to confirm")
        DONE = "done", _("Taken over")
        FAILED = "failed", pgettext_lazy("run", "Failed")

    CLAIM = timedelta(minutes=10)

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    is_preview = models.BooleanField(default=False)
    may_vanish = models.PositiveIntegerField(null=True, default=0)
    asked_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    scheduled_for = models.DateTimeField(null=True, blank=True, unique=True)
    next_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    server = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    read = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="directory_run_due"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def vanishing(self) -> int:
        return int(self.counts.get("removed", 0))


class RunChange(models.Model):
    """What a run changed, or would change, about one contact or department, or an entry that was set aside.

    ``kind``: a kind of ``changes.Kind``, or ``refused``; ``fields``: ``[name, before, after]`` each, as shown.
    """

    REFUSED = "refused"

    run = models.ForeignKey(Run, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10)
    is_department = models.BooleanField(default=False)
    name = models.CharField(max_length=300)
    department = models.CharField(max_length=100, blank=True)
    fields = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "kind", "id"], name="directory_change_of_run")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Told(models.Model):
    """Which fields an entry of the server had last: what it had then and has no longer is emptied here, too, and what
    it never had stays as people wrote it.
    """

    origin = models.CharField(max_length=255, unique=True)
    fields = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.origin


class ScimEntry(models.Model):
    """A person or group as an identity provider keeps it here by SCIM: ``document`` as it was told, without password.

    ``kind`` is ``User`` or ``Group``, ``key`` what the provider knows it by; ``unique_name`` a person's user name in
    small letters.
    """

    key = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=255, blank=True)
    unique_name = models.CharField(max_length=255, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    document = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "external_id"], name="directory_scim_external")]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_name"], condition=~models.Q(unique_name=""), name="directory_scim_user_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def origin(self) -> str:
        """How the contact or department of it is known in the directory."""
        return f"scim:{self.key}"

    @property
    def members(self) -> list[str]:
        """The keys of a group's people."""
        found = self.document.get("members") or []
        return [str(one.get("value")) for one in found if isinstance(one, dict)]
