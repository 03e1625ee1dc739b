"""折り返し: every call that is owed, promised or in vain, in one list; who makes it, what was tried, how it ended."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import (
    finish_call_back,
    give_back_call_back,
    reassign_call_back,
    take_call_back,
    try_call_back_again,
)
from madoguchi.interactions.actions.contacts import dismiss, open_interaction
from madoguchi.interactions.best_time import best_times
from madoguchi.interactions.models import Attempt, CallBack, CallBackPolicy, CallBackQuerySet, Channel, Interaction
from madoguchi.interactions.owing import is_short, not_owed, set_policy
from madoguchi.interactions.reasons import CALLED_BACK, NOT_REACHED
from madoguchi.interactions.written_down import outbound_at_hand
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Person, Staff, Team
from madoguchi.people.queries import workers_of
from madoguchi.telephony.models import Outcome
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page
from madoguchi.web.tickets.acts import no_article_reasons
from madoguchi.web.tickets.promising import promised_time, quick_times
from madoguchi.web.tickets.solving import fitting_ticket
from madoguchi.web.workbench.intake import front_of
from madoguchi.web.workbench.seat import context_of
from madoguchi.web.workbench.settling import SHEETS
from madoguchi.web.workbench.views import SEAT, closing, telling

LIST = "workbench/owed.html"
PAGE = 50
SHOWS = ("owed", "mine", "free", "done", "not_owed")
_BY_HAND = (CallBack.Result.REACHED, CallBack.Result.LEFT_MESSAGE, CallBack.Result.WITHDRAWN)
_AGAIN = {"again": Attempt.Result.NO_ANSWER, "busy": Attempt.Result.BUSY}


@guard(Capability.TAKE_CALLS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Calls that are owed, the next due first; those made; and callers who gave up and cannot be called back."""
    return page(request, LIST, list_of(request, request.GET))


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def call_back(request: StaffRequest, call_back_id: int) -> HttpResponse:
    """折り返す: the number, whom to ask for and what to tell; then how it ended."""
    owed = _owed_or_404(request, call_back_id)
    link = getattr(owed, "ticket_link", None)
    ticket = Ticket.objects.visible_to(request.access).filter(pk=link.ticket_id).first() if link else None
    if request.method == "GET":
        return page(
            request,
            SHEETS,
            {
                "sheet": "call_back",
                "owed": owed,
                "tries": list(owed.tries.select_related("staff")),
                "calls": list(owed.calls.select_related("interaction").order_by("interaction__started_at")),
                "best": best_times([owed]).get(owed.pk),
                "workers": [(person.pk, person.name) for person in workers_of(owed.team)],
                "fills": "#rows" if "list" in request.GET else "#lists",
                "ticket": ticket,
                "message": link.message if link else None,
                "reasons": no_article_reasons(),
                "found": fitting_ticket(request, ticket) if ticket is not None and ticket.is_active else [],
                "times": quick_times(timezone.localtime()),
            },
        )
    result = request.POST.get("result", "")
    with transaction.atomic():
        if result in _AGAIN:
            due_at = promised_time(request)
            outbound = _called(request, owed.number, owed.person, owed.name)
            _settle(outbound, ticket, reached=False, by=request.user)
            try_call_back_again(owed, due_at=due_at, result=_AGAIN[result], outbound=outbound, by=request.user)
        else:
            if result not in _BY_HAND:  # what the telephone alone tells is never said by hand
                raise Refused(_("Say how the call-back ended."), code="result_missing")
            made = result != CallBack.Result.WITHDRAWN
            outbound_or_none = _called(request, owed.number, owed.person, owed.name) if made else None
            finish_call_back(owed, result=result, outbound=outbound_or_none, by=request.user)
            if outbound_or_none is not None:
                _settle(outbound_or_none, ticket, reached=True, by=request.user)
            if request.POST.get("resolve") and ticket is not None:
                _resolve(request, ticket, outbound_or_none)
    return telling(request, closing(_back(request)), _("Recorded."))


