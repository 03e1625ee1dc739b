"""One ticket: its page, its earlier history, who else looks at it, its files."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import hearing_items, path_of
from madoguchi.files.models import Attachment
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.queries import returnable, time_by_team
from madoguchi.handoffs.requirements import is_answered
from madoguchi.knowledge.rights import hears_of
from madoguchi.people.access import Access, Capability, PreparedVisible
from madoguchi.people.models import Department, EmailAddress, PhoneNumber, Staff
from madoguchi.telephony.queries import openable
from madoguchi.tickets.actions.mark_seen import mark_seen
from madoguchi.tickets.models import Priority, Ticket, TicketLink, id_of
from madoguchi.tickets.queries import other_open_tickets, others_looking
from madoguchi.tickets.timeline import TimelineItem, timeline
from madoguchi.web.consultations.panel import draft_of, questions_of, status_of
from madoguchi.web.rules.on_ticket import left_by_rules
from madoguchi.web.shell import files
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, page
from madoguchi.web.tickets.clock_panel import panel_of

ENTRIES = 50
_HOWS = ("parent", "follow_up_of", "merged_into", "child", "follow_up", "merged", "duplicate", "related")


_ticket = PreparedVisible(
    lambda access, key: (
        Ticket.objects.visible_to(access)
        .filter(pk=key)
        .select_related(
            "category__parent__parent",
            "requester",
            "organization",
            "contract__engineer",
            "contract__salesperson",
            "front_team",
            "front_staff",
            "holder_team",
            "assignee",
        )
    )
)


def ticket_or_404(request: StaffRequest, number: str) -> Ticket:
    """The ticket of this number, if this person may see it; what few tickets have is read where it is there."""
    key = id_of(number)
    ticket = None if key is None else _ticket.first(request.access, key)
    if ticket is None:
        raise Http404
    return ticket


@guard(Capability.READ_TICKETS)
@require_GET
def ticket_page(request: StaffRequest, number: str) -> HttpResponse:
    """The whole ticket: what was said, who has it, who it is about."""
    ticket = ticket_or_404(request, number)
    if request.access.can(Capability.WORK_TICKETS):
        mark_seen(ticket, by=request.user)
    context = context_of(ticket, request.access)
    asked = context["by_id"].get(row_number(request.GET.get("use", "")))
    if asked is not None:
        context |= {"used": asked.row.pk, "draft": draft_of(asked.row)}
    return page(request, "tickets/page.html", context)


@guard(Capability.READ_TICKETS)
@require_GET
def earlier(request: StaffRequest, number: str) -> HttpResponse:
    """The part of the history before the entry ``before``."""
    ticket = ticket_or_404(request, number)
    before = row_number(request.GET.get("before", ""))
    if before is None:
        raise Http404
    items = timeline(ticket, request.access, before=before, limit=ENTRIES)
    context = {
        "ticket": ticket,
        "items": items,
        "more": len(items) == ENTRIES,
        "files_of": files_of,
        "calls": _calls(items, request.access),
        **questions_of(ticket, request.access),
    }
    return block(request, "tickets/page.html", "earlier", context)


@guard(Capability.READ_TICKETS)
@require_POST
def seen(request: StaffRequest, number: str) -> HttpResponse:
    """This person still has the ticket open; the answer names the others who do."""
    ticket = ticket_or_404(request, number)
    if request.access.can(Capability.WORK_TICKETS):
        mark_seen(ticket, by=request.user)
    others = others_looking(ticket, but=request.user.pk)
    return block(request, "tickets/page.html", "others", {"ticket": ticket, "others": others})


@guard(Capability.READ_TICKETS)
@require_GET
def download(request: StaffRequest, attachment_id: int) -> FileResponse:
    """A file of a message on a ticket that this person may see."""
    tickets = Ticket.objects.visible_to(request.access)
    row = get_object_or_404(
        Attachment.objects.filter(messages__ticket__in=tickets).select_related("file").distinct(), pk=attachment_id
    )
    return files.attachment(row)


_emails = Prepared(lambda person: EmailAddress.objects.filter(person=person))
_phones = Prepared(lambda person: PhoneNumber.objects.filter(person=person))
_handoffs = Prepared(
    lambda ticket: (
        Handoff.objects.filter(ticket=ticket).select_related("from_team", "to_team").order_by("offered_at", "id")
    )
)
_asked_teams = Prepared(
    lambda: Department.objects.filter(team__isnull=False, is_active=True).order_by().values_list("team")
)
_members = Prepared(
    lambda team: (
        Staff.objects.filter(memberships__team=team, is_active=True)
        .distinct()
        .order_by("kana", "id")
        .values_list("pk", "family_name", "given_name", "kana")
    )
)
_links = Prepared(
    lambda one, other: (
        TicketLink.objects.filter(Q(ticket=one) | Q(other=other))
        .order_by("id")
        .values_list("ticket_id", "other_id", "kind")
    )
)
_RELATED = ("subject", "status", "waiting_for", "parent_id", "follow_up_of_id", "merged_into_id")
_below = PreparedVisible(
    lambda access, key: (
        Ticket.objects.visible_to(access)
        .filter(Q(parent=key) | Q(follow_up_of=key) | Q(merged_into=key))
        .only(*_RELATED)
    )
)


def context_of(ticket: Ticket, access: Access) -> dict[str, Any]:
    """Everything the ticket's page shows."""
    items = timeline(ticket, access, limit=ENTRIES)
    asked = hearing_items(ticket.category, active_only=False) if ticket.details else []
    labels = {item.key: item.label for item in asked}
    # What a destination asked, or what was asked before the category changed, has its name elsewhere.
    if unnamed := [key for key in ticket.details if key not in labels]:
        labels |= {item.key: item.label for item in HearingItem.objects.filter(key__in=unnamed)}
    working = access.can(Capability.WORK_TICKETS)
    emails = _emails.all(ticket.requester_id) if ticket.requester_id else []
    handoffs = _handoffs.all(ticket.pk)
    clocks, questions = panel_of(ticket), questions_of(ticket, access)
    return {
        "ticket": ticket,
        "article": ticket.article if ticket.article is not None and hears_of(access, ticket.article) else None,
        "items": items,
        "calls": _calls(items, access),
        "more": len(items) == ENTRIES,
        "category_path": path_of(ticket.category) if ticket.category else [],
        "answers": [(labels.get(key, key), value) for key, value in ticket.details.items() if is_answered(value)],
        "handoffs": handoffs,
        "stops": time_by_team(ticket) if ticket.moves else [],
        "taken": returnable(ticket, handoffs) if working and access.acts_for(ticket.holder_team) else None,
        "offer": next((one for one in handoffs if one.state == one.State.OFFERED), None)
        if ticket.offered_to_id
        else None,
        "holds": working and access.acts_for(ticket.holder_team),
        "receives": working and ticket.offered_to is not None and access.acts_for(ticket.offered_to),
        "works": working,
        "asked_teams": {team for (team,) in _asked_teams.all()} if working and handoffs else set(),
        "colleagues": _colleagues(ticket) if working else [],
        "priorities": Priority.choices,
        "others": others_looking(ticket, but=access.staff.pk),
        "related": _related(ticket, access),
        "same_requester": other_open_tickets(ticket, access),
        "has_mail": bool(emails),
        "phones": _phones.all(ticket.requester_id) if ticket.requester_id else [],
        "emails": emails,
        "owed": [
            link.call_back
            for link in ticket.call_back_links.select_related("call_back").filter(call_back__done_at__isnull=True)
        ]
        if ticket.call_back_at
        else [],
        "files_of": files_of,
        "used": 0,
        "draft": "",
        **clocks,
        **left_by_rules(ticket, access),
        **questions,
        **status_of(ticket, questions["questions"], clocks["clocks"]),
    }


