"""What a new article begins with: a ticket, the answer of a department, or a search that found nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.shortcuts import get_object_or_404

from madoguchi.consultations.disclosure import Case, Field, found_in
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.consultations.proposal import case_of, name_of
from madoguchi.knowledge.models import Article, State
from madoguchi.people.access import Capability
from madoguchi.people.models import EmailAddress
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.knowledge.parts import number_of
from madoguchi.web.shell.guard import StaffRequest


@dataclass(frozen=True)
class Beginning:
    """An article that is not saved yet, the ticket it comes from, and how those who ask said it."""

    article: Article
    ticket: Ticket | None = None
    words: str = ""


def beginning(request: StaffRequest) -> Beginning:
    """By the address: ``ticket=10482-6``, ``answer=<remark>``, ``question=…``; 404 for what one may not see."""
    blank = Article(question=request.GET.get("question", "")[:500], state=State.NOT_VALIDATED)
    if not request.access.can(Capability.READ_TICKETS):
        return Beginning(blank)
    if written := request.GET.get("answer", ""):
        remark = _answer_or_404(request, written)
        return _of(remark.consultation.ticket, remark.body)
    if request.GET.get("ticket", ""):
        rows = Ticket.objects.visible_to(request.access).select_related("category__destination", "holder_team")
        ticket = get_object_or_404(rows.numbered(request.GET["ticket"][:30]))
        return _of(ticket, ticket.resolution or _last_said(ticket))
    return Beginning(blank)


def ticket_named(request: StaffRequest) -> Ticket | None:
    """The ticket that the form names, if this person may see it."""
    number = request.POST.get("ticket", "")
    if not number or not request.access.can(Capability.READ_TICKETS):
        return None
    return Ticket.objects.visible_to(request.access).numbered(number[:30]).first()


def told_of(ticket: Ticket | None, text: str, tickets: Sequence[Ticket] = ()) -> list[str]:
    """What a text tells of the people behind the ticket, or behind those that a gap shows: name, number, address,
    company; in words. Of whomever: any number and mail address.
    """
    if ticket is not None:
        cases = [case_of(ticket)]
    else:
        people = list({one.requester_id: one.requester for one in tickets if one.requester is not None}.values())
        emails = EmailAddress.objects.filter(person__in=people).values_list("address", flat=True) if people else []
        cases = [Case("", names=[name_of(person) for person in people], emails=list(emails))]
        companies = {one.organization.name for one in tickets if one.organization is not None}
        cases += [Case("", organization=name) for name in sorted(companies)]
    found = {field for case in cases for field in found_in(text, case, _HARMLESS)}
    return [str(field.label) for field in Field if field in found]


# Answers to hearing items are what an article is about; a number or a name among them is found all the same.
_HARMLESS = frozenset({Field.ITEMS, Field.CONVERSATION})


def _of(ticket: Ticket, answer: str) -> Beginning:
    category = ticket.category
    team = category.destination if category is not None and category.destination is not None else ticket.holder_team
    article = Article(
        question=ticket.subject[:500],
        answer=answer,
        category=category,
        owner_team=team,
        state=State.NOT_VALIDATED if answer else State.WIP,
    )
    first = ticket.messages.filter(from_requester=True).order_by("id").values_list("body", flat=True).first()
    return Beginning(article, ticket, (first or "")[:2000])


def _last_said(ticket: Ticket) -> str:
    """The last answer that the requester got from us."""
    ours = ticket.messages.filter(from_requester=False, visibility=Message.Visibility.PUBLIC)
    return ours.order_by("-id").values_list("body", flat=True).first() or ""


def _answer_or_404(request: StaffRequest, written: str) -> Remark:
    visible = Consultation.objects.visible_to(request.access)
    rows = Remark.objects.filter(kind=Remark.Kind.ANSWER, consultation__in=visible)
    rows = rows.select_related("consultation__ticket__category__destination", "consultation__ticket__holder_team")
    return get_object_or_404(rows, pk=number_of(written))