@guard(Capability.TAKE_CALLS)
@require_POST
def take(request: StaffRequest, call_back_id: int) -> HttpResponse:
    """I make this call."""
    take_call_back(_owed_or_404(request, call_back_id), by=request.user)
    return closing(_back(request))


@guard(Capability.TAKE_CALLS)
@require_POST
def give_back(request: StaffRequest, call_back_id: int) -> HttpResponse:
    """Somebody else of the team makes it after all."""
    give_back_call_back(_owed_or_404(request, call_back_id), by=request.user)
    return closing(_back(request))


@guard(Capability.TAKE_CALLS)
@require_POST
def assign(request: StaffRequest, call_back_id: int) -> HttpResponse:
    """This colleague makes the call; whoever acts for the team may say so."""
    owed = _owed_or_404(request, call_back_id)
    if not request.access.acts_for(owed.team):
        raise Refused(_("Only the team that owes the call can assign it."), code="not_team", status=403)
    chosen = row_number(request.POST.get("staff", ""))
    person = get_object_or_404(workers_of(owed.team), pk=chosen) if chosen is not None else None
    link = getattr(owed, "ticket_link", None)
    reassign_call_back(owed, staff=person, reassigned={}, by=request.user, ticket=link.ticket if link else None)
    return closing(_back(request))


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def policy(request: StaffRequest) -> HttpResponse:
    """Within how many minutes who gave up is called back: for every team, or otherwise for one of them."""
    own = {row.team_id: row for row in CallBackPolicy.objects.all()}
    teams = list(Team.objects.filter(is_active=True))
    if request.method == "POST":
        chosen = row_number(request.POST.get("team", ""))
        team = get_object_or_404(Team, pk=chosen, is_active=True) if chosen is not None else None
        set_policy(
            team,
            queues=request.POST.get("queues", "").replace("、", ",").split(","),
            is_on=request.POST.get("is_on", "") == "yes",
            owes_missed=request.POST.get("owes_missed", "") == "yes",
            within_min=row_number(request.POST.get("within_min", "")) or 0,
            escalate_min=row_number(request.POST.get("escalate_min", "")) or 0,
            settles_short=request.POST.get("settles_short", "") == "yes",
            by=request.user,
        )
        messages.success(request, _("Saved."))
        return go(request, reverse("workbench:call_back_policy"))
    shared = own.get(None) or CallBackPolicy()
    rows = [
        (team, own.get(team.pk if team else None) or shared, team is None or team.pk in own) for team in [None, *teams]
    ]
    given = {"rows": rows, "seconds": settings.SHORT_ABANDON_SECONDS}
    return page(request, "workbench/call_back_policy.html", given)


def list_of(request: StaffRequest, wanted: QueryDict) -> dict[str, Any]:
    """What the list shows; an unknown view is what is owed."""
    access, show, team = request.access, wanted.get("show", ""), wanted.get("team", "")
    show = show if show in SHOWS else "owed"
    teams = list(access.teams if access.is_partner else Team.objects.filter(is_active=True))
    chosen = next((row for row in teams if str(row.pk) == team), None)
    after = wanted.get("after", "")
    context: dict[str, Any] = {"show": show, "team": chosen, "teams": [(row.pk, row.label) for row in teams]}
    query = {"show": show} | ({"team": str(chosen.pk)} if chosen else {})
    if show == "not_owed":
        contacts = not_owed(Interaction.objects.visible_to(access).unsettled()).filter(is_abandoned=True)
        contacts = contacts.filter(team=chosen) if chosen else contacts
        related = contacts.select_related("call", "person", "organization", "team")
        found, cursor = keyset(related, ("ended_at", "id"), after=after, size=PAGE, descending=True)
        context |= {"contacts": [(contact, _presentation(contact), _why_not(contact)) for contact in found], "rows": []}
    else:
        rows = _of(show, CallBack.objects.visible_to(access), access)
        rows = (rows.filter(team=chosen) if chosen else rows).select_related(
            "person__organization", "team", "staff", "done_by", "ticket_link__ticket"
        )
        tries = Prefetch("tries", Attempt.objects.select_related("staff"))
        rows = rows.prefetch_related(tries, "calls")
        by, descending = ("done_at", True) if show == "done" else ("due_at", False)
        owed, cursor = keyset(rows, (by, "id"), after=after, size=PAGE, descending=descending)
        context |= {"rows": owed, "best": best_times(owed) if show != "done" else {}, "contacts": []}
    return context | {
        "query": urlencode(query),
        "next": f"?{urlencode(query | {'after': cursor})}" if cursor else "",
        "acts_for": access.acts_for,
    }