def _calls(items: Sequence[TimelineItem], access: Access) -> dict[int, bool]:
    """The calls that the history names and this person may open, each with whether it can be heard."""
    return openable(
        access, [item.data["call"] for item in items if item.kind == "interaction.linked" and "call" in item.data]
    )


def files_of(item: TimelineItem) -> list[dict[str, Any]]:
    """The files of an entry as the file list shows them."""
    return [
        {"name": row.name, "url": reverse("tickets:download", args=[row.pk]), "size": row.file.size}
        for row in item.files
    ]


def _colleagues(ticket: Ticket) -> list[tuple[int, str]]:
    """(id, name) of those who work for the team that holds the ticket."""
    rows = _members.all(ticket.holder_team_id)
    return [(key, f"{family} {given}".strip()) for key, family, given, _kana in rows]


def _related(ticket: Ticket, access: Access) -> list[tuple[str, Ticket]]:
    """(how, ticket) of everything that points here or is pointed to, as far as this person may see it."""
    pointers = {
        ticket.parent_id: "parent",
        ticket.follow_up_of_id: "follow_up_of",
        ticket.merged_into_id: "merged_into",
    }
    links = {other if one == ticket.pk else one: kind for one, other, kind in _links.all(ticket.pk, ticket.pk)}
    rows = {row.pk: row for row in _below.all(access, ticket.pk)}
    if above := {key for key in pointers if key} | links.keys():
        rows |= Ticket.objects.visible_to(access).only(*_RELATED).in_bulk(above)
    found: list[tuple[str, Ticket]] = []
    for row in rows.values():
        below = {row.parent_id: "child", row.follow_up_of_id: "follow_up", row.merged_into_id: "merged"}
        hows = (pointers.get(row.pk), below.get(ticket.pk), links.get(row.pk))
        found += [(how, row) for how in hows if how]
    return sorted(found, key=lambda pair: (_HOWS.index(pair[0]), pair[1].pk))
