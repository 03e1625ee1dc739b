"""What becomes of a contact: resolved, raised, handed over, a department asked, or a call-back promised."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from madoguchi.catalog.models import HearingItem
from madoguchi.consultations.actions.ask import ask
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs import requirements
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.refer_to_sales import refer_to_sales
from madoguchi.handoffs.destination import propose
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.actions.contacts import end_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.scripts.models import Walk
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.link_notice import link_notice
from madoguchi.tickets.actions.link_tickets import link_tickets
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Message, Status, Ticket, TicketLink
from madoguchi.web.consultations import asking
from madoguchi.web.handoffs.answers import lacking, urgent_because
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.lacking import refuse_lacking
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.promising import promised_time, quick_times
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench import script
from madoguchi.web.workbench.intake import Intake
from madoguchi.web.workbench.seat import contact_or_404
from madoguchi.web.workbench.views import closing, show, telling

SHEETS = "workbench/sheets.html"


@guard(Capability.TAKE_CALLS)
@require_POST
def settle(request: StaffRequest, contact_id: int) -> HttpResponse:
    """起票だけ, 解決にする, or what belongs to an open ticket written there."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    resolving = request.POST.get("verb") == "resolve"
    with transaction.atomic():
        if resolving:
            _require_answer(intake)
        ticket = into_ticket(request, contact, intake, answered=resolving)
        if resolving:
            resolve(
                ticket,
                resolution=intake.resolution,
                article=intake.article,
                no_article_reason=intake.no_article_reason,
                said_in=contact,
                by=request.user,
            )
        finish_round(request, contact, Walk.Outcome.RESOLVED if resolving else Walk.Outcome.LEFT)
    said = _("%(number)s is resolved.") if resolving else _("%(number)s is raised.")
    if intake.ticket and not resolving:
        said = _("Written to %(number)s.")
    return telling(request, show(request, contact), said % {"number": ticket.number_shown})


@guard(Capability.TAKE_CALLS)
@require_POST
def hand_over_sheet(request: StaffRequest, contact_id: int) -> HttpResponse:
    """引き継ぐ: where to and why there, what is required and still missing; the form is saved on the way."""
    contact = contact_or_404(request, contact_id)
    data = form.keep(contact, request.POST, by=request.user)
    intake = form.read(data, request.access)
    front = form.front_of(request.access)
    ticket = intake.ticket or form.imagined(contact, intake, front)
    proposals = propose(ticket)
    teams = list(Team.objects.filter(is_active=True).exclude(pk=ticket.holder_team_id))
    written = request.POST.get("to_team", "")
    proposed = next((one.team for one in proposals if one.team is not None), None)
    chosen = next((team for team in teams if str(team.pk) == written), proposed)
    checked = (
        requirements.check(category=ticket.category, to_team=chosen, details=ticket.details | dict(intake.details))
        if chosen
        else None
    )
    missing = checked.missing if checked else []
    whys = {one.team.pk: one for one in proposals if one.team is not None}
    return page(
        request,
        SHEETS,
        {
            "sheet": "hand_over",
            "contact": contact,
            "intake": intake,
            "ticket": intake.ticket,
            "teams": sorted(teams, key=lambda team: team.pk not in whys),
            "whys": whys,
            "chosen": chosen,
            "sales": next((one for one in proposals if one.team is None), None),
            "checked": checked,
            "missing": {item.key for item in missing},
            # The number that is on the line stands in the field for one: it is there unless somebody takes it out.
            "empty": {item.key for item in missing if not (item.kind == HearingItem.Kind.PHONE and contact.address)},
            "reason": request.POST.get("reason", "")[:2000],
            "urgent": bool(request.POST.get("urgent")),
            "urgent_because": request.POST.get("urgent_because", "")[:500],
            "reasons": [choice for choice in Handoff.ReasonCode.choices if choice[0] != Handoff.ReasonCode.RULE],
        },
    )


