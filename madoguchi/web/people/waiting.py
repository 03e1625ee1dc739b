"""What waits on somebody, moved with one press; and for supervisors everybody who is waited for in vain."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.consultations.models import Consultation
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.reassign import (
    CALL,
    OFFER,
    QUESTION,
    TICKET,
    Reassigned,
    Thing,
    reassign,
    teams_of_decider,
)
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.waiting import (
    SHOWN,
    Kind,
    Share,
    calls_of,
    offers_of,
    questions_of,
    shares,
    tickets_of,
    waited_for,
)
from madoguchi.interactions.models import CallBack
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.people.queries import workers_of
from madoguchi.people.standing_in import absent, next_absence, successor
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

_FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A thing in the list: ``key`` names it in the form, ``teams`` are those in whose name it waits."""

    key: str
    kinds: tuple[Kind, ...]
    due_at: datetime | None
    ticket: Ticket | None
    words: str
    who: str
    teams: tuple[Team, ...]
    may: bool


@guard(Capability.DECIDE_ROUTING)
@require_GET
def overview(request: StaffRequest) -> HttpResponse:
    """Everybody who is waited for though they are away, left, or belong to the team no more."""
    rows = waited_for(request.access, timezone.now())
    return page(request, "people/waits.html", {"rows": rows})


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def waiting(request: StaffRequest, staff_id: int) -> HttpResponse:
    """What waits on one of us; one's own for everybody, anybody's for supervisors."""
    person = get_object_or_404(Staff, pk=staff_id)
    teams = teams_of_decider(person, request.access)
    if teams is not None and not teams:
        raise PermissionDenied
    if request.method == "POST":
        done = reassign(person, by=request.user, **_wanted(request.POST))
        messages.success(request, _said(person, done))
        return go(request, reverse("people:waiting", args=[person.pk]))
    return page(request, "people/waiting.html", _context(request, person, teams))


def _context(request: StaffRequest, person: Staff, teams: set[int] | None) -> dict[str, Any]:
    access, now = request.access, timezone.now()
    parts = shares(person, access)
    after = request.GET.get("after", "")
    found = tickets_of(person, access, after=after)
    rows = [_ticket(ticket, person, teams) for ticket in found.rows]
    others = [] if after else _others(person, access, teams)
    whole = not (after or found.next or any(len(part) == SHOWN for part in others))
    rows += [row for part in others for row in part]
    here = reverse("people:waiting", args=[person.pk])
    total = sum(share.tally.total for share in parts)
    return {
        "person": person,
        "own": person == request.user,
        "absence": next_absence(person, now),
        "now_at": now,
        "total": total,
        "rows": sorted(rows, key=lambda row: (row.due_at or _FAR, row.key)),
        "elsewhere": 0 if whole else max(0, total - len(rows)),
        "takers": [_taker(share, person, now) for share in parts if teams is None or share.team.pk in teams],
        "ticked": request.GET.get("tick") != "none",
        "here": here,
        "first": here if after else "",
        "next": f"{here}?{urlencode({'after': found.next})}" if found.next else "",
    }


def _others(person: Staff, access: Access, teams: set[int] | None) -> list[list[Row]]:
    """What is no ticket, kind by kind: it stands on the first page."""
    return [
        [_call(call, teams) for call in calls_of(person, access)],
        [_offer(offer, teams) for offer in offers_of(person, access)],
        [_question(question, teams) for question in questions_of(person, access)],
    ]


def _taker(share: Share, person: Staff, now: datetime) -> tuple[Share, list[tuple[int | str, str]], int | str]:
    """The team's part, who may take it, and who is proposed."""
    proposed = successor(person, share.team, now)
    there = workers_of(share.team).exclude(pk=person.pk).exclude(pk__in=absent(now).values("pk"))
    named: list[tuple[int | str, str]] = []
    if proposed is not None:
        named.append((proposed.pk, _("%(name)s (stands in)") % {"name": proposed.name}))
    named += [(one.pk, one.name) for one in there if one != proposed]
    named.append(("", _("%(team)s, the whole team") % {"team": share.team.label}))
    return share, named, proposed.pk if proposed else ""


