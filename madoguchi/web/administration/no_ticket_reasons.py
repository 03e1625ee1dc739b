"""Why a contact needs no ticket, as the company keeps the list."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.foundation.numbers import row_number
from madoguchi.interactions.reasons import KEPT, Written, all_reasons, set_reasons
from madoguchi.people.access import Capability
from madoguchi.web.administration.page import show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def no_ticket_reasons(request: StaffRequest) -> HttpResponse:
    """All of them, retired ones too, one a row, and an empty row for another."""
    if request.method == "POST":
        set_reasons(_written(request), by=request.user)
        messages.success(request, _("Saved."))
        return go(request, reverse("administration:no_ticket_reasons"))
    context = {"reasons": all_reasons(), "kept": KEPT}
    return show(request, "no_ticket_reasons.html", _("Why no ticket is needed"), context)


def _written(request: StaffRequest) -> list[Written]:
    """The rows in the order of their numbers; of equal ones the first stays first."""
    fields = (request.POST.getlist(field) for field in ("key", "name", "name_en", "order"))
    gave_up, used = (set(request.POST.getlist(field)) for field in ("gave_up", "used"))
    rows = [
        (
            row_number(order) or 0,
            Written(key.strip(), name, name_en, str(place) in gave_up, key in KEPT or str(place) in used),
        )
        for place, (key, name, name_en, order) in enumerate(zip(*fields, strict=False))
        if key.strip() or name.strip()
    ]
    return [reason for _order, reason in sorted(rows, key=lambda row: row[0])]
