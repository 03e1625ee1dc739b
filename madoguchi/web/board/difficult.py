"""A difficult call on the supervisor's screen: seen, listened in to, noted."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.interactions.difficult import answer_alarm, note_listening
from madoguchi.interactions.models import Difficulty
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page


@guard(Capability.DECIDE_ROUTING)
@require_http_methods(["GET", "POST"])
def difficult(request: StaffRequest, difficulty_id: int) -> HttpResponse:
    """What the operator marked and did; a note of listening in, or just: I take care of it."""
    rows = Difficulty.objects.visible_to(request.access).select_related(
        "interaction__call", "interaction__person", "interaction__staff", "answered_by"
    )
    one = get_object_or_404(rows.prefetch_related("notes__staff"), pk=difficulty_id)
    if request.method == "GET":
        return page(request, "board/difficult.html", {"one": one})
    seen, text = request.POST.get("verb") == "seen", request.POST.get("text", "")
    if seen:
        answer_alarm(one, by=request.user)
    if text.strip() or not seen:  # what was written before "I take care of it" is not lost
        note_listening(one, text=text, by=request.user)
    messages.success(request, _("Recorded."))
    return go(request, reverse("board:index"))
