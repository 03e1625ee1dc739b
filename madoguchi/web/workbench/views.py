"""The operator's seat: one contact at a time, and the telephone in the head of every page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.wrapping_up import finish_wrapup as finish
from madoguchi.knowledge import usage
from madoguchi.knowledge.models import Article, Place
from madoguchi.knowledge.plain_text import plain
from madoguchi.people.access import Capability
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.actions.wrapup import start_wrapup
from madoguchi.telephony.models import OperatorState
from madoguchi.telephony.queries import still_rung
from madoguchi.telephony.words import why_not_called
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page, text, wanted_block
from madoguchi.web.tickets.clock_panel import deadline_names
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench.due import due_of
from madoguchi.web.workbench.script import follow
from madoguchi.web.workbench.seat import (
    calls_of,
    contact_or_404,
    contacts,
    context_of,
    known_of,
    not_called,
    state_of,
    unread_notes,
)

SEAT = "workbench/seat.html"


@guard(Capability.TAKE_CALLS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The seat with the contact at hand, or the one in the address."""
    chosen = row_number(request.GET.get("contact", ""))
    if chosen is not None:
        return show(request, contact_or_404(request, chosen))
    return page(request, SEAT, context_of(request))


def show(request: StaffRequest, contact: Interaction | None) -> HttpResponse:
    """The seat, or the part of it that was asked for, with this contact and no other."""
    return page(request, SEAT, context_of(request, contact, chosen=contact is not None))


def closing(answer: HttpResponse) -> HttpResponse:
    """The same answer, closing the sheet it came from."""
    answer["HX-Trigger"] = "close-sheet"
    return answer


def telling(request: StaffRequest, answer: HttpResponse, sentence: str) -> HttpResponse:
    """The same answer, saying what was done where messages stand."""
    if request.htmx:
        answer.content += text(request, SEAT, "said", {"said": sentence}).encode()
    else:
        messages.success(request, sentence)
    return answer


