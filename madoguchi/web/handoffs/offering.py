"""引き継ぐ: the sheet over a ticket. Where to and why there, what must be known first, and what the receiver sees."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import hearing_items
from madoguchi.clocks.queries import counts_from
from madoguchi.clocks.reading import Kind
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.foundation.dates import short_time
from madoguchi.foundation.numbers import row_number
from madoguchi.handoffs import requirements
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.refer_to_sales import refer_to_sales
from madoguchi.handoffs.addressee import addressee
from madoguchi.handoffs.destination import Proposal, propose
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Capability
from madoguchi.people.models import Staff, Team
from madoguchi.people.queries import workers_of, working_time_of
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.handoffs.answers import lacking, urgent_because
from madoguchi.web.handoffs.inbox import first_line
from madoguchi.web.shell.done import done
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.lacking import refuse_lacking
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.views import ticket_or_404

# A person hands over for a reason of their own; rules name themselves.
REASONS = [choice for choice in Handoff.ReasonCode.choices if choice[0] != Handoff.ReasonCode.RULE]
_SAID = (Remark.Kind.ANSWER, Remark.Kind.DECLINE, Remark.Kind.NEEDS_TIME, Remark.Kind.ASK_BACK, Remark.Kind.REPLY)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def offer_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """The sheet, and the offer."""
    ticket = ticket_or_404(request, number)
    if request.method == "GET":
        return page(request, "handoffs/offer.html", _context(request, ticket))
    to_team = row_number(request.POST.get("to_team", ""))
    team = get_object_or_404(Team, pk=to_team) if to_team is not None else None
    required = _required(ticket, team)
    details = _details(request, required)
    answers = ticket.details | details
    unanswered = [item for item in required if not requirements.is_answered(answers.get(item.key))]
    refuse_lacking(lacking(request.POST, unanswered))
    assert team is not None
    named = row_number(request.POST.get("to_staff", ""))
    made = offer(
        ticket,
        to_team=team,
        to_staff=get_object_or_404(workers_of(team), pk=named) if named is not None else None,
        reason=request.POST["reason"],
        reason_code=request.POST.get("reason_code", "") or Handoff.ReasonCode.OTHER,
        details=details,
        urgent_because=urgent_because(request.POST),
        instead_of=_question(request, ticket),
        by=request.user,
    )
    words = {"number": ticket.number_shown, "team": team.label, "name": made.to_staff.name if made.to_staff else ""}
    sentence = (
        _("%(number)s is offered to %(team)s; %(name)s is on duty and is told at once.")
        if made.for_duty
        else _("%(number)s is offered to %(team)s.")
    ) % words
    return done(request, sentence, ticket=ticket)


@guard(Capability.WORK_TICKETS)
@require_POST
def items(request: StaffRequest, number: str) -> HttpResponse:
    """The part of the sheet that follows the destination, or the line that follows everything; nothing is kept."""
    ticket = ticket_or_404(request, number)
    return page(request, "handoffs/offer.html", _context(request, ticket))


@guard(Capability.WORK_TICKETS)
@require_POST
def sales(request: StaffRequest, number: str) -> HttpResponse:
    """営業へ連絡: the contract does not cover it, so the customer's salesperson is told."""
    ticket = ticket_or_404(request, number)
    refer_to_sales(ticket, note=request.POST.get("note", ""), by=request.user)
    return done(request, _("Sales has been told."), ticket=ticket)


