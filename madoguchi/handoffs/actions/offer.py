"""A team offers a ticket to another (引き継ぐ)."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.steer import withdraw
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs import requirements
from madoguchi.handoffs.addressee import addressee, tell
from madoguchi.handoffs.models import Handoff
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.models import Ticket


def offer(
    ticket: Ticket,
    *,
    to_team: Team,
    reason: str,
    by: Staff,
    reason_code: str = Handoff.ReasonCode.OTHER,
    details: dict[str, Any] | None = None,
    urgent_because: str = "",
    to_staff: Staff | None = None,
    instead_of: Consultation | None = None,
) -> Handoff:
    """Offer the ticket with its required items; it stays with its holder until ``to_team`` accepts.

    When ``to_staff`` is away it goes to whoever stands in, if they act for ``to_team``, else to the whole team. While
    ``to_team`` is closed it may go to whoever is on duty (``Team.outside_hours``), who is told at once.
    ``instead_of``: the question of this ticket that the offer takes the place of; it is withdrawn if it is still open.

    Refuses (422, ``missing``) when required items lack, unless ``urgent_because`` says why it cannot wait, which is
    counted; refuses (409) an offer that would be the ticket's last allowed move, and freezes routing until a supervisor
    decides; (409) when another offer is open; (403) when ``by`` does not act for the holder.
    """
    reason = reason.strip()
    if _freeze_if_last_move(ticket, to_team=to_team, reason=reason, reason_code=reason_code, to_staff=to_staff, by=by):
        raise frozen(ticket)
    return _offer(
        ticket,
        to_team=to_team,
        reason=reason,
        by=by,
        reason_code=reason_code,
        details=details or {},
        urgent_because=urgent_because.strip(),
        to_staff=to_staff,
        instead_of=instead_of,
    )


@transaction.atomic
def _freeze_if_last_move(
    ticket: Ticket, *, to_team: Team, reason: str, reason_code: str, to_staff: Staff | None, by: Staff
) -> bool:
    """Freeze in a transaction of its own, so that the freeze stands though the offer is refused.

    An offer that nobody could make anyway (no reason, to the holder itself) freezes nothing.
    """
    ticket = lock(ticket)
    if not ticket.is_active or not access_of(by).acts_for(ticket.holder_team):
        return False
    if ticket.frozen_at is not None:
        return True
    if ticket.offered_to_id is not None:
        return False  # the open offer is the answer, not the limit
    if ticket.moves + 1 < ticket.move_limit:
        return False
    _require_sensible(ticket, to_team=to_team, reason=reason, reason_code=reason_code, to_staff=to_staff, by=by)
    freeze(ticket, by=by)
    return True


def freeze(ticket: Ticket, *, by: Actor) -> None:
    """Stop routing until a supervisor decides; the caller holds the lock."""
    save(ticket, frozen_at=timezone.now())
    record("ticket.frozen", by=by, about=[ticket, ticket.holder_team, ticket.front_team], data={"moves": ticket.moves})


def frozen(ticket: Ticket) -> Refused:
    """What is said (409) to whoever would move a ticket whose routing waits for a supervisor."""
    return Refused(
        _("This ticket has been moved %(moves)d times. Routing is frozen until a supervisor decides.")
        % {"moves": ticket.moves},
        code="frozen",
        status=409,
    )


def require_offerable(ticket: Ticket, to_team: Team) -> None:
    """Refuses what nobody can offer, person or rule: a ticket that is offered already, or to a team that cannot be."""
    if ticket.offered_to_id is not None:
        raise Refused(_("This ticket is already being offered to a team."), code="offered", status=409)
    if to_team.pk == ticket.holder_team_id:
        raise Refused(
            _("%(team)s already holds this ticket.") % {"team": to_team.label}, code="same_team", field="to_team"
        )
    if not to_team.is_active:
        raise Refused(_("This team takes no work any more."), code="inactive_team", field="to_team")


@transaction.atomic
def _offer(
    ticket: Ticket,
    *,
    to_team: Team,
    reason: str,
    by: Staff,
    reason_code: str,
    details: dict[str, Any],
    urgent_because: str,
    to_staff: Staff | None,
    instead_of: Consultation | None,
) -> Handoff:
    ticket = lock(ticket)
    require_active(ticket)
    _require_sensible(ticket, to_team=to_team, reason=reason, reason_code=reason_code, to_staff=to_staff, by=by)
    now = timezone.now()
    to = addressee(to_staff, to_team, now)
    answers = ticket.details | {key: value for key, value in details.items() if value is not None}
    checked = requirements.check(category=ticket.category, to_team=to_team, details=answers)
    if checked.missing and not urgent_because:
        missing = [{"key": item.key, "label": item.label} for item in checked.missing]
        raise Refused(
            _("Still to be asked: %(items)s.") % {"items": ", ".join(item["label"] for item in missing)},
            code="missing",
            missing=missing,
        )
    handoff = Handoff.objects.create(
        ticket=ticket,
        from_team=ticket.holder_team,
        to_team=to_team,
        to_staff=to.staff,
        for_duty=to.on_duty,
        reason=reason,
        reason_code=reason_code,
        details=answers,
        required=[item.key for item in checked.required],
        missing=[item.key for item in checked.missing],
        urgent_because=urgent_because if checked.missing else "",
        offered_by=by,
        offered_at=now,
    )
    save(ticket, offered_to=to_team, details=answers)
    record(
        "handoff.offered",
        by=by,
        about=[handoff, ticket, handoff.from_team, to_team, to.staff],
        data={
            **handoff.told(),
            "reason": reason,
            "reason_code": reason_code,
            "missing": handoff.missing,
            "urgent_because": handoff.urgent_because,
            **to.told(),
        },
    )
    tell(to, ticket, to_team, by=by)
    if instead_of is not None and instead_of.is_open:
        withdraw(instead_of, note=_("Handed over to %(team)s instead.") % {"team": to_team.label}, by=by)
    return handoff


def _require_sensible(
    ticket: Ticket, *, to_team: Team, reason: str, reason_code: str, to_staff: Staff | None, by: Staff
) -> None:
    if not access_of(by).acts_for(ticket.holder_team):
        raise Refused(
            _("Only %(team)s, which holds this ticket, can hand it over.") % {"team": ticket.holder_team.label},
            code="not_holder",
            status=403,
        )
    require_offerable(ticket, to_team)
    if not reason:
        raise Refused(_("Say why you hand it over."), code="reason_missing", field="reason")
    if reason_code not in Handoff.ReasonCode.values:
        raise Refused(_("There is no such reason."), code="reason_code", field="reason_code")
    if to_staff is not None and not access_of(to_staff).acts_for(to_team):
        raise Refused(
            _("%(name)s does not work for %(team)s.") % {"name": to_staff.name, "team": to_team.label},
            code="to_staff",
            field="to_staff",
        )