@guard(Capability.TAKE_CALLS)
@require_POST
def save(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Keep the form: 204 for what saves itself, else the part of the seat that depends on the change."""
    contact = contact_or_404(request, contact_id)
    data = form.keep(contact, request.POST, by=request.user)
    if request.headers.get("X-Autosave"):
        return HttpResponse(status=204)
    follow(contact, form.read(data, request.access), data, by=request.user)
    context = context_of(request, contact, chosen=True)
    if context["script"] is not None and wanted_block(request) == "hearing":  # another category was chosen
        context["script"].focus = not context["script"].left
    return changing_known(page(request, SEAT, context))


def changing_known(answer: HttpResponse) -> HttpResponse:
    """The same answer, after which the right column asks again."""
    answer["HX-Trigger"] = "known-changed"
    return answer


@guard(Capability.TAKE_CALLS)
@require_POST
def take_article(request: StaffRequest, contact_id: int) -> HttpResponse:
    """This article solves it: its answer is written where the answer goes, unless it stands there already."""
    contact = contact_or_404(request, contact_id)
    written = request.POST.copy()
    before = form.read(form.posted(request.POST), request.access)
    article = before.article
    taken = form.read(form.draft_of(contact), request.access).article
    if taken is not None and taken != article:
        usage.withdraw(taken, contact, by=request.user)
    if article is not None:
        usage.use(article, contact, before.said, place=Place.SEAT, by=request.user)
    if article is not None:
        stands, answer = before.resolution.replace("\r\n", "\n").strip(), plain(article.answer)
        if answer not in stands:
            written["resolution"] = "\n\n".join(part for part in (stands, answer) if part)
    form.keep(contact, written, by=request.user)
    return changing_known(show(request, contact))


@guard(Capability.TAKE_CALLS)
@require_POST
def dismiss_article(request: StaffRequest, contact_id: int, article_id: int) -> HttpResponse:
    """This article does not fit what is asked: it goes from this contact, and stands lower next time."""
    contact = contact_or_404(request, contact_id)
    article = get_object_or_404(Article.objects.visible_to(request.access).light(), pk=article_id)
    intake = form.read(form.draft_of(contact), request.access)
    usage.dismiss(article, contact, intake.said, place=Place.SEAT, by=request.user)
    return known_again(request, contact)


@guard(Capability.TAKE_CALLS)
@require_POST
def restore_article(request: StaffRequest, contact_id: int, article_id: int) -> HttpResponse:
    """It fits after all."""
    contact = contact_or_404(request, contact_id)
    article = get_object_or_404(Article.objects.visible_to(request.access).light(), pk=article_id)
    usage.withdraw(article, contact, by=request.user)
    return known_again(request, contact)


@guard(Capability.TAKE_CALLS)
@require_GET
def read_article(request: StaffRequest, contact_id: int, article_id: int) -> HttpResponse:
    """To the article, noting that it was read for this contact."""
    contact = contact_or_404(request, contact_id)
    article = get_object_or_404(Article.objects.visible_to(request.access).light(), pk=article_id)
    usage.opened(article, contact, place=Place.SEAT, by=request.user)
    return redirect("knowledge:page", article.pk)


@guard(Capability.TAKE_CALLS)
@require_GET
def known(request: StaffRequest, contact_id: int) -> HttpResponse:
    """What we know about what is written so far; asked again after every save."""
    return known_again(request, contact_or_404(request, contact_id))


def known_again(request: StaffRequest, contact: Interaction) -> HttpResponse:
    """The right column as it is now."""
    intake = form.read(form.draft_of(contact), request.access)
    context = {
        "contact": contact,
        "intake": intake,
        "unread_notes": unread_notes(request.access),
        **known_of(contact, intake, request.access),
    }
    return HttpResponse(text(request, SEAT, "known", context))


@guard(Capability.TAKE_CALLS)
@require_GET
def due(request: StaffRequest) -> HttpResponse:
    """What is due next; asked again when something happens to it, and each minute."""
    context = {"due": due_of(request.access), "deadlines": deadline_names()}
    return HttpResponse(text(request, SEAT, "due", context))


@guard(Capability.TAKE_CALLS)
@require_GET
def phone(request: StaffRequest) -> HttpResponse:
    """The slot in the head of every page: what I am doing, and what rings."""
    return slot(request)


@guard(Capability.TAKE_CALLS)
@require_POST
def set_state(request: StaffRequest) -> HttpResponse:
    """受付可, 離席 with its reason, 研修; 後処理 by hand belongs to the last call."""
    wanted = request.POST.get("state", "")
    if wanted == OperatorState.State.WRAPUP:
        last = (
            contacts(request.access)
            .filter(call__answered_by=request.user, call__ended_at__isnull=False)
            .order_by("-call__ended_at")
            .first()
        )
        if last is None or last.call is None:
            raise Refused(_("There is no call of yours to write up."), code="no_call", status=409)
        start_wrapup(last.call.merged_into or last.call, request.user, by=request.user)
    else:
        set_operator_state(request.user, wanted, request.POST.get("reason", ""), by=request.user)
    return slot(request)


def slot(request: StaffRequest) -> HttpResponse:
    calls = calls_of(request.access)
    context = {
        "state": state_of(request.user),
        "ringing": [contact for contact in calls.contacts if calls.rings(contact)],
        "talking": [contact for contact in calls.contacts if not calls.rings(contact)],
        "not_called": not_called(request.user),
        "why_not_called": why_not_called,
        "is_still_rung": still_rung().filter(staff=request.user).exists(),
    }
    return page(request, "workbench/phone.html", context)


@guard(Capability.TAKE_CALLS)
@require_POST
def finish_wrapup(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Written up, and free for the next call; where the team demands it, only with a ticket or a reason."""
    contact = contact_or_404(request, contact_id)
    said = {field: request.POST.get(field, "") for field in ("code", "reason", "note")}
    finish(contact, **said, by=request.user)
    return page(request, SEAT, context_of(request))