def _context(request: StaffRequest, ticket: Ticket) -> dict[str, Any]:
    """What the sheet shows with what was typed so far; without a choice it proposes the best destination."""
    proposals = propose(ticket)
    by_team = {one.team.pk: one for one in proposals if one.team is not None}
    teams = list(Team.objects.filter(is_active=True).exclude(pk=ticket.holder_team_id))
    teams.sort(key=lambda team: team.pk not in by_team)
    proposed = next((one.team for one in proposals if one.team is not None), None)
    asked = _question(request, ticket)
    named = request.GET.get("to_team", "")  # a rule's proposal
    if asked is not None and asked.department.team_id is not None:
        named = str(asked.department.team_id)
    written = request.POST.get("to_team", named or (str(proposed.pk) if proposed else ""))
    chosen = next((team for team in teams if str(team.pk) == written), None)
    proposal = by_team.get(chosen.pk) if chosen else None
    required = _required(ticket, chosen)
    answers = ticket.details | _details(request, required)
    lacking = {item.key for item in required if not requirements.is_answered(answers.get(item.key))}
    workers = list(workers_of(chosen)) if chosen else []
    worker = _named_worker(request, workers, proposal, chosen)
    return {
        "ticket": ticket,
        "teams": [(team.pk, _named(team, by_team.get(team.pk))) for team in teams],
        "chosen": chosen,
        "proposal": proposal,
        "sales": next((one for one in proposals if one.team is None), None),
        "workers": [(worker.pk, worker.name) for worker in workers],
        "named": worker,
        "arrival": _arrival(ticket, chosen, worker) if chosen else "",
        "required": required,
        "answers": answers,
        "lacking": lacking,
        "reasons": REASONS,
        "reason_code": request.POST.get("reason_code", Handoff.ReasonCode.BEYOND_SCOPE),
        "reason": request.POST.get("reason", _told_so_far(asked) if asked else ""),
        "asked": asked,
        "urgent": bool(request.POST.get("urgent")),
        "urgent_because": request.POST.get("urgent_because", ""),
        "said": first_line(Message.objects.filter(ticket=ticket).order_by("id").values_list("body", flat=True).first()),
    }


def _arrival(ticket: Ticket, team: Team, named: Staff | None) -> str:
    """What becomes of an offer that is made now, while the team is closed; ``""`` while it is open."""
    now = timezone.now()
    hours = working_time_of(team)
    if hours.is_open(now):
        return ""
    to = addressee(named, team, now)
    words = {"team": team.label, "name": to.staff.name if to.staff else ""}
    if to.on_duty:
        return _("%(team)s is closed now. It reaches %(name)s, who is on duty, at once.") % words
    counts = counts_from(Kind.ACCEPTANCE, ticket, team, now)
    if counts is not None and counts > now:
        words["at"] = short_time(counts)
        return _("%(team)s is closed now. The deadline for accepting counts from %(at)s.") % words
    return _("%(team)s is closed now.") % words


def _question(request: StaffRequest, ticket: Ticket) -> Consultation | None:
    """The question that the offer takes the place of, when the address or the form names one."""
    key = row_number(request.POST.get("instead_of", "") or request.GET.get("instead_of", ""))
    if key is None:
        return None
    rows = Consultation.objects.visible_to(request.access).filter(ticket=ticket)
    return get_object_or_404(rows.select_related("department"), pk=key)


def _told_so_far(asked: Consultation) -> str:
    """What was asked and what was said to it: why the ticket goes there now."""
    remarks = asked.remarks.filter(kind__in=_SAID).order_by("id")
    return "\n\n".join([asked.question, *(f"{remark.author_name}: {remark.body}" for remark in remarks if remark.body)])


def _required(ticket: Ticket, team: Team | None) -> list[HearingItem]:
    return [item for item in hearing_items(ticket.category, team) if item.is_required]


def _details(request: StaffRequest, required: list[HearingItem]) -> dict[str, str]:
    """The answers that the form carries; other keys are not ours."""
    given = {item.key: request.POST.get(f"item.{item.key}") for item in required}
    return {key: answer.strip()[:5000] for key, answer in given.items() if answer is not None}


def _named(team: Team, proposal: Proposal | None) -> str:
    return _("%(team)s (proposed)") % {"team": team.label} if proposal else team.label


def _named_worker(
    request: StaffRequest, workers: list[Staff], proposal: Proposal | None, chosen: Team | None
) -> Staff | None:
    """Who was chosen, as long as they work for the chosen team; else whom the contract names."""
    proposed = proposal.staff.pk if proposal and proposal.staff else None
    same_team = request.POST.get("for_team", "") == str(chosen.pk if chosen else "")
    wanted = request.POST.get("to_staff", "") if same_team else str(proposed or "")
    return next((worker for worker in workers if str(worker.pk) == wanted), None)
