"""The chain editor: in which order one asks whom. Every gesture, by drag, key or button, is one act."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from madoguchi.foundation.refusal import Refused
from madoguchi.people import actions
from madoguchi.people.access import Capability
from madoguchi.people.models import Contact, Department, Topic
from madoguchi.people.queries import chain_of
from madoguchi.web.departments.views import show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go

_STEP = {"up": -1, "down": 1}


@guard(Capability.EDIT_DIRECTORY)
@require_POST
def order(request: StaffRequest, department_id: int) -> HttpResponse:
    """The department's chain as it was sent, after the gesture that came with it."""
    department = get_object_or_404(Department, pk=department_id)
    return _order(request, department, None, current=chain_of(department))


@guard(Capability.EDIT_DIRECTORY)
@require_POST
def order_topic(request: StaffRequest, department_id: int, topic_id: int) -> HttpResponse:
    """The same for one topic; with nobody in it, the topic is asked as the department is."""
    topic = get_object_or_404(Topic.objects.select_related("department"), pk=topic_id, department=department_id)
    own = topic.links.filter(contact__is_active=True).order_by("position", "id").select_related("contact")
    return _order(request, topic.department, topic, current=[link.contact for link in own])


def _order(
    request: StaffRequest, department: Department, topic: Topic | None, *, current: Sequence[Contact]
) -> HttpResponse:
    if request.POST.get("seen", "") != ",".join(str(contact.pk) for contact in current):
        raise Refused(
            _("Somebody else has changed the order in the meantime. Load the page again."), code="changed", status=409
        )
    people = {str(contact.pk): contact for contact in department.contacts.filter(is_active=True)}
    sent = [people[pk] for pk in request.POST.getlist("contact") if pk in people]
    actions.order_chain(department, _after(sent, people, request), topic=topic, by=request.user)
    if request.POST.get("from") == "history":
        messages.success(request, _("They are asked in this order from now on."))
        return go(request, reverse("departments:history", args=[department.pk]))
    if request.htmx:
        return show(request, department.pk, saved=topic.pk if topic else 0)
    return go(request, reverse("departments:department", args=[department.pk]))


def _after(sent: list[Contact], people: dict[str, Contact], request: StaffRequest) -> list[Contact]:
    """The order after the one gesture: ``move=12:up``, ``remove=12``, ``add=12`` or ``as_department``."""
    if request.POST.get("as_department"):
        return []
    pk, _colon, direction = request.POST.get("move", "").partition(":")
    moved = people.get(pk)
    if moved in sent and direction in _STEP:
        here = sent.index(moved)
        there = max(0, min(len(sent) - 1, here + _STEP[direction]))
        sent.insert(there, sent.pop(here))
    removed, added = people.get(request.POST.get("remove", "")), people.get(request.POST.get("add", ""))
    sent = [contact for contact in sent if contact != removed]
    return [*sent, added] if added and added not in sent else sent
