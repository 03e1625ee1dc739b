"""What one does on a ticket's page; each calls one act."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.consultations.actions.use import use_answers
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.numbers import row_number, row_numbers
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.refer_to_sales import refer_to_sales
from madoguchi.interactions.models import Channel
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.rendering import excerpt
from madoguchi.people.access import Capability
from madoguchi.people.actions import Requester, find_or_add_person
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.link_tickets import link_tickets, merge, set_parent
from madoguchi.tickets.actions.open_ticket import front_of_partner, open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import number_to_call, promise_call
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Priority, Ticket, TicketLink, WaitingFor
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.lacking import refuse_lacking
from madoguchi.web.shell.render import go, page
from madoguchi.web.tickets.promising import promised_time, quick_times
from madoguchi.web.tickets.solving import fitting_ticket, last_put_away, own_article
from madoguchi.web.tickets.views import context_of, ticket_or_404

_BY_HAND = (Channel.VISIT, Channel.MAIL, Channel.PHONE, Channel.CHAT, Channel.WEB)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Raise a ticket by hand: somebody at the counter, a note on the desk, what follows a closed ticket."""
    written = request.POST if request.method == "POST" else request.GET
    before = ticket_or_404(request, written["follow_up_of"]) if written.get("follow_up_of") else None
    if request.method == "POST":
        category = chosen_category(request.POST)
        with transaction.atomic():
            requester = find_or_add_person(
                Requester(
                    **{name: request.POST.get(name, "") for name in ("name", "kana", "email", "phone", "organization")}
                ),
                by=request.user,
            )
            ticket = open_ticket(
                subject=request.POST.get("subject", ""),
                body=request.POST.get("body", ""),
                channel=request.POST.get("channel", "") if request.POST.get("channel") in _BY_HAND else Channel.VISIT,
                priority=request.POST.get("priority", "") or Priority.NORMAL,
                category=category,
                requester=requester or (before.requester if before else None),
                follow_up_of=before,
                front_team=front_of_partner(request.access),
                by=request.user,
            )
        return _go(request, ticket)
    return page(
        request,
        "tickets/new.html",
        {
            "before": before,
            "categories": [(node.pk, "　" * len(path) + node.label) for node, path in tree()],
            "channels": [(channel.value, channel.label) for channel in _BY_HAND],
            "priorities": Priority.choices,
        },
    )


