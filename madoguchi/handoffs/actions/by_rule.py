"""A rule offers a ticket, or gives it to a team without asking. The move limit binds rules as it binds people."""

from django.db import transaction
from django.utils import timezone

from madoguchi.handoffs import requirements
from madoguchi.handoffs.actions.offer import freeze, frozen, require_offerable
from madoguchi.handoffs.addressee import Addressee, addressee, tell
from madoguchi.handoffs.models import Handoff
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Team
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.models import Status, Ticket


@transaction.atomic
def offer_by_rule(ticket: Ticket, *, to_team: Team, reason: str, by: Actor) -> Handoff | None:
    """Offer the ticket as a person would; None when the move limit froze routing instead. Missing items are noted."""
    to = addressee(None, to_team, timezone.now())
    handoff = _made(lock(ticket), to=to, to_team=to_team, reason=reason, by=by, moves_now=False)
    if handoff is not None:
        record(
            "handoff.offered",
            by=by,
            about=[handoff, handoff.ticket, handoff.from_team, to_team, to.staff],
            data={
                **handoff.told(),
                "reason": reason,
                "reason_code": handoff.reason_code,
                "missing": handoff.missing,
                "urgent_because": handoff.urgent_because,
                **to.told(),
            },
        )
        tell(to, handoff.ticket, to_team, by=by)
    return handoff


@transaction.atomic
def move_by_rule(ticket: Ticket, *, to_team: Team, reason: str, by: Actor) -> Handoff | None:
    """Give the ticket to the team at once; it counts as a move. None when the move limit froze routing instead.

    While the team is closed and has it so, whoever is on duty is the assignee.
    """
    ticket = lock(ticket)
    to = addressee(None, to_team, timezone.now())
    handoff = _made(ticket, to=to, to_team=to_team, reason=reason, by=by, moves_now=True)
    if handoff is not None:
        record(
            "handoff.accepted",
            by=by,
            about=[handoff, ticket, handoff.from_team, to_team, to.staff],
            data={
                **handoff.told(),
                "moves": ticket.moves,
                "assignee": ticket.assignee_id,
                "reason": reason,
                "reason_code": handoff.reason_code,
                "by_rule": by.actor_name,
                **to.told(),
            },
        )
        tell(to, ticket, to_team, by=by)
    return handoff


def _made(ticket: Ticket, *, to: Addressee, to_team: Team, reason: str, by: Actor, moves_now: bool) -> Handoff | None:
    require_active(ticket)
    require_offerable(ticket, to_team)
    if ticket.frozen_at is not None:
        raise frozen(ticket)
    if ticket.moves + 1 >= ticket.move_limit:
        freeze(ticket, by=by)
        return None
    checked = requirements.check(category=ticket.category, to_team=to_team, details=ticket.details)
    missing = [item.key for item in checked.missing]
    now = timezone.now()
    handoff = Handoff.objects.create(
        ticket=ticket,
        from_team=ticket.holder_team,
        to_team=to_team,
        to_staff=to.staff,
        for_duty=to.on_duty,
        state=Handoff.State.ACCEPTED if moves_now else Handoff.State.OFFERED,
        reason=reason,
        reason_code=Handoff.ReasonCode.RULE,
        details=ticket.details,
        required=[item.key for item in checked.required],
        missing=missing,
        urgent_because=reason[:500] if missing else "",
        by_rule=by.actor_name,
        offered_at=now,
        accepted_at=now if moves_now else None,
    )
    if moves_now:
        opened = Status.OPEN if ticket.status == Status.NEW else ticket.status
        save(ticket, holder_team=to_team, assignee=to.staff, moves=ticket.moves + 1, status=opened)
    else:
        save(ticket, offered_to=to_team)
    return handoff
