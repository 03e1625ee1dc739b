"""What becomes of an offer: accepted, returned, recalled; and the supervisor's word on a frozen ticket."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from madoguchi.consultations.actions.ask import ask
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.offer import freeze, frozen
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.journal.record import record
from madoguchi.knowledge.models import Article
from madoguchi.notifications.actions import notify
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import Department, Staff, Team
from madoguchi.people.standing_in import covered
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.models import Status, Ticket

State = Handoff.State


@transaction.atomic
def accept(handoff: Handoff, *, by: Staff) -> Handoff:
    """Take the ticket (受け取る): ownership moves now. The first to accept has it; the second is refused (409)."""
    ticket = lock(handoff.ticket)
    _require_team(handoff.to_team, by)
    now = timezone.now()
    if not Handoff.objects.filter(pk=handoff.pk, state=State.OFFERED).update(
        state=State.ACCEPTED, accepted_by=by, accepted_at=now
    ):
        raise Refused(_("This offer has already been decided."), code="decided", status=409)
    handoff.refresh_from_db()
    belongs = handoff.to_team_id in access_of(by).team_ids
    # Who was on duty when it came may be asleep by now.
    named = None if handoff.for_duty else handoff.to_staff
    meant, stand_in = covered(named, handoff.to_team, now, by=by)
    save(
        ticket,
        holder_team=handoff.to_team,
        assignee=meant or (by if belongs else None),
        offered_to=None,
        moves=ticket.moves + 1,
        status=Status.OPEN if ticket.status == Status.NEW else ticket.status,
    )
    record(
        "handoff.accepted",
        by=by,
        about=[handoff, ticket, handoff.from_team, handoff.to_team, handoff.offered_by],
        data={
            **handoff.told(),
            "moves": ticket.moves,
            "assignee": ticket.assignee_id,
            **({"cover": stand_in.told()} if stand_in else {}),
        },
    )
    return handoff


@transaction.atomic
def return_(handoff: Handoff, *, reason: str, note: str = "", article: Article | None = None, by: Staff) -> Handoff:
    """Send the ticket back (差し戻す) with a reason, before acceptance or after.

    After acceptance it is a move; the move that reaches the limit freezes routing.
    """
    if reason not in Handoff.ReturnReason.values:
        raise Refused(_("Choose why it goes back."), code="reason", field="reason")
    if reason == Handoff.ReturnReason.MISSING_INFORMATION and not note.strip():
        raise Refused(_("Say which information is missing."), code="note_missing", field="note")
    ticket = lock(handoff.ticket)
    _require_team(handoff.to_team, by)
    handoff.refresh_from_db()
    was_accepted = handoff.state == State.ACCEPTED
    if handoff.state not in (State.OFFERED, State.ACCEPTED) or (
        was_accepted and (ticket.holder_team_id != handoff.to_team_id or _latest_accepted(ticket) != handoff.pk)
    ):
        raise Refused(_("This offer has already been decided."), code="decided", status=409)
    if was_accepted:
        require_active(ticket)
        if ticket.offered_to_id is not None:
            raise Refused(
                _("This ticket is being offered to a team. Recall the offer first."), code="offered", status=409
            )
        _require_free(ticket, handoff)
    handoff.state, handoff.ended_by, handoff.ended_at = State.RETURNED, by, timezone.now()
    handoff.return_reason, handoff.return_note, handoff.article = reason, note.strip(), article
    handoff.save(update_fields=["state", "ended_by", "ended_at", "return_reason", "return_note", "article"])
    if was_accepted:
        save(ticket, holder_team=handoff.from_team, assignee=None, moves=ticket.moves + 1)
    else:
        save(ticket, offered_to=None)
    record(
        "handoff.returned",
        by=by,
        about=[handoff, ticket, handoff.from_team, handoff.to_team, handoff.offered_by],
        data={
            "handoff": handoff.pk,
            "from": handoff.to_team.name,
            "from_id": handoff.to_team_id,
            "to": handoff.from_team.name,
            "to_id": handoff.from_team_id,
            "reason": reason,
            "note": handoff.return_note,
            "article": article.key if article else None,
            "after_acceptance": was_accepted,
            "moves": ticket.moves,
        },
    )
    if was_accepted and ticket.moves >= ticket.move_limit and ticket.frozen_at is None:
        freeze(ticket, by=by)
    return handoff


@transaction.atomic
def recall(handoff: Handoff, *, by: Staff) -> Handoff:
    """The sender takes the offer back before it is decided."""
    ticket = lock(handoff.ticket)
    if not access_of(by).acts_for(handoff.from_team):
        raise Refused(_("Only the team that offered the ticket can recall it."), code="not_sender", status=403)
    if not Handoff.objects.filter(pk=handoff.pk, state=State.OFFERED).update(
        state=State.RECALLED, ended_by=by, ended_at=timezone.now()
    ):
        raise Refused(_("This offer has already been decided."), code="decided", status=409)
    handoff.refresh_from_db()
    save(ticket, offered_to=None)
    record(
        "handoff.recalled",
        by=by,
        about=[handoff, ticket, handoff.from_team, handoff.to_team],
        data=handoff.told(),
    )
    return handoff


@transaction.atomic
def decide_routing(
    ticket: Ticket,
    *,
    kind: str,
    note: str,
    by: Staff,
    team: Team | None = None,
    department: Department | None = None,
) -> RoutingDecision:
    """A supervisor unfreezes a ticket: assigns it to a team (which must take it), takes it over, allows one more move,
    or keeps it.

    What is taken over is held by the supervisor's own team (see ``team_of_taker``). ``ask`` leaves the ticket frozen
    and puts the question in ``note`` to everybody of ``team``, who answer by a note, or to ``department``, as a
    consultation.
    """
    if not access_of(by).can(Capability.DECIDE_ROUTING):
        raise Refused(_("Only a supervisor can decide this."), code="not_supervisor", status=403)
    if kind not in RoutingDecision.Kind.values:
        raise Refused(_("Choose what shall happen."), code="kind", field="kind")
    if not note.strip():
        raise Refused(_("Say in a few words why you decide so."), code="note_missing", field="note")
    ticket = lock(ticket)
    require_active(ticket)
    if ticket.frozen_at is None:
        raise Refused(_("This ticket is not frozen."), code="not_frozen", status=409)
    former = ticket.holder_team
    consultation = None
    if kind == RoutingDecision.Kind.TAKE:
        team = team_of_taker(ticket, by)
    if kind in RoutingDecision.MOVING:
        if team is None or not team.is_active:
            raise Refused(_("Choose the team that takes the ticket."), code="team", field="team")
        _give(ticket, team, to=by if kind == RoutingDecision.Kind.TAKE else None)
    elif kind == RoutingDecision.Kind.ALLOW:
        save(ticket, frozen_at=None, moves_granted=_granted(ticket, moves=ticket.moves, further=1))
    elif kind == RoutingDecision.Kind.KEEP:
        save(ticket, frozen_at=None)
    elif department is not None:
        team, consultation = None, ask(ticket, department=department, question=note, by=by)
    else:
        _ask(ticket, team, note.strip(), by=by)
    decision = RoutingDecision.objects.create(
        ticket=ticket, kind=kind, team=team, consultation=consultation, note=note.strip(), staff=by
    )
    record(
        "routing.decided",
        by=by,
        about=[ticket, former, team, ticket.front_team],
        data={
            "kind": kind,
            "team": team.name if team else None,
            "department": department.name if consultation and department else None,
            "team_id": team.pk if team and team != former and kind in RoutingDecision.MOVING else None,
            "note": decision.note,
            "moves": ticket.moves,
        },
    )
    return decision


def team_of_taker(ticket: Ticket, staff: Staff) -> Team:
    """Which team holds what ``staff`` takes over: the present one, the front, or any of their own; else the front."""
    own = access_of(staff).teams
    for team in (ticket.holder_team, ticket.front_team, *own):
        if team in own and team.is_active:
            return team
    return ticket.front_team


def _give(ticket: Ticket, team: Team, *, to: Staff | None) -> None:
    """The ticket goes to the team by a supervisor's word; ``to`` takes it over, else who had it there goes on."""
    moved = int(team != ticket.holder_team)
    moves = ticket.moves + moved
    save(
        ticket,
        frozen_at=None,
        holder_team=team,
        assignee=to or (None if moved else ticket.assignee),
        status=Status.OPEN if to and ticket.status == Status.NEW else ticket.status,
        moves=moves,
        moves_granted=_granted(ticket, moves=moves, further=0),
    )


