"""Recordings of calls: their sound, added by hand, and for how long they are kept; a call's own page shows them."""

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.telephony.actions import recordings as acts
from madoguchi.telephony.models import DAYS, Call, Recording, RecordingPolicy
from madoguchi.telephony.recorded import is_playable
from madoguchi.web.administration.page import show
from madoguchi.web.shell.files import played
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go


@guard(Capability.READ_TICKETS)
@require_POST
def add(request: StaffRequest, call_id: int) -> HttpResponse:
    """A recording by hand: a file, or a link."""
    call = _call(request, call_id)
    if not acts.may_add(request.access, call):
        raise Refused(_("You may not add recordings to this call."), code="not_yours", status=403)
    sent = request.FILES.get("file")
    if sent is not None:
        acts.upload(call, sent.read(acts.LARGEST + 1), name=sent.name or "", by=request.user)
    else:
        acts.link(call, request.POST.get("url", ""), by=request.user)
    messages.success(request, _("The recording is there."))
    return go(request, reverse("calls:page", args=[call.pk]))


@guard(Capability.READ_TICKETS)
@require_GET
def sound(request: StaffRequest, recording_id: int) -> HttpResponse | FileResponse | HttpResponseRedirect:
    """The sound itself, or the way to where it lies; who listens is noted."""
    rows = Recording.objects.visible_to(request.access).select_related("file", "call")
    recording = get_object_or_404(rows, pk=recording_id)
    if not is_playable(recording):
        raise Refused(_("This recording cannot be played here."), code="not_playable", status=404)
    with transaction.atomic():
        acts.hear(recording, by=request.user)
    if recording.file is None:
        answer = HttpResponseRedirect(recording.url)
        answer["Referrer-Policy"] = "no-referrer"
        answer["Cache-Control"] = "no-store"
        return answer
    return played(request, recording.file, name=recording.name, content_type=recording.content_type)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def policies(request: StaffRequest) -> HttpResponse:
    """For how many days recordings are kept, by queue and team."""
    if request.method == "POST":
        days, team = row_number(request.POST.get("days", "")), row_number(request.POST.get("team", ""))
        chosen = get_object_or_404(Team, pk=team) if team is not None else None
        acts.set_policy(queue=request.POST.get("queue", "").strip()[:80], team=chosen, days=days or 0, by=request.user)
        messages.success(request, _("Saved."))
        return go(request, reverse("recordings:policies"))
    found = RecordingPolicy.objects.select_related("team").order_by("queue", "team__name", "id")
    context = {
        "policies": list(found),
        "teams": [(team.pk, team.label) for team in Team.objects.filter(is_active=True)],
        "otherwise": DAYS,
    }
    return show(request, "recordings.html", _("Recordings"), context)


@guard(Capability.ADMINISTER)
@require_POST
def drop(request: StaffRequest, policy_id: int) -> HttpResponse:
    """The recordings of this queue or team are kept as all others from now on."""
    acts.drop_policy(get_object_or_404(RecordingPolicy, pk=policy_id), by=request.user)
    messages.success(request, _("Saved."))
    return go(request, reverse("recordings:policies"))


def _call(request: StaffRequest, call_id: int) -> Call:
    return get_object_or_404(Call.objects.visible_to(request.access).select_related("answered_by"), pk=call_id)
