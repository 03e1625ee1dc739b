"""Every contact, whatever the channel, and what belongs to it until it is settled."""

from typing import ClassVar

from django.db import models
from django.db.models.lookups import Exact, In
from django.utils.translation import gettext_lazy as _

from madoguchi.files.models import Attachment
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.interactions.models.reasons import LONGEST_KEY
from madoguchi.mail.models import IncomingMail
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Contract, Organization, Person, Staff, Team
from madoguchi.telephony.models import Call, Order, seats_of


class Channel(models.TextChoices):
    PHONE = "phone", _("Phone")
    MAIL = "mail", _("Mail")
    WEB = "web", _("Web")
    CHAT = "chat", _("Chat")
    VISIT = "visit", _("Visit")
    BYPASS = "bypass", _("Bypassed the desk")


# Channels on which somebody of ours speaks with the requester, who has thereby heard from us.
SPOKEN = frozenset({Channel.PHONE, Channel.VISIT, Channel.CHAT})


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, access: Access) -> "InteractionQuerySet":
        """A partner's staff see only what they or their teams took or are offered; others who may read see all."""
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            theirs = models.Exists(seats_of(access, models.OuterRef("call")))
            own = models.Q(In(Unindexed("team"), access.team_ids)) | models.Q(
                Exact(Unindexed("staff"), access.staff.pk)
            )
            return self.filter(own | theirs)
        return self

    def open(self) -> "InteractionQuerySet":
        """Contacts that are neither linked to a ticket nor marked with why there is none; ended or not."""
        return self.filter(state=Words(Interaction.State.OPEN))

    def unsettled(self) -> "InteractionQuerySet":
        """Those of them that have ended."""
        return self.open().filter(ended_at__isnull=False)


class Interaction(models.Model):
    """One contact by one person on one channel. It ends linked to a ticket, or dismissed.

    ``dismissed_reason`` is the key of a ``NoTicketReason``.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Unsettled")
        LINKED = "linked", _("Linked to a ticket")
        DISMISSED = "dismissed", _("No ticket needed")

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Inbound")
        OUTBOUND = "outbound", _("Outbound")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.INBOUND)
    call = models.OneToOneField(Call, models.PROTECT, null=True, blank=True, related_name="interaction")
    mail = models.OneToOneField(IncomingMail, models.PROTECT, null=True, blank=True, related_name="interaction")
    address = models.CharField(max_length=254, blank=True)
    contact_name = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    staff = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False)
    summary = models.TextField(blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    is_abandoned = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    dismissed_reason = models.CharField(max_length=LONGEST_KEY, blank=True)
    dismissed_note = models.CharField(max_length=500, blank=True)
    attachments = models.ManyToManyField(Attachment, blank=True, related_name="interactions")

    objects: ClassVar[InteractionQuerySet] = InteractionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["started_at", "id"], name="interactions_by_start"),
            models.Index(fields=["person", "-started_at"], name="interactions_by_person"),
            models.Index(fields=["organization", "-started_at"], name="interactions_by_customer"),
            models.Index(fields=["staff", "-started_at"], name="interactions_by_staff"),
            models.Index(fields=["channel", "-started_at"], name="interactions_by_channel"),
            models.Index(fields=["address", "-started_at", "-id"], name="interactions_by_address"),
            models.Index(fields=["ended_at", "id"], condition=models.Q(state="open"), name="interactions_unsettled"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address or self.contact_name}"


class IntakeDraft(models.Model):
    """What an operator has typed for a contact so far; autosaved, without a journal entry.

    ``data`` holds the fields of the intake page as they stand, hearing items under ``details``.
    """

    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="draft")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="drafts")
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft of {self.interaction_id}"


class IdentityCheck(models.Model):
    """本人確認: which of the contract's questions were asked, and whether the caller is who they say.

    ``asked`` is a list of ``{"question": str, "passed": bool}``; the answers themselves are not kept.
    """

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="identity_checks")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True)
    contract = models.ForeignKey(Contract, models.SET_NULL, null=True, blank=True)
    asked = models.JSONField(default=list)
    passed = models.BooleanField()
    read_back = models.BooleanField(default=False)
    staff = models.ForeignKey(Staff, models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.interaction_id}: {self.passed}"


class Passing(models.Model):
    """A live call is passed on: to a colleague, whose screen shows the contact before they pick up, or to a number.

    ``order`` is what the telephone system was told; without one it is passed on by hand.
    """

    class Kind(models.TextChoices):
        BLIND = "blind", _("Pass it on at once")
        ATTENDED = "attended", _("After talking to them first")

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="passings")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    to_staff = models.ForeignKey(Staff, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    to_number = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BLIND)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    order = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["to_staff", "-at"], name="interactions_passed_to")]

    def __str__(self) -> str:
        return f"{self.interaction_id} to {self.to_number}"
