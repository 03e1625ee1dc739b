"""One ticket: its page, its earlier history, who else looks at it, its files."""

from typing import Any

from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import hearing_items, path_of
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.handoffs.destination import propose
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.queries import returnable, time_by_team
from madoguchi.handoffs.requirements import is_answered
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.mark_seen import mark_seen
from madoguchi.tickets.models import Priority, Ticket, TicketLink
from madoguchi.tickets.queries import TimelineItem, other_open_tickets, others_looking, timeline
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, page

ENTRIES = 50
_HOWS = ("parent", "follow_up_of", "merged_into", "child", "follow_up", "merged", "duplicate", "related")
# Shown in the page; anything else is offered for download, whatever its sender called it.
_INLINE = {"image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain"}


def ticket_or_404(request: StaffRequest, number: str) -> Ticket:
    """The ticket of this number, if this person may see it; what few tickets have is read where it is there."""
    tickets = Ticket.objects.visible_to(request.access).numbered(number)
    return get_object_or_404(
        tickets.select_related(
            "category__destination",
            "category__parent__parent",
            "requester",
            "organization",
            "contract__engineer",
            "contract__engineer_team",
            "contract__salesperson",
            "front_team",
            "front_staff",
            "holder_team",
            "assignee",
        )
    )


@guard(Capability.READ_TICKETS)
@require_GET
def ticket_page(request: StaffRequest, number: str) -> HttpResponse:
    """The whole ticket: what was said, who has it, who it is about."""
    ticket = ticket_or_404(request, number)
    if request.access.can(Capability.WORK_TICKETS):
        mark_seen(ticket, by=request.user)
    return page(request, "tickets/page.html", context_of(ticket, request.access))


@guard(Capability.READ_TICKETS)
@require_GET
def earlier(request: StaffRequest, number: str) -> HttpResponse:
    """The part of the history before the entry ``before``."""
    ticket = ticket_or_404(request, number)
    before = request.GET.get("before", "")
    if not (before.isascii() and before.isdecimal()):
        raise Http404
    items = timeline(ticket, before=int(before), limit=ENTRIES)
    context = {"ticket": ticket, "items": items, "more": len(items) == ENTRIES, "files_of": files_of}
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
    attachment = get_object_or_404(
        Attachment.objects.filter(messages__ticket__in=tickets).select_related("file").distinct(), pk=attachment_id
    )
    kind = attachment.content_type if attachment.content_type in _INLINE else "application/octet-stream"
    answer = FileResponse(
        store.path_of(attachment.file.sha256).open("rb"),
        as_attachment=kind == "application/octet-stream",
        filename=attachment.name,
        content_type=kind,
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def context_of(ticket: Ticket, access: Access) -> dict[str, Any]:
    """Everything the ticket's page shows."""
    items = timeline(ticket, limit=ENTRIES)
    asked = hearing_items(ticket.category, active_only=False) if ticket.details else []
    labels = {item.key: item.label for item in asked}
    # What a destination asked, or what was asked before the category changed, has its name elsewhere.
    if unnamed := [key for key in ticket.details if key not in labels]:
        labels |= {item.key: item.label for item in HearingItem.objects.filter(key__in=unnamed)}
    working = access.can(Capability.WORK_TICKETS)
    emails = list(ticket.requester.emails.all()) if ticket.requester else []
    handoffs = list(
        Handoff.objects.filter(ticket=ticket).select_related("from_team", "to_team").order_by("offered_at", "id")
    )
    return {
        "ticket": ticket,
        "items": items,
        "more": len(items) == ENTRIES,
        "category_path": path_of(ticket.category) if ticket.category else [],
        "answers": [(labels.get(key, key), value) for key, value in ticket.details.items() if is_answered(value)],
        "handoffs": handoffs,
        "stops": time_by_team(ticket) if ticket.moves else [],
        "taken": returnable(ticket, handoffs) if working and access.acts_for(ticket.holder_team) else None,
        "offer": Handoff.objects.waiting().select_related("to_team", "from_team").filter(ticket=ticket).first()
        if ticket.offered_to_id
        else None,
        "holds": working and access.acts_for(ticket.holder_team),
        "receives": working and ticket.offered_to is not None and access.acts_for(ticket.offered_to),
        "works": working,
        "proposals": propose(ticket) if ticket.is_active and working else [],
        "colleagues": _colleagues(ticket) if working else [],
        "priorities": Priority.choices,
        "others": others_looking(ticket, but=access.staff.pk),
        "related": _related(ticket, access),
        "same_requester": other_open_tickets(ticket, access),
        "has_mail": bool(emails),
        "phones": list(ticket.requester.phones.all()) if ticket.requester else [],
        "emails": emails,
        "owed": [
            link.call_back
            for link in ticket.call_back_links.select_related("call_back").filter(call_back__done_at__isnull=True)
        ]
        if ticket.call_back_at
        else [],
        "files_of": files_of,
    }


def files_of(item: TimelineItem) -> list[dict[str, Any]]:
    """The files of an entry as the file list shows them."""
    return [
        {"name": row.name, "url": reverse("tickets:download", args=[row.pk]), "size": row.file.size}
        for row in item.files
    ]


def _colleagues(ticket: Ticket) -> list[tuple[int, str]]:
    """(id, name) of those who work for the team that holds the ticket."""
    members = Staff.objects.filter(memberships__team=ticket.holder_team_id, is_active=True).distinct()
    rows = members.order_by("kana", "id").values_list("pk", "family_name", "given_name", "kana")
    return [(key, f"{family} {given}".strip()) for key, family, given, _kana in rows]


def _related(ticket: Ticket, access: Access) -> list[tuple[str, Ticket]]:
    """(how, ticket) of everything that points here or is pointed to, as far as this person may see it."""
    pointers = {
        ticket.parent_id: "parent",
        ticket.follow_up_of_id: "follow_up_of",
        ticket.merged_into_id: "merged_into",
    }
    links: dict[int, str] = {}
    here = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).order_by("id")
    for one, other, kind in here.values_list("ticket_id", "other_id", "kind"):
        links[other if one == ticket.pk else one] = kind
    rows = (
        Ticket.objects.visible_to(access)
        .filter(
            Q(pk__in={key for key in pointers if key} | links.keys())
            | Q(parent=ticket)
            | Q(follow_up_of=ticket)
            | Q(merged_into=ticket)
        )
        .only("subject", "status", "waiting_for", "parent_id", "follow_up_of_id", "merged_into_id")
    )
    found: list[tuple[str, Ticket]] = []
    for row in rows.order_by("id"):
        below = {row.parent_id: "child", row.follow_up_of_id: "follow_up", row.merged_into_id: "merged"}
        hows = (pointers.get(row.pk), below.get(ticket.pk), links.get(row.pk))
        found += [(how, row) for how in hows if how]
    return sorted(found, key=lambda pair: (_HOWS.index(pair[0]), pair[1].pk))
