"""Where a ticket should go, and why."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from madoguchi.people.models import Department, Staff, Team
from madoguchi.tickets.models import Ticket

SALES = "sales"


@dataclass(frozen=True)
class Proposal:
    """A destination: a team (perhaps with the engineer who knows the customer), or a department to turn to."""

    why: str
    team: Team | None = None
    staff: Staff | None = None
    department: Department | None = None


def propose(ticket: Ticket) -> list[Proposal]:
    """Destinations for the ticket, best first: not entitled → sales; the customer's engineer; the category's team."""
    proposals: list[Proposal] = []
    contract, category = ticket.contract, ticket.category
    if ticket.not_entitled:
        proposals.append(
            Proposal(
                why=_("The contract does not cover this request."),
                department=Department.objects.filter(key=SALES).first(),
                staff=contract.salesperson if contract else None,
            )
        )
    responsible = contract.engineer_team if contract and contract.is_valid_on() else None
    if (
        contract
        and responsible
        and (category is None or category.to_responsible_engineer or category.destination is None)
    ):
        proposals.append(
            Proposal(why=_("The contract names a responsible engineer."), team=responsible, staff=contract.engineer)
        )
    node = category
    while node is not None:
        if node.destination is not None:
            if all(node.destination != proposal.team for proposal in proposals):
                proposals.append(
                    Proposal(
                        why=_("Destination of the category “%(name)s”.") % {"name": node.label}, team=node.destination
                    )
                )
            break
        node = node.parent
    return [proposal for proposal in proposals if proposal.team is None or proposal.team.pk != ticket.holder_team_id]
