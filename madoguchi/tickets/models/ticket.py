"""The one record of one inquiry until it is closed."""

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.db.models.lookups import In
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.files.models import Attachment
from madoguchi.foundation import damm
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.interactions.models import Channel
from madoguchi.knowledge.models import Article
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Contract, Organization, Person, Staff, Team


class Status(models.TextChoices):
    NEW = "new", _("New")
    OPEN = "open", _("Open")
    WAITING = "waiting", pgettext_lazy("ticket", "Waiting")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


ACTIVE = (Status.NEW, Status.OPEN, Status.WAITING)


class WaitingFor(models.TextChoices):
    REQUESTER = "requester", _("the requester")
    DEPARTMENT = "department", _("a department")
    VENDOR = "vendor", _("a vendor")
    DATE = "date", _("a date")


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, access: Access) -> "TicketQuerySet":
        """The tickets this person may see: all, or for a partner's staff only their teams' share."""
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            return self.filter(_of_teams("holder_team", "front_team", "offered_to", teams=access.team_ids))
        return self

    def shares_of(self, access: Access) -> list["TicketQuerySet"]:
        """What ``visible_to`` gives in parts that may overlap, each found by an index of its own; for long lists."""
        if not access.is_partner or not access.can(Capability.READ_TICKETS):
            return [self.visible_to(access)]
        columns = ("holder_team", "front_team", "offered_to")
        return [self.filter(**{column: team}) for column in columns for team in access.team_ids]

    def active(self) -> "TicketQuerySet":
        """Not resolved, not closed."""
        return self.filter(status__in=Words(*ACTIVE))

    def numbered(self, number: str) -> "TicketQuerySet":
        """The ticket with this number in any writing; none when mistyped."""
        ticket_id = id_of(number)
        return self.filter(pk=ticket_id) if ticket_id is not None else self.none()


def _of_teams(*columns: str, teams: Iterable[int]) -> models.Q:
    """One of these columns is one of the teams; rows are found by something else, whatever else is asked."""
    fits = models.Q()
    for column in columns:
        fits |= models.Q(In(Unindexed(column), list(teams)))
    return fits


def id_of(number: str) -> int | None:
    """The id behind a ticket number (``10482-6``, ``104826``, full width); None when the check digit is wrong."""
    digits = "".join(str(int(char)) for char in number if char.isdecimal())
    rest = [char for char in number if not char.isdecimal() and char not in "-‐‑–—−ー－#＃ 　"]
    if rest or not 2 <= len(digits) <= 18 or digits[0] == "0" or not damm.is_valid(digits):
        return None
    return int(digits[:-1])


