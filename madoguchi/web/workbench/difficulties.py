"""During the call: it is marked as difficult, required steps are taken, the supervisor is called quietly."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from madoguchi.foundation.numbers import row_number
from madoguchi.interactions.difficult import mark as mark_difficult
from madoguchi.interactions.difficult import raise_alarm, take_step, withdraw
from madoguchi.interactions.models import Difficulty
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.workbench.seat import contact_or_404
from madoguchi.web.workbench.views import show


@guard(Capability.TAKE_CALLS)
@require_POST
def mark(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A complaint, or harassment; ``off`` takes it back."""
    contact = contact_or_404(request, contact_id)
    kind = request.POST.get("kind", "")
    if request.POST.get("off"):
        withdraw(get_object_or_404(Difficulty, interaction=contact, kind=kind), by=request.user)
    else:
        mark_difficult(contact, kind=kind, by=request.user)
    return show(request, contact)


@guard(Capability.TAKE_CALLS)
@require_POST
def step(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A step that the company requires was taken."""
    contact = contact_or_404(request, contact_id)
    difficulty = get_object_or_404(Difficulty, interaction=contact, kind=request.POST.get("kind", ""))
    place = row_number(request.POST.get("place", ""))
    take_step(difficulty, -1 if place is None else place, done="done" in request.POST, by=request.user)
    return show(request, contact)


@guard(Capability.TAKE_CALLS)
@require_POST
def alarm(request: StaffRequest, contact_id: int) -> HttpResponse:
    """The supervisor hears of it; the screen shows a tick and a time."""
    contact = contact_or_404(request, contact_id)
    raise_alarm(contact, by=request.user)
    return show(request, contact)
