"""部署に聞く: the sheet over a ticket or the seat. Whom and why, in which words, and how it will go; one press asks."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.alike import answered_like, who_answered
from madoguchi.consultations.disclosure import Field
from madoguchi.consultations.foresight import Plan, plan_of
from madoguchi.consultations.history import usual_s
from madoguchi.consultations.models import Consultation
from madoguchi.consultations.proposal import proposal_for, question_for, tells_too_much
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.ask_instead import ask_instead
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Contact, Department
from madoguchi.tickets.models import Priority, Ticket
from madoguchi.web.consultations.finding import Choice, choice_of, find
from madoguchi.web.shell.done import done
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

SHEET = "consultations/ask.html"
_ANSWERERS = 3


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def ask_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """The sheet, and the question."""
    ticket = _ticket_or_404(request, number)
    handoff = _handoff(request, ticket)
    if request.method == "GET":
        return page(request, SHEET, _context(request, ticket, handoff))
    asked = read(request)
    if handoff is not None:
        ask_instead(handoff, **asked, by=request.user)
    else:
        ask(ticket, **asked, by=request.user)
    return done(request, said(ticket, asked["department"]), ticket=ticket)


@guard(Capability.WORK_TICKETS)
@require_POST
def plan(request: StaffRequest, number: str) -> HttpResponse:
    """The parts of the sheet that follow what is chosen and written; nothing is kept."""
    ticket = _ticket_or_404(request, number)
    return page(request, SHEET, _context(request, ticket, _handoff(request, ticket)))


def said(ticket: Ticket, department: Department) -> str:
    """What is told once a department was asked."""
    return _("%(department)s is asked about %(number)s.") % {
        "department": department.label,
        "number": ticket.number_shown,
    }


def sheet_of(
    request: StaffRequest,
    ticket: Ticket,
    *,
    conversation: str = "",
    again: Consultation | None = None,
    handoff: Handoff | None = None,
) -> dict[str, Any]:
    """What the sheet shows, with what was chosen and written so far.

    ``conversation`` is that of a ticket which is not raised yet. ``again``: the same question once more. ``handoff``:
    the ticket comes back from there, and the team's department is asked instead.
    """
    form = request.POST
    begins = "question" not in form
    words = form.get("q", "").strip()
    found = find(words, request.access) if words else _proposed(ticket, request.access, conversation)
    chosen = choice_of(form.get("to", "")) if not begins else _first(found, again, handoff)
    told = question_for(ticket, chosen.department, chosen.topic, said=conversation) if chosen else None
    question = form.get("question", "")
    if begins and again is not None:
        question = again.question
    elif told is not None and (begins or _is_untouched(ticket, form.get("for", ""), question, conversation)):
        question = f"{handoff.reason}\n\n{told.text}" if begins and handoff else told.text
    pressing = begins and ticket.priority == Priority.URGENT
    urgent = pressing or bool(form.get("urgent"))
    usual, coming = _plans(request, chosen, urgent=urgent)
    too_much = tells_too_much(ticket, chosen.department, question, said=conversation) if chosen else ()
    return {
        "ticket": ticket,
        "choices": [chosen, *(one for one in found if one.key != chosen.key)] if chosen else found,
        "chosen": chosen,
        "words": words,
        "question": question,
        "left_out": named(told.left_out) if told else "",
        "too_much": named(too_much),
        "plan": coming,
        "known": _known_of(coming, request.access),
        "urgent": urgent,
        "pressing": ticket.priority == Priority.URGENT,
        "due_at": local(coming.due_at) if coming else form.get("due_at", ""),
        "due_default": local(usual.due_at) if usual else "",
        "handoff": handoff,
        "moment": timezone.now(),
    }


def read(request: StaffRequest) -> dict[str, Any]:
    """What was chosen and written, as ``ask`` takes it."""
    form = request.POST
    chosen = choice_of(form.get("to", ""))
    if chosen is None:
        raise Refused(_("Choose whom to ask."), code="department", missing=[{"key": "q", "label": _("Whom to ask")}])
    if not form.get("question", "").strip():
        raise Refused(
            _("Write the question first."), code="empty", missing=[{"key": "question", "label": _("Question")}]
        )
    return {
        "department": chosen.department,
        "topic": chosen.topic,
        "contact": chosen.contact,
        "question": form["question"].replace("\r\n", "\n"),
        "due_at": _due(request),
        "urgent": bool(form.get("urgent")),
    }


def named(fields: Iterable[Field]) -> str:
    """The fields of a policy in a sentence."""
    return _(", ").join(str(field.label) for field in fields)


def local(moment: datetime) -> str:
    """As a ``datetime-local`` field has it."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def _context(request: StaffRequest, ticket: Ticket, handoff: Handoff | None) -> dict[str, Any]:
    again = row_number(request.GET.get("again", ""))
    before = Consultation.objects.visible_to(request.access).filter(ticket=ticket).select_related("department", "topic")
    return {
        **sheet_of(
            request,
            ticket,
            again=get_object_or_404(before, pk=again) if again is not None else None,
            handoff=handoff,
        ),
        "ask_to": reverse("consultations:ask", args=[ticket.number_shown]),
        "plan_to": reverse("consultations:plan", args=[ticket.number_shown]),
        "with_form": "",
        "fills": "",
    }