@guard(Capability.TAKE_CALLS)
@require_POST
def hand_over(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Raise the ticket (or take the one that goes on) and offer it, in one."""
    contact = contact_or_404(request, contact_id)
    data = form.posted(request.POST)
    intake = form.read(data, request.access)
    chosen = row_number(request.POST.get("to_team", ""))
    team = get_object_or_404(Team, pk=chosen) if chosen is not None else None
    refuse_lacking(_lacking(request, contact, intake, team))
    assert team is not None
    with transaction.atomic():
        ticket = into_ticket(request, contact, intake)
        responsible = next((one.staff for one in propose(ticket) if one.team == team), None)
        offer(
            ticket,
            to_team=team,
            to_staff=responsible,
            reason=request.POST["reason"],
            reason_code=request.POST.get("reason_code", "") or Handoff.ReasonCode.OTHER,
            details=dict(intake.details),
            urgent_because=urgent_because(request.POST),
            by=request.user,
        )
        finish_round(request, contact, Walk.Outcome.HANDED_OVER)
    return telling(
        request,
        closing(show(request, contact)),
        _("%(number)s is offered to %(team)s.") % {"number": ticket.number_shown, "team": team.label},
    )


def _lacking(request: StaffRequest, contact: Interaction, intake: Intake, team: Team | None) -> list[tuple[str, str]]:
    """What the sheet lacks, and last the notes under it, without which there is no ticket to hand over."""
    ticket = intake.ticket or form.imagined(contact, intake, form.front_of(request.access))
    answers = ticket.details | dict(intake.details)
    checked = requirements.check(category=ticket.category, to_team=team, details=answers) if team else None
    fields = lacking(request.POST, checked.missing if checked else ())
    return fields if intake.ticket or intake.proposed_subject else [*fields, ("notes", _("Notes"))]


@guard(Capability.TAKE_CALLS)
@require_POST
def to_sales(request: StaffRequest, contact_id: int) -> HttpResponse:
    """What the contract does not cover: raise it and tell the customer's salesperson."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    with transaction.atomic():
        ticket = into_ticket(request, contact, intake)
        refer_to_sales(ticket, note=request.POST.get("reason", ""), by=request.user)
        finish_round(request, contact, Walk.Outcome.HANDED_OVER)
    return telling(
        request,
        closing(show(request, contact)),
        _("%(number)s is raised, and sales has been told.") % {"number": ticket.number_shown},
    )


@guard(Capability.TAKE_CALLS)
@require_POST
def ask_sheet(request: StaffRequest, contact_id: int) -> HttpResponse:
    """部署に聞く: the sheet of a ticket's page for what is written so far, and its parts that follow what is chosen."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    ticket = intake.ticket or form.imagined(contact, intake, form.front_of(request.access))
    return page(
        request,
        asking.SHEET,
        {
            **asking.sheet_of(request, ticket, conversation=intake.notes),
            "ask_to": reverse("workbench:ask", args=[contact.pk]),
            "plan_to": reverse("workbench:ask_sheet", args=[contact.pk]),
            "with_form": "#intake",
            "fills": "#seat",
        },
    )


@guard(Capability.TAKE_CALLS)
@require_POST
def ask_department(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Raise the ticket (or take the one that goes on) and put the question to the department, in one."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    question = asking.read(request)
    with transaction.atomic():
        ticket = into_ticket(request, contact, intake)
        ask(ticket, **question, by=request.user)
        finish_round(request, contact)
    return telling(request, closing(show(request, contact)), asking.said(ticket, question["department"]))


@guard(Capability.TAKE_CALLS)
@require_POST
def call_back_sheet(request: StaffRequest, contact_id: int) -> HttpResponse:
    """折り返しを約束: quick times, the number and the name to ask for."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.keep(contact, request.POST, by=request.user), request.access)
    return page(
        request,
        SHEETS,
        {
            "sheet": "promise",
            "contact": contact,
            "intake": intake,
            "times": quick_times(timezone.localtime()),
            "number": intake.details.get("callback_number") or contact.address,
            "note": request.POST.get("note", "")[:2000],
            "ask_for": contact.person.name if contact.person else contact.contact_name,
        },
    )


@guard(Capability.TAKE_CALLS)
@require_POST
def promise(request: StaffRequest, contact_id: int) -> HttpResponse:
    """The promise; with something written it also raises (or continues) the ticket that the call is about."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    due_at = promised_time(request)
    with transaction.atomic():
        ticket = into_ticket(request, contact, intake) if intake.ticket or intake.proposed_subject else None
        number, name, note = (request.POST.get(field, "") for field in ("number", "name", "note"))
        if ticket is not None:
            promise_call(
                ticket,
                number=number,
                name=name,
                note=note,
                due_at=due_at,
                staff=request.user,
                interaction=contact,
                by=request.user,
            )
            finish_round(request, contact, Walk.Outcome.CALLED_BACK)
        else:
            promise_call_back(
                number=number,
                name=name,
                note=note,
                due_at=due_at,
                team=form.front_of(request.access),
                staff=request.user,
                person=contact.person,
                interaction=contact,
                by=request.user,
            )
            script.settle(contact, outcome=Walk.Outcome.CALLED_BACK, by=request.user)
    return telling(request, closing(show(request, contact)), _("The call-back is promised."))


def into_ticket(request: StaffRequest, contact: Interaction, intake: Intake, *, answered: bool = False) -> Ticket:
    """A new ticket from the form, or what was said written to the ticket that it continues.

    What continues a closed ticket is a follow-up of it.
    """
    before = intake.ticket
    if before is not None and before.status != Status.CLOSED:
        return _continue(request, contact, intake, answered=answered)
    subject = intake.proposed_subject or (before.subject if before else "")
    if not subject:
        raise Refused(_("Write what it is about first."), code="empty", missing=[_field("notes", _("Notes"))])
    ticket = open_ticket(
        subject=subject,
        body=intake.notes or subject,
        channel=contact.channel,
        category=intake.category,
        requester=contact.person,
        affected=form.affected_person(contact, intake.affected, by=request.user),
        details=dict(intake.details),
        interaction=contact,
        front_team=form.front_of(request.access),
        follow_up_of=before,
        by=request.user,
    )
    if intake.notice is not None:
        link_notice(ticket, notice=intake.notice, by=request.user)
    if intake.same_as is not None:
        link_tickets(ticket, other=intake.same_as, kind=TicketLink.Kind.RELATED, by=request.user)
    if intake.resolution.strip() and not answered:
        post_message(
            ticket, body=intake.resolution, visibility=Message.Visibility.PUBLIC, said_in=contact, by=request.user
        )
    return ticket


def _continue(request: StaffRequest, contact: Interaction, intake: Intake, *, answered: bool) -> Ticket:
    ticket = intake.ticket
    assert ticket is not None
    team = ticket.holder_team if request.access.acts_for(ticket.holder_team) else None
    if intake.notes.strip():
        post_message(
            ticket,
            body=intake.notes,
            visibility=Message.Visibility.INTERNAL,
            team=team,
            said_in=contact,
            by=request.user,
        )
    if intake.resolution.strip() and not answered:
        post_message(
            ticket,
            body=intake.resolution,
            visibility=Message.Visibility.PUBLIC,
            team=team,
            said_in=contact,
            by=request.user,
        )
    link_interaction(ticket, interaction=contact, by=request.user)
    return ticket


def finish_round(request: StaffRequest, contact: Interaction, outcome: str = Walk.Outcome.LEFT) -> None:
    """The form starts anew, and the walk along the script has its outcome."""
    script.settle(contact, outcome=outcome, by=request.user)
    form.next_round(contact, by=request.user)
    if contact.call_id is None:
        end_interaction(contact, by=request.user)


def _require_answer(intake: Intake) -> None:
    """Solved at first line: with the article, or with how it was solved and why there was none."""
    missing = []
    if intake.article is None and not intake.resolution.strip():
        missing.append(_field("resolution", _("Answer")))
    if intake.article is None and not intake.no_article_reason.strip():
        missing.append(_field("no_article_reason", _("Why there is no article")))
    if missing:
        raise Refused(
            _("Take the article that solved it, or write the answer and why there was none."),
            code="article_missing",
            missing=missing,
        )


def _field(key: str, label: str) -> dict[str, Any]:
    return {"key": key, "label": label}
