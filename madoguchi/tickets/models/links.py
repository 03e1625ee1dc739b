"""What belongs to a ticket: contacts, calls that are owed, mail threads, other tickets."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.mail.models import MailThread
from madoguchi.people.access import Access, Capability
from madoguchi.tickets.models.ticket import Message, Ticket


class TicketInteractionQuerySet(models.QuerySet["TicketInteraction"]):
    def visible_to(self, access: Access) -> "TicketInteractionQuerySet":
        """Links to the tickets that this person may see."""
        if access.can(Capability.READ_TICKETS) and not access.is_partner:
            return self  # asking which of them would read every ticket
        return self.filter(ticket__in=Ticket.objects.visible_to(access))


class TicketInteraction(models.Model):
    """A contact belongs to a ticket; one call can open two tickets, one ticket has many contacts."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="contact_links")
    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="ticket_links")
    linked_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[TicketInteractionQuerySet] = TicketInteractionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "interaction"], name="tickets_interaction_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}–{self.interaction_id}"


class TicketCallBack(models.Model):
    """A call-back that is owed because of a ticket, with the answer to tell."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="call_back_links")
    call_back = models.OneToOneField(CallBack, models.CASCADE, related_name="ticket_link")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="call_backs")

    def __str__(self) -> str:
        return f"{self.ticket_id}–{self.call_back_id}"


class TicketThread(models.Model):
    """The mail thread between a ticket and its requester."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="threads")
    thread = models.OneToOneField(MailThread, models.CASCADE, related_name="ticket_link")

    def __str__(self) -> str:
        return f"{self.ticket_id}–{self.thread_id}"


class TicketLink(models.Model):
    """Two tickets say the same (``duplicate``) or belong together (``related``)."""

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate", _("Duplicate of")
        RELATED = "related", _("Related to")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, models.CASCADE, related_name="back_links")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "other", "kind"], name="tickets_link_once"),
            models.CheckConstraint(condition=~models.Q(ticket=models.F("other")), name="tickets_link_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"