def _proposed(ticket: Ticket, access: Access, conversation: str) -> list[Choice]:
    """Departments, and after them the people who answered for tickets like this one."""
    likes = answered_like(ticket, access, said=conversation)
    found = [Choice(one.department, one.topic, whys=tuple(one.whys)) for one in proposal_for(ticket, likes)]
    for one in who_answered(likes, limit=_ANSWERERS):
        why = _("answered for %(number)s") % {"number": one.consultation.ticket.number_shown}
        found.append(Choice(one.contact.department, one.consultation.topic, one.contact, (why,)))
    return found


def _first(found: list[Choice], again: Consultation | None, handoff: Handoff | None) -> Choice | None:
    """Whom the sheet opens with."""
    if again is not None:
        return Choice(again.department, again.topic)
    if handoff is not None:
        of_team = Department.objects.filter(team=handoff.to_team, is_active=True).first()
        return Choice(of_team) if of_team else None
    return found[0] if found else None


def _is_untouched(ticket: Ticket, written_for: str, question: str, conversation: str) -> bool:
    """Whether the question still stands as it was proposed for whom was chosen before."""
    before = choice_of(written_for)
    if before is None:
        return not question.strip()
    told = question_for(ticket, before.department, before.topic, said=conversation)
    return question.split() == told.text.split()


def _known_of(plan: Plan | None, access: Access) -> dict[str, Any]:
    """What is known of whoever is asked first: the note about them (not for partners), and how fast they answer."""
    contact = Contact.objects.select_related("department").filter(pk=plan.first.contact or 0).first() if plan else None
    if contact is None:
        return {}
    return {"note": "" if access.is_partner else contact.note, "usual_s": usual_s(contact)}


def _plans(request: StaffRequest, chosen: Choice | None, *, urgent: bool) -> tuple[Plan | None, Plan | None]:
    """How it goes with the usual time to answer, and with the time that was written."""
    if chosen is None:
        return None, None
    due_at, now = _due(request), timezone.now()
    department, topic, contact = chosen.department, chosen.topic, chosen.contact
    usual = plan_of(department, topic, urgent=urgent, contact=contact, now=now)
    if due_at is None or due_at <= now:
        return usual, usual
    return usual, plan_of(department, topic, urgent=urgent, due_at=due_at, contact=contact, now=now)


def _due(request: StaffRequest) -> datetime | None:
    """The time that somebody wrote; None for the one that the sheet proposed, or none."""
    written = request.POST.get("due_at", "")
    return None if written == request.POST.get("due_default", "") else moment_of(written)


def _ticket_or_404(request: StaffRequest, number: str) -> Ticket:
    rows = Ticket.objects.visible_to(request.access).select_related(
        "category__parent__parent", "requester", "affected", "organization", "holder_team", "front_team"
    )
    return get_object_or_404(rows.numbered(number))


def _handoff(request: StaffRequest, ticket: Ticket) -> Handoff | None:
    """The hand-off that becomes a question again, when the address or the form names one."""
    key = row_number(request.POST.get("handoff", "") or request.GET.get("handoff", ""))
    if key is None:
        return None
    rows = Handoff.objects.visible_to(request.access).select_related("ticket", "from_team", "to_team")
    return get_object_or_404(rows, pk=key, ticket=ticket)
