"""A ticket is raised (起票)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.prepared import insert
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import SPOKEN, Interaction
from madoguchi.interactions.written_down import contact_at_hand, note_contact
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import Access
from madoguchi.people.models import Contract, Person, Staff, Team
from madoguchi.people.queries import contract_of, first_line_team
from madoguchi.search import index
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Message, Priority, Ticket, TicketInteraction


@transaction.atomic
def open_ticket(
    *,
    subject: str,
    body: str,
    channel: str,
    by: Actor,
    category: Category | None = None,
    priority: str = Priority.NORMAL,
    requester: Person | None = None,
    affected: Person | None = None,
    details: dict[str, Any] | None = None,
    interaction: Interaction | None = None,
    front_team: Team | None = None,
    follow_up_of: Ticket | None = None,
    message_fields: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Raise a ticket with its first message; the first line is its front and holds it.

    Every ticket comes from a contact: from ``interaction``, else from the one that ``by`` has open with the requester
    on this channel, else from one that is noted now.
    ``message_fields`` adds to the first message what a door knows of it (``incoming``, ``html``, ``quoted``).
    Refuses an empty subject, an unknown priority, and (409) to follow a ticket that is still open.
    Whether the contract covers the category is noted, never enforced.
    """
    subject = " ".join(subject.split())[:300]
    if not subject:
        raise Refused(_("A ticket needs a subject."), code="subject_missing", field="subject")
    if priority not in Priority.values:
        raise Refused(_("There is no such priority."), code="priority", field="priority")
    if follow_up_of is not None and follow_up_of.is_active:
        raise Refused(_("The ticket that this follows is still open. Go on there."), code="active", status=409)
    moment = at or timezone.now()
    team = front_team or first_line()
    staff = by if isinstance(by, Staff) else None
    contract = contract_of(requester.organization) if requester and requester.organization_id else None
    ticket = insert(
        Ticket(
            subject=subject,
            channel=channel,
            category=category,
            priority=priority,
            requester=requester,
            affected=affected,
            organization=requester.organization if requester else None,
            contract=contract,
            not_entitled=is_not_entitled(requester, contract, category),
            details=details or {},
            front_team=team,
            front_staff=staff,
            holder_team=team,
            follow_up_of=follow_up_of,
            opened_at=moment,
            updated_at=moment,
        )
    )
    fields = {"person": requester, "author_name": requester.name if requester else "", "from_requester": True}
    message = insert(
        Message(
            ticket=ticket,
            visibility=Message.Visibility.PUBLIC,
            at=moment,
            body=body.strip(),
            **(fields | (message_fields or {})),
        )
    )
    if interaction is None and staff is not None:
        interaction = contact_at_hand(channel=channel, person=requester, staff=staff, at=moment)
    if interaction is not None:
        link_interaction(ticket, interaction=interaction, by=by, at_opening=True)
    else:
        interaction = note_contact(
            channel=channel, person=requester, staff=staff, team=team, summary=subject, at=moment
        )
        insert(TicketInteraction(ticket=ticket, interaction=interaction))
    index.queue("ticket", ticket.pk)
    record(
        "ticket.opened",
        by=by,
        about=[ticket, team, requester, interaction, follow_up_of, staff],
        data={
            "subject": subject,
            "channel": channel,
            "message": message.pk,
            "category": category.key if category else None,
            "category_id": category.pk if category else None,
            "priority": priority,
            "team": team.pk,
            "service_class": contract.service_class if contract else "",
            "spoken": staff is not None and channel in SPOKEN,
            "not_entitled": ticket.not_entitled,
            "details": ticket.details,
            "requester": requester.pk if requester else None,
        },
        at=moment,
    )
    return ticket


def first_line() -> Team:
    """The team that answers first; refuses (409) while there is none."""
    team = first_line_team()
    if team is None:
        raise Refused(
            _("There is no first-line team yet. An administrator has to create one."), code="no_first_line", status=409
        )
    return team


def front_of_partner(access: Access) -> Team | None:
    """What a partner's staff raise is answered by their own team, or they could not see it; None for others."""
    return min(access.teams, key=lambda team: (team.line, team.pk)) if access.is_partner and access.teams else None


def is_not_entitled(requester: Person | None, contract: Contract | None, category: Category | None) -> bool:
    """A customer's request that their contract does not cover today; people without an organisation are not judged."""
    if category is None or not category.service or requester is None or requester.organization_id is None:
        return False
    return contract is None or not contract.is_valid_on() or not contract.covers(category.service)