class Ticket(models.Model):
    """An inquiry. The *front* answers the requester and stays; the *holder* works on it and moves only by hand-offs.

    ``moves`` counts accepted hand-offs and returns after acceptance; ``frozen_at`` says that routing waits for a
    supervisor, ``approval_asked_at`` that it is resolved only after one has approved. ``version`` grows with every
    change (If-Match). ``details`` are the answers to hearing items by key. ``next_due_at`` is the earliest
    deadline that runs (of ``next_due_kind``), kept by the clocks.
    """

    subject = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    waiting_for = models.CharField(max_length=10, choices=WaitingFor.choices, blank=True)
    waiting_until = models.DateTimeField(null=True, blank=True)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="tickets", db_index=False
    )
    details = models.JSONField(default=dict)

    requester = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="tickets", db_index=False)
    affected = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="affecting_tickets")
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="tickets", db_index=False
    )
    contract = models.ForeignKey(Contract, models.SET_NULL, null=True, blank=True, related_name="tickets")
    not_entitled = models.BooleanField(default=False)

    # An index over a column that many tickets share finds too many; those of the lists are in ``Meta``.
    front_team = models.ForeignKey(Team, models.PROTECT, related_name="front_tickets", db_index=False)
    front_staff = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="front_tickets", db_index=False
    )
    holder_team = models.ForeignKey(Team, models.PROTECT, related_name="held_tickets", db_index=False)
    assignee = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="assigned_tickets", db_index=False
    )
    offered_to = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="offered_tickets", db_index=False
    )
    moves = models.PositiveSmallIntegerField(default=0)
    moves_granted = models.PositiveSmallIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True, blank=True)
    approval_asked_at = models.DateTimeField(null=True, blank=True)

    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    follow_up_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="follow_ups")
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")

    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    call_back_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    next_due_kind = models.CharField(max_length=16, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="resolved_tickets", db_index=False
    )
    resolved_at_first_line = models.BooleanField(default=False)
    resolution = models.TextField(blank=True)
    article = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="tickets")
    no_article_reason = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[TicketQuerySet] = TicketQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="tickets_by_update"),
            models.Index(fields=["opened_at", "id"], name="tickets_by_age"),
            models.Index(fields=["holder_team", "-updated_at", "-id"], name="tickets_by_holder"),
            models.Index(fields=["front_team", "-updated_at", "-id"], name="tickets_by_front"),
            models.Index(fields=["assignee", "-updated_at", "-id"], name="tickets_by_assignee"),
            models.Index(fields=["category", "-updated_at", "-id"], name="tickets_by_category"),
            models.Index(fields=["channel", "-updated_at", "-id"], name="tickets_by_channel"),
            models.Index(fields=["priority", "-updated_at", "-id"], name="tickets_by_priority"),
            models.Index(fields=["requester", "-updated_at", "-id"], name="tickets_by_requester"),
            models.Index(fields=["organization", "-updated_at", "-id"], name="tickets_by_customer"),
            models.Index(fields=["offered_to"], condition=models.Q(offered_to__isnull=False), name="tickets_offered"),
            models.Index(
                fields=["holder_team", "opened_at", "id"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_team",
            ),
            models.Index(
                fields=["opened_at", "id"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_age",
            ),
            models.Index(
                fields=["-updated_at", "-id"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_update",
            ),
            models.Index(
                fields=["assignee", "opened_at"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_assignee",
            ),
            models.Index(
                fields=["front_staff"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_front_staff",
            ),
            models.Index(
                fields=["requester"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_requester",
            ),
            models.Index(
                fields=["organization"],
                condition=models.Q(status__in=["new", "open", "waiting"]),
                name="tickets_active_by_customer",
            ),
            models.Index(
                fields=["call_back_at", "id"],
                condition=models.Q(call_back_at__isnull=False),
                name="tickets_by_call_back",
            ),
            models.Index(
                fields=["next_due_at", "id"],
                condition=models.Q(next_due_at__isnull=False),
                name="tickets_by_due",
            ),
            models.Index(
                fields=["holder_team", "next_due_at", "id"],
                condition=models.Q(assignee__isnull=True, next_due_at__isnull=False),
                name="tickets_unassigned_by_due",
            ),
            models.Index(fields=["frozen_at"], condition=models.Q(frozen_at__isnull=False), name="tickets_frozen"),
            models.Index(fields=["resolved_at"], condition=models.Q(status="resolved"), name="tickets_resolved"),
            models.Index(
                fields=["approval_asked_at"],
                condition=models.Q(approval_asked_at__isnull=False),
                name="tickets_to_approve",
            ),
            models.Index(
                fields=["-updated_at", "-id"], condition=models.Q(status="resolved"), name="tickets_resolved_by_update"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number_shown} {self.subject}"

    @property
    def number(self) -> str:
        """Digits with Damm's check digit at the end, as the API addresses a ticket."""
        return number_of(self.pk)

    @property
    def number_shown(self) -> str:
        """``10482-6``, as it is read aloud."""
        return shown(self.pk)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def move_limit(self) -> int:
        """The move at which routing freezes: the category's, later by what supervisors have granted."""
        return (self.category.move_limit if self.category else 3) + self.moves_granted


def number_of(ticket_id: int) -> str:
    return f"{ticket_id}{damm.check_digit(str(ticket_id))}"


def shown(ticket_id: int) -> str:
    return f"{ticket_id}-{damm.check_digit(str(ticket_id))}"


class Message(models.Model):
    """Text to or from the requester, or an internal note."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public")
        INTERNAL = "internal", _("Internal")

    class Delivery(models.TextChoices):
        """How a public answer reaches the requester."""

        NONE = "none", _("Not sent")
        MAIL = "mail", _("By mail")
        CALL_BACK = "call_back", _("By telephone")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages", db_index=False)
    visibility = models.CharField(max_length=10, choices=Visibility.choices)
    from_requester = models.BooleanField(default=False)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="messages")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="messages")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="messages")
    author_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    body = models.TextField()
    quoted = models.TextField(blank=True)
    html = models.TextField(blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.NONE)
    incoming = models.ForeignKey(IncomingMail, models.PROTECT, null=True, blank=True, related_name="messages")
    outgoing = models.ForeignKey(OutgoingMail, models.PROTECT, null=True, blank=True, related_name="messages")
    attachments: "models.ManyToManyField[Attachment, models.Model]" = models.ManyToManyField(
        Attachment, blank=True, related_name="messages"
    )

    class Meta:
        indexes = [models.Index(fields=["ticket", "id"], name="tickets_messages")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.body[:40]}"


class Approval(models.Model):
    """A supervisor has to approve before the ticket is resolved: why, and what they said.

    ``decided_at`` without ``approved_at``: something is still to be done, ``note`` says what.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="approvals")
    reason = models.CharField(max_length=500)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="approvals")
    decided_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.reason[:40]}"
