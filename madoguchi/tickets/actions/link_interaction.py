"""A contact belongs to a ticket."""

from django.db import transaction

from madoguchi.foundation.prepared import insert_once, update
from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import Actor, record
from madoguchi.tickets.models import Ticket, TicketInteraction


@transaction.atomic
def link_interaction(ticket: Ticket, *, interaction: Interaction, by: Actor) -> bool:
    """Link the contact, which is thereby settled; False when it was linked already."""
    if not insert_once(TicketInteraction(ticket=ticket, interaction=interaction), "ticket", "interaction"):
        return False
    fields = ["state"]
    interaction.state = Interaction.State.LINKED
    if interaction.person_id is None and ticket.requester_id is not None:
        interaction.person, interaction.organization = ticket.requester, ticket.organization
        fields += ["person", "organization"]
    update(interaction, fields)
    record(
        "interaction.linked",
        by=by,
        about=[ticket, interaction, interaction.call, interaction.staff, ticket.holder_team],
        data={"channel": interaction.channel},
    )
    return True
