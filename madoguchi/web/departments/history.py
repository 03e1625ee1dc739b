"""What a department was really asked, by whom it was answered and how fast; and what that says of its directory."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import WorkingTime
from madoguchi.catalog.models import Category
from madoguchi.consultations.history import ENOUGH, past_of, questions_to, waited_s
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.spreadsheet import Cell
from madoguchi.people.access import Capability
from madoguchi.people.models import Contact, Department, Topic
from madoguchi.web.shell.export import MOST
from madoguchi.web.shell.export import export as write
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PAGE = 25
_NARROWS = ("contact", "topic", "category")


@guard(Capability.READ_TICKETS)
@require_GET
def history(request: StaffRequest, department_id: int) -> HttpResponse:
    """Figures of the last year for everybody; of the questions those that this person may see, the newest first."""
    department = get_object_or_404(Department.objects.select_related("calendar"), pk=department_id)
    narrowed = _narrowed(request)
    rows, cursor = _page(questions_to(department, request.access, **narrowed), request.GET.get("after", ""), PAGE)
    past = past_of(department, at=timezone.now())
    contacts, topics = past.by_contact(), past.by_topic()
    people = Contact.objects.in_bulk(list(contacts))
    subjects = Topic.objects.in_bulk([topic for topic in topics if topic is not None])
    hours, orders = working_time(department.calendar_id), past.orders()
    context = {
        "department": department,
        "rows": [(row, waited_s(row, hours)) for row in rows],
        "next": f"?{urlencode([*narrowed.items(), ('after', cursor)])}" if cursor else "",
        "narrowed": _names(narrowed),
        "exported": urlencode(narrowed),
        "whole": past.whole(),
        "contacts": [(people[contact], figures) for contact, figures in contacts.items()],
        "topics": [(topic and subjects[topic], figures) for topic, figures in topics.items()],
        "longest": max((one.p90_s or 0 for one in (*contacts.values(), *topics.values())), default=0),
        "gaps": past.gaps(),
        "orders": [order for order in orders if order.differs],
        "is_judged": any(order.is_judged for order in orders),
        "enough": ENOUGH,
        "edits": request.access.can(Capability.EDIT_DIRECTORY),
    }
    return page(request, "departments/history.html", context)


@guard(Capability.READ_TICKETS)
@require_GET
def export(request: StaffRequest, department_id: int, kind: str) -> HttpResponseBase:
    """The questions as they are narrowed, as a file of at most MOST rows."""
    department = get_object_or_404(Department, pk=department_id)
    heads = [_("Question"), _("Topic"), _("Ticket"), _("Category"), _("State"), _("Answered by")]
    heads += [_("Minutes of working time"), _("Asked at")]
    rows = questions_to(department, request.access, **_narrowed(request))
    cells = _cells(rows, working_time(department.calendar_id))
    return write(f"questions-{department.key}", kind, heads, cells, title=department.label)


def _cells(rows: QuerySet[Consultation], hours: WorkingTime) -> Iterator[list[Cell]]:
    after, written = "", 0
    while written < MOST:
        found, after = _page(rows, after, 500)
        for row in found:
            waited = waited_s(row, hours)
            yield [
                row.question,
                row.topic.label if row.topic else "",
                row.ticket.number_shown,
                row.ticket.category.label if row.ticket.category else "",
                str(row.get_state_display()),
                row.answered_by,
                None if waited is None else waited // 60,
                row.asked_at,
            ]
        written += len(found)
        if not after:
            return


def _page(rows: QuerySet[Consultation], after: str, size: int) -> tuple[list[Consultation], str]:
    return keyset(rows, ("id",), after=after, size=size, descending=True)


def _narrowed(request: StaffRequest) -> dict[str, int]:
    named = ((name, row_number(request.GET.get(name, ""))) for name in _NARROWS)
    return {name: key for name, key in named if key is not None}


def _names(narrowed: Mapping[str, int]) -> list[str]:
    """What the list is narrowed to, in words."""
    models = {"contact": Contact, "topic": Topic, "category": Category}
    nothing = {"contact": "", "topic": _("without a topic"), "category": _("without a category")}
    found = []
    for name, key in narrowed.items():
        row: Any = models[name].objects.filter(pk=key).first()  # type: ignore[attr-defined]
        found.append(str(getattr(row, "label", row)) if row else nothing[name])
    return [name for name in found if name]
