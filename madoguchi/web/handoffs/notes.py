"""申し送り: what the next shift has to know, read and ticked by them."""

import json

from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.shift_notes import acknowledge_shift_note, post_shift_note, settle_shift_note
from madoguchi.handoffs.models import ShiftNote, ShiftNoteAcknowledgement
from madoguchi.handoffs.queries import teams_of
from madoguchi.people.access import Capability
from madoguchi.web.handoffs.answers import missing, tabs_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

ROWS = 100
_LIST = json.dumps({"live": {"target": "#notes-list"}})


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def index(request: StaffRequest) -> HttpResponse:
    """The unsettled notes of one's teams, those one has not read first; and writing one."""
    if request.method == "GET":
        return _page(request)
    teams = teams_of(request.access)
    wanted = request.POST.get("team", "") or (str(teams[0].pk) if len(teams) == 1 else "")
    team = next((one for one in teams if str(one.pk) == wanted), None)
    if team is None:
        raise Refused(_("Choose the team."), code="team", missing=missing("team", _("Team")))
    if not request.POST.get("body", "").strip():
        raise Refused(_("Write a text first."), code="empty", missing=missing("body", _("Note for the next shift")))
    post_shift_note(team=team, body=request.POST["body"], by=request.user)
    answer = _again(request)
    answer["HX-Trigger"] = _LIST
    return answer


@guard(Capability.WORK_TICKETS)
@require_POST
def acknowledge(request: StaffRequest, note_id: int) -> HttpResponse:
    """確認しました."""
    acknowledge_shift_note(_note_or_404(request, note_id), by=request.user)
    return _again(request)


@guard(Capability.WORK_TICKETS)
@require_POST
def settle(request: StaffRequest, note_id: int) -> HttpResponse:
    """The note is of no more use."""
    settle_shift_note(_note_or_404(request, note_id), by=request.user)
    return _again(request)


def _note_or_404(request: StaffRequest, note_id: int) -> ShiftNote:
    return get_object_or_404(ShiftNote.objects.visible_to(request.access).select_related("team"), pk=note_id)


def _again(request: StaffRequest) -> HttpResponse:
    return _page(request) if request.htmx else HttpResponseRedirect(reverse("handoffs:notes"))


def _page(request: StaffRequest) -> HttpResponse:
    own = ShiftNoteAcknowledgement.objects.filter(note=OuterRef("pk"), staff=request.user)
    readers = ShiftNoteAcknowledgement.objects.select_related("staff").order_by("at", "id")
    notes = ShiftNote.objects.visible_to(request.access).filter(settled_at__isnull=True)
    rows = notes.annotate(read=Exists(own)).select_related("team", "staff")
    return page(
        request,
        "handoffs/notes.html",
        {
            "notes": list(
                rows.prefetch_related(Prefetch("acknowledgements", readers)).order_by("read", "-at", "-id")[:ROWS]
            ),
            "teams": [(team.pk, team.label) for team in teams_of(request.access)],
            **tabs_of(request),
        },
    )
