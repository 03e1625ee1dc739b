"""One call: what became of it, who let it ring, who spoke, and its recordings for those who may hear them."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from madoguchi.interactions.models import Interaction, Passing
from madoguchi.journal.models import Entry
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Membership
from madoguchi.telephony.actions.recordings import may_add
from madoguchi.telephony.models import Call, CallAgent, Recording
from madoguchi.telephony.recorded import Keeping, is_playable
from madoguchi.telephony.words import offer_words
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

_LISTENERS = 50


@guard(Capability.READ_TICKETS)
@require_GET
def call_page(request: StaffRequest, call_id: int) -> HttpResponse:
    """The call, on a page of its own or as a sheet; one that became part of another leads there."""
    access = request.access
    call = get_object_or_404(Call.objects.visible_to(access).select_related("answered_by"), pk=call_id)
    if call.merged_into_id is not None:
        return HttpResponseRedirect(reverse("calls:page", args=[call.merged_into_id]))
    contact = Interaction.objects.visible_to(access).filter(call=call).select_related("person__organization").first()
    tickets = Ticket.objects.visible_to(access).filter(contact_links__interaction=contact) if contact else ()
    context = {
        "call": call,
        "contact": contact,
        "tickets": list(tickets),
        **_course(call, contact, access),
        **_recordings(call, access),
    }
    return page(request, "calls/page.html", context)


def _course(call: Call, contact: Interaction | None, access: Access) -> dict[str, Any]:
    """``rung``: (whom, how it ended, seconds or None) in order; ``spoke``: (who, seconds or None); ``taken_by``.

    Somebody of another company is for partners an extension without a name; they read the ``passings`` from and to
    their own teams' staff.
    """
    seats = CallAgent.objects.filter(call=call, staff__isnull=False).select_related("staff")
    passings = Passing.objects.filter(interaction=contact).select_related("staff", "to_staff") if contact else None
    taken_by = call.answered_by.name if call.answered_by else ""
    if (colleagues := _colleagues(access)) is not None:
        seats = seats.filter(staff__in=colleagues)
        if passings is not None:
            passings = passings.filter(Q(staff__in=colleagues) | Q(to_staff__in=colleagues))
        if call.answered_by_id not in colleagues:
            taken_by = call.record.get("answered_by") or ""
    names = {seat.agent: seat.staff.name for seat in seats if seat.staff is not None}
    offers, segments = call.record.get("offers", []), call.record.get("segments", [])
    return {
        "rung": [(names.get(one["agent"], one["agent"]), offer_words(one["result"]), one["ring_s"]) for one in offers],
        "spoke": [(names.get(one["agent"], one["agent"]), one["talk_s"]) for one in segments],
        "passings": list(passings or ()),
        "taken_by": taken_by,
    }


def _colleagues(access: Access) -> set[int | None] | None:
    """The staff whose names partners read: their own teams'; None: everybody's."""
    if not access.is_partner:
        return None
    return set(Membership.objects.filter(team__in=access.team_ids).values_list("staff", flat=True))


def _recordings(call: Call, access: Access) -> dict[str, Any]:
    """``rows``: (recording, whether it is played here, until when it is kept, who added it) of those they may hear.

    ``heard``: (entry, who) of what was done with them. Partners read no name of another company's staff.
    """
    found = Recording.objects.visible_to(access).filter(call=call).select_related("added_by")
    rows, keeping = list(found.order_by("recorded_at", "id")), Keeping()
    heard = _heard(rows) if access.can(Capability.HEAR_RECORDINGS) else []
    colleagues = _colleagues(access) if rows else None

    def named(staff: int | None, name: str) -> str:
        return name if colleagues is None or staff is None or staff in colleagues else _("Staff of another company")

    return {
        "rows": [
            (
                row,
                is_playable(row),
                keeping.until(row),
                named(row.added_by_id, row.added_by.name if row.added_by else ""),
            )
            for row in rows
        ],
        "adds": may_add(access, call),
        "heard": [(entry, named(entry.actor_id, entry.actor_name)) for entry in heard],
    }


def _heard(rows: list[Recording]) -> list[Entry]:
    """Who listened and when, the latest first."""
    found = Entry.objects.filter(
        kind__in=("recording.heard", "recording.deleted", "recording.added"),
        mentions__kind="recording",
        mentions__ref__in=[row.pk for row in rows],
    )
    return list(found.order_by("-id")[:_LISTENERS])
