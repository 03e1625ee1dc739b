"""照会: the questions that are open and what waits for somebody of the desk, and both as a file."""

from collections.abc import Iterator

from django.db.models import Prefetch
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from madoguchi.consultations.models import Approach, Consultation, ConsultationQuerySet
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.spreadsheet import Cell
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Department
from madoguchi.web.consultations.panel import shown
from madoguchi.web.shell.export import MOST
from madoguchi.web.shell.export import export as write
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PAGE = 50
_ORDER = ("due_at", "id")


@guard(Capability.READ_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """A page of questions, the longest overdue first; nothing is counted."""
    address = _address(request.GET, request.access)
    after = request.GET.get("after", "")
    rows, following = keyset(_rows(request.access, address), _ORDER, after=after, size=PAGE)
    here = reverse("consultations:index")
    views = [("", pgettext("consultation", "Open")), ("needs", _("To be done by us"))]
    return page(
        request,
        "consultations/index.html",
        {
            "questions": shown(rows),
            "address": address,
            "here": f"{here}?{urlencode(address)}",
            "next": f"{here}?{urlencode({**address, 'after': following})}" if following else "",
            "first": f"{here}?{urlencode(address)}" if after else "",
            "query": urlencode(address),
            "views": [
                (word, f"{here}?{urlencode({**address, 'show': key})}", address["show"] == key) for key, word in views
            ],
            "departments": [(row.pk, row.label) for row in Department.objects.filter(is_active=True)],
            "whose": _whose(request.access),
            "writes_policies": request.access.can(Capability.WRITE_RULES),
        },
    )


@guard(Capability.READ_TICKETS)
@require_GET
def export(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The list as it is filtered, as a file of at most MOST rows."""
    heads = [_("Number"), _("Ticket"), _("Subject"), _("Department"), _("Topic"), _("State"), _("Asked now")]
    heads += [_("What comes next"), pgettext("consultation", "Asked by"), _("Asked at"), _("Answer by")]
    cells = _cells(_rows(request.access, _address(request.GET, request.access)))
    return write("questions", kind, heads, cells, title=_("Questions"))


def _address(query: QueryDict, access: Access) -> dict[str, str]:
    """The filters as they stand in the address; what makes no sense is dropped."""
    whose = query.get("whose", "")
    department = query.get("department", "")
    return {
        "show": "needs" if query.get("show") == "needs" else "",
        "whose": whose if whose in {key for key, _word in _whose(access)} else "",
        "department": department if row_number(department) is not None else "",
    }


def _whose(access: Access) -> list[tuple[str, str]]:
    return [("mine", _("asked by me")), *([("team", _("asked by my teams"))] if access.team_ids else [])]


def _rows(access: Access, address: dict[str, str]) -> ConsultationQuerySet:
    rows = Consultation.objects.visible_to(access)
    rows = rows.needing_somebody() if address["show"] else rows.open()
    if address["whose"] == "mine":
        rows = rows.filter(asked_by=access.staff)
    elif address["whose"] == "team":
        rows = rows.filter(team__in=access.team_ids)
    if address["department"]:
        rows = rows.filter(department=int(address["department"]))
    return rows.select_related("ticket", "department", "topic", "asked_by", "team").prefetch_related(
        Prefetch("approaches", Approach.objects.order_by("id"))
    )


def _cells(rows: ConsultationQuerySet) -> Iterator[list[Cell]]:
    after, written = "", 0
    while written < MOST:
        found, after = keyset(rows, _ORDER, after=after, size=500)
        for one in shown(found):
            row = one.row
            yield [
                row.number_shown,
                row.ticket.number_shown,
                row.ticket.subject,
                row.department.label,
                row.topic.label if row.topic else "",
                str(row.get_state_display()),
                one.now.name if one.now else "",
                one.coming,
                row.asked_by.name if row.asked_by else row.by_rule,
                row.asked_at,
                row.due_at,
            ]
        written += len(found)
        if not after:
            return