def _ticket(ticket: Ticket, person: Staff, teams: set[int] | None) -> Row:
    parts = {
        Kind.HELD: (ticket.assignee_id, ticket.holder_team),
        Kind.FRONT: (ticket.front_staff_id, ticket.front_team),
    }
    theirs = {kind: team for kind, (staff, team) in parts.items() if staff == person.pk}
    return Row(
        key=f"{TICKET}:{ticket.pk}",
        kinds=tuple(theirs),
        due_at=ticket.next_due_at,
        ticket=ticket,
        words=ticket.subject,
        who=ticket.requester.polite_name if ticket.requester else "",
        teams=tuple(dict.fromkeys(theirs.values())),
        may=_may(teams, *theirs.values()),
    )


def _call(call: CallBack, teams: set[int] | None) -> Row:
    link = getattr(call, "ticket_link", None)
    return Row(
        key=f"{CALL}:{call.pk}",
        kinds=(Kind.CALL,),
        due_at=call.due_at,
        ticket=link.ticket if link else None,
        words=link.ticket.subject if link else call.note,
        who=call.person.polite_name if call.person else call.name,
        teams=(call.team,),
        may=_may(teams, call.team),
    )


def _offer(offer: Handoff, teams: set[int] | None) -> Row:
    return Row(
        key=f"{OFFER}:{offer.pk}",
        kinds=(Kind.OFFER,),
        due_at=offer.ticket.next_due_at,
        ticket=offer.ticket,
        words=offer.ticket.subject,
        who=offer.from_team.label,
        teams=(offer.to_team,),
        may=_may(teams, offer.to_team),
    )


def _question(question: Consultation, teams: set[int] | None) -> Row:
    return Row(
        key=f"{QUESTION}:{question.pk}",
        kinds=(Kind.QUESTION,),
        due_at=question.due_at,
        ticket=question.ticket,
        words=question.ticket.subject,
        who=question.department.label,
        teams=(question.team,),
        may=_may(teams, question.team),
    )


def _may(teams: set[int] | None, *own: Team) -> bool:
    return teams is None or any(team.pk in teams for team in own)


def _wanted(form: QueryDict) -> dict[str, Any]:
    """Who takes what. With ``rest`` also what this page does not show: then what is not ticked is left out."""
    to: dict[int, Staff | None] = {}
    for name in form:
        kind, _hyphen, team = name.partition("-")
        key, chosen = row_number(team), row_number(form.get(name, ""))
        if kind == "to" and key is not None:
            to[key] = get_object_or_404(Staff, pk=chosen) if chosen is not None else None
    ticked = set(_things(form.getlist("thing")))
    if form.get("rest"):
        return {"to": to, "but": set(_things(form.getlist("shown"))) - ticked, "note": form.get("note", "")}
    if not ticked:
        raise Refused(_("Tick what somebody else shall do."), code="nothing_chosen")
    return {"to": to, "only": ticked, "note": form.get("note", "")}


def _things(written: list[str]) -> list[Thing]:
    """What the form names, as (kind, id); anything else is not ours."""
    parts = (one.partition(":") for one in written)
    return [(kind, key) for kind, _colon, pk in parts if (key := row_number(pk)) is not None]


def _said(person: Staff, done: Reassigned) -> str:
    if not done.total:
        return _("Nothing of it waits on %(name)s any more.") % {"name": person.name}
    parts = {
        _("tickets"): done.tickets,
        _("call-backs"): done.calls,
        _("offers"): done.offers,
        _("questions"): done.questions,
    }
    told = _(", ").join(f"{word} {count}" for word, count in parts.items() if count)
    said = ngettext(
        "%(count)s thing no longer waits on %(name)s: %(parts)s.",
        "%(count)s things no longer wait on %(name)s: %(parts)s.",
        done.total,
    ) % {"count": done.total, "name": person.name, "parts": told}
    return f"{said} {_('There is more: press again.')}" if done.more else said