@guard(Capability.WORK_TICKETS)
@require_POST
def post(request: StaffRequest, number: str) -> HttpResponse:
    """Answer the requester, or leave a note."""
    ticket = ticket_or_404(request, number)
    used = row_numbers(request.POST.getlist("uses"))
    asked = Consultation.objects.visible_to(request.access).filter(ticket=ticket)
    rows = Remark.objects.filter(pk__in=used, consultation__in=asked).select_related("consultation") if used else ()
    with transaction.atomic():
        said: dict[str, Any] = {
            "body": request.POST.get("body", ""),
            "visibility": request.POST.get("visibility", ""),
            "attachments": _uploads(request),
            "team": ticket.holder_team if request.access.acts_for(ticket.holder_team) else None,
            "by": request.user,
        }
        if answers := list(rows):
            use_answers(ticket, answers, **said)
        else:
            post_message(ticket, **said)
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_POST
def change_fields(request: StaffRequest, number: str) -> HttpResponse:
    """Change the facts that the form names, if nobody changed the ticket since the page was shown."""
    ticket = ticket_or_404(request, number)
    changes: dict[str, Any] = {}
    if "priority" in request.POST:
        changes["priority"] = request.POST["priority"]
    if "category" in request.POST:
        changes["category"] = chosen_category(request.POST)
    if "subject" in request.POST:
        changes["subject"] = request.POST["subject"]
    if "assignee" in request.POST:
        chosen = row_number(request.POST["assignee"])
        changes["assignee"] = get_object_or_404(Staff, pk=chosen) if chosen is not None else None
    change(ticket, by=request.user, if_version=row_number(request.POST.get("version", "")), **changes)
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def resolve_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """解決にする: with the article that solved it, or the reason why there was none."""
    ticket = ticket_or_404(request, number)
    if request.method == "GET":
        found = fitting_ticket(request, ticket)
        own = own_article(request, ticket)
        if own is not None:
            found = [(own, excerpt(own.answer), ()), *(choice for choice in found if choice[0] != own)]
        context = {"ticket": ticket, "sheet": "resolve", "reasons": no_article_reasons(), "found": found}
        context["put_away"] = last_put_away(request, ticket)
        return page(request, "tickets/sheets.html", context | {"chosen": own.key if own else ""})
    key = request.POST.get("article", "").strip()
    article = Article.objects.visible_to(request.access).filter(key=key).first() if key else None
    if key and article is None:
        raise Refused(_("There is no article “%(key)s”.") % {"key": key}, code="article", field="article")
    reason = request.POST.get("no_article_reason", "").strip()
    writes = article is None and request.POST.get("new_article") == "on"
    if writes and not reason:
        reason = "no_article"
    resolution = request.POST.get("resolution", "").strip()
    lacking = [] if resolution else [("resolution", _("How it was resolved"))]
    if article is None and not reason:
        lacking.append(("article", _("Article that solved it, or why there was none")))
    refuse_lacking(lacking)
    resolve(
        ticket,
        resolution=resolution,
        article=article,
        no_article_reason=reason,
        by=request.user,
    )
    if writes:
        return go(request, f"{reverse('knowledge:new')}?ticket={ticket.number_shown}")
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def wait_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """Put the ticket aside until somebody or some date."""
    ticket = ticket_or_404(request, number)
    if request.method == "GET":
        return page(request, "tickets/sheets.html", {"ticket": ticket, "sheet": "wait", "options": WaitingFor.choices})
    wait(
        ticket,
        waiting_for=request.POST.get("waiting_for", ""),
        until=moment_of(request.POST.get("waiting_until", "")),
        by=request.user,
    )
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_POST
def go_on_again(request: StaffRequest, number: str) -> HttpResponse:
    go_on(ticket_or_404(request, number), by=request.user)
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_POST
def close_ticket(request: StaffRequest, number: str) -> HttpResponse:
    close(ticket_or_404(request, number), by=request.user)
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_POST
def reopen_ticket(request: StaffRequest, number: str) -> HttpResponse:
    reopen(ticket_or_404(request, number), by=request.user, reason=request.POST.get("reason", ""))
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def link_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """Say how this ticket belongs to another: part of it, a duplicate, related, or merged into it."""
    ticket = ticket_or_404(request, number)
    kinds = [
        ("parent", _("is part of another")),
        (TicketLink.Kind.DUPLICATE.value, _("is a duplicate of another")),
        (TicketLink.Kind.RELATED.value, _("is related to another")),
        ("merge", _("is merged into another")),
    ]
    if request.method == "GET":
        return page(request, "tickets/sheets.html", {"ticket": ticket, "sheet": "link", "kinds": kinds})
    other = Ticket.objects.visible_to(request.access).numbered(request.POST.get("other", "")).first()
    if other is None:
        raise Refused(_("There is no ticket of this number."), code="other", field="other")
    match request.POST.get("kind", ""):
        case "parent":
            set_parent(ticket, parent=other, by=request.user)
        case "merge":
            merge(ticket, into=other, by=request.user)
            return _go(request, other)
        case kind:
            link_tickets(ticket, other=other, kind=kind, by=request.user)
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def call_back_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """折り返しを約束: when, to which number, whom to ask for."""
    ticket = ticket_or_404(request, number)
    if request.method == "GET":
        return page(
            request,
            "tickets/sheets.html",
            {
                "ticket": ticket,
                "sheet": "call_back",
                "times": quick_times(timezone.localtime()),
                "number": number_to_call(ticket),
                "ask_for": ticket.requester.name if ticket.requester else "",
            },
        )
    promise_call(
        ticket,
        number=request.POST.get("number", ""),
        name=request.POST.get("name", ""),
        note=request.POST.get("note", ""),
        due_at=promised_time(request),
        staff=ticket.front_staff,
        by=request.user,
    )
    return again(request, number)


@guard(Capability.WORK_TICKETS)
@require_POST
def refer(request: StaffRequest, number: str) -> HttpResponse:
    """What the contract does not cover goes to sales."""
    refer_to_sales(ticket_or_404(request, number), note=request.POST.get("note", ""), by=request.user)
    messages.success(request, _("Sales has been told."))
    return again(request, number)


def again(request: StaffRequest, number: str) -> HttpResponse:
    """The ticket as it stands now: htmx fills the page's main part, others are sent back to it."""
    if not request.htmx:
        return HttpResponseRedirect(reverse("tickets:page", args=[number]))
    ticket = ticket_or_404(request, number)
    answer = page(request, "tickets/page.html", context_of(ticket, request.access))
    answer["HX-Trigger"] = "close-sheet"
    return answer


def _go(request: StaffRequest, ticket: Ticket) -> HttpResponse:
    target = reverse("tickets:page", args=[ticket.number_shown])
    return go(request, target)


def chosen_category(form: Mapping[str, str]) -> Category | None:
    """The category that the form's select names; 404 for none of ours."""
    chosen = row_number(form.get("category", ""))
    return get_object_or_404(Category, pk=chosen, is_active=True) if chosen is not None else None


def _uploads(request: StaffRequest) -> list[Attachment]:
    return [
        Attachment.objects.create(
            file=store.keep(upload.read()),
            name=(upload.name or "file")[:255],
            content_type=(upload.content_type or "application/octet-stream")[:100],
        )
        for upload in request.FILES.getlist("attachments")
    ]


def no_article_reasons() -> list[tuple[str, str]]:
    """Why there was no article; kept as written, so that a desk may also write its own."""
    return [
        ("no_article", _("There is no article yet")),
        ("article_insufficient", _("The article was not enough")),
        ("one_off", _("A single case, not worth an article")),
        ("not_a_question", _("No question: a report or a request")),
    ]