def _of(show: str, rows: CallBackQuerySet, access: Access) -> CallBackQuerySet:
    if show == "done":
        return rows.filter(done_at__isnull=False)
    waiting = rows.filter(done_at__isnull=True)
    if show == "mine":
        return waiting.filter(staff=access.staff)
    return waiting.filter(staff__isnull=True) if show == "free" else waiting


def _presentation(contact: Interaction) -> str:
    return contact.call.presentation if contact.call else "unknown"


def _why_not(contact: Interaction) -> str:
    """Why nobody is owed a call for it."""
    call = contact.call
    if call is None or not call.outcome:
        return ""
    if call.outcome != Outcome.ABANDONED_IN_IVR and is_short(call):
        return _("Hung up after %(seconds)s s") % {"seconds": round(call.wait_s or 0)}
    return str(Outcome(call.outcome).label) if contact.address else _("No number to call back")


def _owed_or_404(request: StaffRequest, call_back_id: int) -> CallBack:
    rows = CallBack.objects.visible_to(request.access).select_related(
        "person__organization", "team", "staff", "ticket_link__ticket", "ticket_link__message"
    )
    return get_object_or_404(rows, pk=call_back_id)


def _back(request: StaffRequest) -> HttpResponse:
    """The list on which it was pressed, anew: the page's, or the one on the seat."""
    if (request.htmx.target or "").endswith("#rows"):
        return page(request, LIST, list_of(request, request.POST))
    return page(request, SEAT, context_of(request))


def _resolve(request: StaffRequest, ticket: Ticket, said_in: Interaction | None) -> None:
    key = request.POST.get("article", "").strip()
    article = Article.objects.visible_to(request.access).filter(key=key).first() if key else None
    reason = request.POST.get("no_article", "").strip()
    if article is None and not reason:
        raise Refused(
            _("Name the article that solved it, or say why there was none."),
            code="article_missing",
            missing=[{"key": "no_article", "label": _("Why there is no article")}],
        )
    resolve(
        ticket,
        resolution=request.POST.get("answer", ""),
        article=article,
        no_article_reason=reason,
        said_in=said_in,
        by=request.user,
    )


def _called(request: StaffRequest, number: str, person: Person | None, name: str) -> Interaction:
    """The outgoing call that has just been made: as the telephone told of it, else noted now."""
    now = timezone.now()
    known = outbound_at_hand(staff=request.user, number=number, at=now)
    return known or open_interaction(
        channel=Channel.PHONE,
        direction=Interaction.Direction.OUTBOUND,
        address=number,
        person=person,
        contact_name="" if person else name,
        staff=request.user,
        team=front_of(request.access),
        started_at=now,
        ended_at=now,
        by=request.user,
    )


def _settle(outbound: Interaction, ticket: Ticket | None, *, reached: bool, by: Staff) -> None:
    """The outgoing call belongs to its ticket, else it is marked with how it ended."""
    if ticket is not None:
        link_interaction(ticket, interaction=outbound, by=by)
    else:
        reason = CALLED_BACK if reached else NOT_REACHED
        dismiss(outbound, reason=reason, by=by)
