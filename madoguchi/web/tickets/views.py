"""One ticket: its page, its earlier history, who else looks at it, its files."""

from typing import Any

from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.queries import hearing_items, path_of
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.handoffs.destination import propose
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff
from madoguchi.tickets.models import Message, Priority, ReadMark, Ticket
from madoguchi.tickets.queries import open_tickets_of, others_looking, timeline
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, page

ENTRIES = 50
# Shown in the page; anything else is offered for download, whatever its sender called it.
_INLINE = {"image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain"}


def ticket_or_404(request: StaffRequest, number: str) -> Ticket:
    """The ticket of this number, if this person may see it."""
    tickets = Ticket.objects.visible_to(request.access).numbered(number)
    return get_object_or_404(
        tickets.select_related(
            "category__parent__parent",
            "requester__organization",
            "affected",
            "organization",
            "contract__engineer",
            "contract__salesperson",
            "front_team",
            "front_staff",
            "holder_team",
            "assignee",
            "offered_to",
            "article",
            "parent",
            "follow_up_of",
            "merged_into",
        )
    )


@guard(Capability.READ_TICKETS)
@require_GET
def ticket_page(request: StaffRequest, number: str) -> HttpResponse:
    """The whole ticket: what was said, who has it, who it is about."""
    ticket = ticket_or_404(request, number)
    if request.access.can(Capability.WORK_TICKETS):
        ReadMark.objects.update_or_create(ticket=ticket, staff=request.user, defaults={"seen_at": timezone.now()})
    return page(request, "tickets/page.html", context_of(ticket, request.access))


@guard(Capability.READ_TICKETS)
@require_GET
def earlier(request: StaffRequest, number: str) -> HttpResponse:
    """The part of the history before the entry ``before``."""
    ticket = ticket_or_404(request, number)
    before = request.GET.get("before", "")
    if not (before.isascii() and before.isdigit()):
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
        ReadMark.objects.update_or_create(ticket=ticket, staff=request.user, defaults={"seen_at": timezone.now()})
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
    asked = hearing_items(ticket.category, active_only=False)
    labels = {item.key: item.label for item in asked}
    working = access.can(Capability.WORK_TICKETS)
    return {
        "ticket": ticket,
        "items": items,
        "more": len(items) == ENTRIES,
        "category_path": path_of(ticket.category) if ticket.category else [],
        "answers": [(labels.get(key, key), value) for key, value in ticket.details.items() if value],
        "handoffs": list(
            Handoff.objects.filter(ticket=ticket).select_related("from_team", "to_team").order_by("offered_at", "id")
        ),
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
        "same_requester": [
            row
            for row in open_tickets_of(
                requester=ticket.requester_id, organization=ticket.organization_id, access=access, limit=6
            )
            if row.pk != ticket.pk
        ],
        "has_mail": bool(ticket.requester and ticket.requester.emails.all()),
        "phones": list(ticket.requester.phones.all()) if ticket.requester else [],
        "emails": list(ticket.requester.emails.all()) if ticket.requester else [],
        "owed": [
            link.call_back
            for link in ticket.call_back_links.select_related("call_back").filter(call_back__done_at__isnull=True)
        ],
        "files_of": files_of,
    }


def files_of(message: Message) -> list[dict[str, Any]]:
    """The files of a message as the file list shows them; already loaded with the timeline."""
    return [
        {"name": row.name, "url": reverse("tickets:download", args=[row.pk]), "size": row.file.size}
        for row in message.attachments.all()
    ]


def _colleagues(ticket: Ticket) -> list[tuple[int, str]]:
    """(id, name) of those who work for the team that holds the ticket."""
    members = Staff.objects.filter(memberships__team=ticket.holder_team, is_active=True).distinct()
    return [(member.pk, member.name) for member in members.order_by("kana", "id")]


def _related(ticket: Ticket, access: Access) -> list[tuple[str, Ticket]]:
    """(how, ticket) of everything that points here or is pointed to, as far as this person may see it."""
    visible = Ticket.objects.visible_to(access)
    found: list[tuple[str, Ticket]] = []
    for how, row in (
        ("parent", ticket.parent),
        ("follow_up_of", ticket.follow_up_of),
        ("merged_into", ticket.merged_into),
    ):
        if row is not None and visible.filter(pk=row.pk).exists():
            found.append((how, row))
    for row in visible.filter(Q(parent=ticket) | Q(follow_up_of=ticket) | Q(merged_into=ticket)).order_by("id"):
        how = "child" if row.parent_id == ticket.pk else "follow_up" if row.follow_up_of_id == ticket.pk else "merged"
        found.append((how, row))
    links = ticket.links.select_related("other").filter(other__in=visible)
    back_links = ticket.back_links.select_related("ticket").filter(ticket__in=visible)
    return [*found, *((link.kind, link.other) for link in links), *((link.kind, link.ticket) for link in back_links)]
