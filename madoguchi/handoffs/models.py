"""The offer of a ticket by one team to another, the supervisor's decision, and notes for the next shift."""

from typing import ClassVar

from django.db import models
from django.db.models.lookups import In
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madoguchi.consultations.models import Consultation
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.models import Ticket


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, access: Access) -> "HandoffQuerySet":
        """Whoever may see the ticket; a partner's staff only what came to or from their own teams."""
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            own = access.team_ids
            return self.filter(models.Q(In(Unindexed("from_team"), own)) | models.Q(In(Unindexed("to_team"), own)))
        return self

    def waiting(self) -> "HandoffQuerySet":
        return self.filter(state=Words(Handoff.State.OFFERED))


class Handoff(models.Model):
    """Why a ticket is to move, with the items its category and destination require. Ownership moves on acceptance.

    ``details`` are the answers as offered, ``missing`` the required keys that an urgent offer left open. ``by_rule``
    names the rule that offered or moved it; nobody stands in ``offered_by`` then, and in ``accepted_by`` when it moved.
    ``for_duty``: the team was closed, so it went to whoever was on duty.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        RETURNED = "returned", _("Returned")
        RECALLED = "recalled", _("Recalled")

    class ReasonCode(models.TextChoices):
        BEYOND_SCOPE = "beyond_scope", _("Beyond the first line's scope")
        BEYOND_KNOWLEDGE = "beyond_knowledge", _("Beyond our knowledge")
        NO_AUTHORITY = "no_authority", _("No authority to decide")
        NEEDS_ACCESS = "needs_access", _("Needs access rights")
        NEEDS_SPECIALIST = "needs_specialist", _("Needs a specialist")
        CUSTOMER_ASKED = "customer_asked", _("The customer asked for it")
        RULE = "rule", _("By a rule")
        OTHER = "other", _("Other")

    class ReturnReason(models.TextChoices):
        WRONG_TEAM = "wrong_team", _("Wrong team")
        MISSING_INFORMATION = "missing_information", _("Information is missing")
        FIRST_LINE_CAN_SOLVE = "first_line_can_solve", _("The first line can solve it")
        DUPLICATE = "duplicate", _("Duplicate")
        OUT_OF_SCOPE = "out_of_scope", _("Out of scope")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="handoffs")
    from_team = models.ForeignKey(Team, models.PROTECT, related_name="handoffs_out", db_index=False)
    to_team = models.ForeignKey(Team, models.PROTECT, related_name="handoffs_in", db_index=False)
    to_staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="handoffs_in")
    for_duty = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    reason = models.TextField()
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices, default=ReasonCode.OTHER)
    details = models.JSONField(default=dict)
    required = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    urgent_because = models.CharField(max_length=500, blank=True)
    offered_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="handoffs_offered", db_index=False
    )
    by_rule = models.CharField(max_length=200, blank=True)
    offered_at = models.DateTimeField()
    accepted_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="handoffs_accepted", db_index=False
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="handoffs_ended", db_index=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=20, choices=ReturnReason.choices, blank=True)
    return_note = models.TextField(blank=True)
    article = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="returned_handoffs")

    objects: ClassVar[HandoffQuerySet] = HandoffQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=models.Q(state="offered"), name="handoffs_one_open_offer"
            )
        ]
        indexes = [
            models.Index(
                fields=["to_team", "offered_at"], condition=models.Q(state="offered"), name="handoffs_waiting"
            ),
            models.Index(fields=["offered_at"], name="handoffs_by_time"),
            models.Index(
                fields=["accepted_at"], condition=models.Q(accepted_at__isnull=False), name="handoffs_by_acceptance"
            ),
            models.Index(fields=["ended_at"], condition=models.Q(state="returned"), name="handoffs_by_return"),
            models.Index(
                fields=["from_team", "-ended_at"], condition=models.Q(state="returned"), name="handoffs_came_back"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.from_team} → {self.to_team}"

    def told(self) -> dict[str, int | str]:
        """Which hand-off, from where to where, as the journal tells it."""
        return {
            "handoff": self.pk,
            "from": self.from_team.name,
            "from_id": self.from_team_id,
            "to": self.to_team.name,
            "to_id": self.to_team_id,
        }

    @property
    def offered_by_name(self) -> str:
        """The person, or the rule."""
        return self.offered_by.name if self.offered_by else gettext("Rule “%(name)s”") % {"name": self.by_rule}


class RoutingDecision(models.Model):
    """What a supervisor decided about a frozen ticket, with the whole trail in front of them."""

    class Kind(models.TextChoices):
        ASSIGN = "assign", _("Assigned to a team")
        TAKE = "take", _("Taken over by the supervisor")
        ALLOW = "allow", _("One more hand-off allowed")
        KEEP = "keep", _("Stays where it is")
        ASK = "ask", _("A team or a department was asked")

    MOVING: ClassVar[tuple[str, ...]] = (Kind.ASSIGN, Kind.TAKE)  # ``team`` holds it from then on

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="routing_decisions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="routing_decisions")
    consultation = models.OneToOneField(
        Consultation, models.SET_NULL, null=True, blank=True, related_name="routing_decision"
    )
    note = models.CharField(max_length=500)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="routing_decisions")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.kind}"


class ShiftNoteQuerySet(models.QuerySet["ShiftNote"]):
    def visible_to(self, access: Access) -> "ShiftNoteQuerySet":
        """The notes of the teams this person works for."""
        if not access.can(Capability.WORK_TICKETS):
            return self.none()
        return self.filter(team__in=[team.pk for team in Team.objects.all() if access.acts_for(team)])


class ShiftNote(models.Model):
    """申し送り: what the next shift of a team has to know, tied to no one ticket."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="shift_notes")
    body = models.TextField()
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="shift_notes")
    at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ShiftNoteQuerySet] = ShiftNoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["team", "-at"], name="handoffs_shift_notes")]

    def __str__(self) -> str:
        return self.body[:40]


class ShiftNoteAcknowledgement(models.Model):
    """Somebody of the next shift has read a note."""

    note = models.ForeignKey(ShiftNote, models.CASCADE, related_name="acknowledgements")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="shift_note_acknowledgements")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "staff"], name="handoffs_acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} read {self.note_id}"
