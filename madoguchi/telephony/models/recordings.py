"""Recordings of calls: who may hear them, and how long they are kept."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.files.models import StoredFile
from madoguchi.foundation.literal import Words
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.telephony.models.calls import Call, CallAgent

DAYS = 90  # that recordings are kept, unless a policy says otherwise


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, access: Access) -> "RecordingQuerySet":
        """Supervisors and administrators hear every call that they may see, who takes calls only their own."""
        if access.can(Capability.HEAR_RECORDINGS):
            return self.filter(call__in=Call.objects.visible_to(access)) if access.is_partner else self
        if not access.can(Capability.TAKE_CALLS):
            return self.none()
        own = CallAgent.objects.filter(
            call=models.OuterRef("call"), staff=access.staff, state__in=Words("talking", "left")
        )
        return self.filter(models.Q(call__answered_by=access.staff) | models.Q(models.Exists(own)))

    def kept(self) -> "RecordingQuerySet":
        return self.filter(deleted_at__isnull=True)


class Recording(models.Model):
    """One recording of a call: a file of ours, a link to where it lies, or (neither) its name at the telephone system.

    ``source`` is what it was told as, so that it is entered once. ``queue`` and ``team`` decide how long it is kept.
    After ``deleted_at`` neither file nor link is left.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="recordings")
    source = models.CharField(max_length=64)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="recordings")
    url = models.CharField(max_length=2000, blank=True)
    name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    leg = models.CharField(max_length=200, blank=True)
    queue = models.CharField(max_length=80, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, db_index=False, related_name="recordings")
    recorded_at = models.DateTimeField()
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, db_index=False, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "source"], name="telephony_recording_once")]
        indexes = [
            models.Index(
                fields=["recorded_at", "id"],
                condition=models.Q(deleted_at__isnull=True),
                name="telephony_recording_kept",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.url or self.source


class RecordingPolicy(models.Model):
    """For how many days recordings are kept: those of a queue, else of a team, else (neither) all others."""

    queue = models.CharField(_("queue"), max_length=80, blank=True)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="recording_policies", verbose_name=_("team")
    )
    days = models.PositiveSmallIntegerField(_("days"), default=DAYS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.F("queue"),
                Coalesce("team", 0, output_field=models.BigIntegerField()),
                name="telephony_recording_policy_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.queue or self.team_id or 'all'}: {self.days}"
