"""A contact belongs to a ticket."""

from django.db import transaction

from madoguchi.foundation.prepared import insert_once, update
from madoguchi.interactions.models import SPOKEN, Interaction
from madoguchi.journal.record import Actor, record
from madoguchi.tickets.models import Ticket, TicketInteraction


@transaction.atomic
def link_interaction(ticket: Ticket, *, interaction: Interaction, by: Actor, at_opening: bool = False) -> bool:
    """Link the contact, which is thereby settled; False when it was linked already.

    In the journal ``spoken``: somebody of ours spoke with the requester about a ticket that was there before; ``call``:
    the call's id, where the telephone system told of one.
    """
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
        data={
            "channel": interaction.channel,
            "spoken": not at_opening
            and interaction.channel in SPOKEN
            and interaction.staff_id is not None
            and not interaction.is_abandoned,
            **({"call": interaction.call_id} if interaction.call_id else {}),
        },
    )
    return True