def _ask(ticket: Ticket, team: Team | None, question: str, *, by: Staff) -> None:
    if team is None or not team.is_active:
        raise Refused(_("Choose the team or the department that you ask."), code="team", field="team")
    told = notify(
        Staff.objects.filter(memberships__team=team).exclude(pk=by.pk).distinct(),
        gettext_noop("%(name)s asks about %(ticket)s, which is frozen: %(question)s"),
        kind="routing.asked",
        params={"name": by.name, "ticket": ticket.number_shown, "question": question},
        about=ticket,
    )
    if not told:
        raise Refused(_("Nobody works in %(team)s.") % {"team": team.label}, code="team", field="team")


def _granted(ticket: Ticket, *, moves: int, further: int) -> int:
    """Moves granted beyond the category's limit, so that after ``further`` more the next offer freezes again."""
    return ticket.moves_granted + max(0, moves + further + 1 - ticket.move_limit)


def _require_team(team: Team, by: Staff) -> None:
    if not access_of(by).acts_for(team):
        raise Refused(
            _("Only %(team)s can decide about this offer.") % {"team": team.label}, code="not_receiver", status=403
        )


def _require_free(ticket: Ticket, handoff: Handoff) -> None:
    """What is frozen moves by a supervisor's word only, and what a supervisor gave a team stays there."""
    if ticket.frozen_at is not None:
        raise frozen(ticket)
    bound = (*RoutingDecision.MOVING, RoutingDecision.Kind.KEEP)
    decided = ticket.routing_decisions.exclude(kind=RoutingDecision.Kind.ASK).filter(at__gt=handoff.accepted_at)
    latest = decided.order_by("-at", "-id").first()
    if latest is not None and latest.kind in bound:
        raise Refused(
            _("A supervisor decided that %(team)s takes this ticket. It cannot be returned.")
            % {"team": ticket.holder_team.label},
            code="assigned",
            status=409,
        )


def _latest_accepted(ticket: Ticket) -> int | None:
    return (
        Handoff.objects.filter(ticket=ticket, accepted_at__isnull=False)
        .order_by("-accepted_at", "-id")
        .values_list("pk", flat=True)
        .first()
    )
