"""訂正: subject, category, what was heard and whom the ticket is about are put right."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import hearing_items, tree
from madoguchi.foundation.numbers import row_number
from madoguchi.people.access import Capability
from madoguchi.people.actions import Requester, find_or_add_person
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.acts import again, chosen_category
from madoguchi.web.tickets.views import ticket_or_404

ITEM = "item."
_LONGEST = 5_000
_PERSON = ("name", "kana", "email", "phone", "organization")


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def correct_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """The sheet; with ``draws`` what another category asks, beside what was typed so far. Refused when somebody changed
    the ticket.
    """
    ticket = ticket_or_404(request, number)
    if request.method == "GET" or "draws" in request.POST:
        category = chosen_category(request.POST) if "category" in request.POST else ticket.category
        written = _answers(request.POST)
        return page(
            request,
            "tickets/correct.html",
            {
                "ticket": ticket,
                "categories": _categories(ticket),
                "category": category,
                "asked": [
                    (item, written.get(item.key, _shown(ticket, item.key)), _options(item, ticket))
                    for item in hearing_items(category)
                ],
            },
        )
    changes: dict[str, Any] = {
        "subject": request.POST.get("subject", ""),
        "details": {
            key: answer or None for key, answer in _answers(request.POST).items() if answer != _shown(ticket, key)
        },
    }
    if request.POST.get("category", "") != str(ticket.category_id or ""):
        changes["category"] = chosen_category(request.POST)
    named = Requester(**{field: request.POST.get(field, "") for field in _PERSON})
    person = find_or_add_person(named, by=request.user)
    if person is not None:
        changes["requester"] = person
    change(ticket, by=request.user, if_version=row_number(request.POST.get("version", "")), **changes)
    return again(request, number)


def _answers(form: Mapping[str, str]) -> dict[str, str]:
    return {
        key.removeprefix(ITEM)[:60]: form[key].strip().replace("\r\n", "\n")[:_LONGEST]
        for key in form
        if key.startswith(ITEM)
    }


def _shown(ticket: Ticket, key: str) -> str:
    """What was answered, as a field can hold it."""
    value = ticket.details.get(key)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _options(item: HearingItem, ticket: Ticket) -> list[tuple[str, str]]:
    """What can be chosen, with what was answered before the choices were others; empty where one writes."""
    if item.kind not in (HearingItem.Kind.CHOICE, HearingItem.Kind.YES_NO):
        return []
    options = list(item.choices) if item.kind == HearingItem.Kind.CHOICE else [_("Yes"), _("No")]
    answered = _shown(ticket, item.key)
    return [(option, option) for option in (options if not answered or answered in options else [*options, answered])]


def _categories(ticket: Ticket) -> list[tuple[int, str]]:
    """(id, indented name) of the tree; the ticket's own too when it is no longer used."""
    rows = [(node.pk, "　" * len(path) + node.label) for node, path in tree()]
    if ticket.category is not None and ticket.category.pk not in dict(rows):
        rows.append((ticket.category.pk, ticket.category.label))
    return rows
