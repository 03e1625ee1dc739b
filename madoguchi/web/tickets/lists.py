"""The list of tickets, its saved views and its export."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.queries import Branch, outline
from madoguchi.foundation.bilingual import label_of
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.prepared import Prepared
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import Cell
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Membership, Role, Staff, Team
from madoguchi.search.index import lags_since
from madoguchi.tickets.models import Priority, SavedView, Status, shown
from madoguchi.tickets.queries import Page
from madoguchi.tickets.queries import page as page_of
from madoguchi.web.shell.export import MOST
from madoguchi.web.shell.export import export as write
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.clock_panel import deadline_names
from madoguchi.web.tickets.filters import ListAddress

PAGE = 50


@guard(Capability.READ_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """A page of tickets by the filters of the address; nothing is counted."""
    address = ListAddress.read(request.GET)
    branches = outline()
    wanted, asked = address.understood(request.access, _below(branches))
    cursor = request.GET.get("cursor", "")
    found = (
        Page([], None)
        if asked.impossible
        else page_of(wanted, access=request.access, order=address.order, cursor=cursor, limit=PAGE)
    )
    here, teams = reverse("tickets:index"), _teams(request.access)
    return page(
        request,
        "tickets/index.html",
        {
            "rows": found.rows,
            "next": f"{here}?{urlencode({**address.parts, 'cursor': found.next})}" if found.next else "",
            "first": f"{here}?{address.query}" if request.GET.get("cursor") else "",
            "address": address,
            "asked": asked,
            "count": f"{len(found.rows)}+" if found.next else str(len(found.rows)),
            "lags_since": lags_since("ticket") if asked.words else None,
            "here": f"{here}?{address.query}",
            "teams": teams,
            "colleagues": lambda: _colleagues(request.access, teams, address.get("assignee")),
            "categories": {branch.id: branch.label for branch in branches},
            "category_options": [
                (branch.id, "　" * len(branch.above) + branch.label) for branch in branches if branch.is_active
            ],
            "statuses": [("active", _("All open")), *Status.choices, ("all", _("All"))],
            "priorities": Priority.choices,
            "orders": [
                ("updated", _("Latest change")),
                ("age", _("Oldest first")),
                ("newest", _("Newest first")),
                ("due", _("Next deadline")),
                ("call_back", _("Promised call-back")),
            ],
            "dues": [("late", _("Overdue")), ("hour", _("Due within the hour"))],
            "deadlines": deadline_names(),
            "views": _views(request, address),
            "shown": shown,
        },
    )


@guard(Capability.READ_TICKETS)
@require_GET
def export(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The list as it is filtered, as a file of at most MOST rows."""
    address = ListAddress.read(request.GET)
    heads = [_("Number"), _("Subject"), _("Status"), _("Priority"), _("Category"), _("Requester"), _("Organization")]
    heads += [_("Holder"), _("Assignee"), _("Moves"), _("Opened"), _("Last change")]
    return write("tickets", kind, heads, _rows(request, address, outline()), title=_("Tickets"))


@guard(Capability.READ_TICKETS)
@require_POST
def save_view(request: StaffRequest) -> HttpResponse:
    """Keep the filters of the list under a name."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    if not name:
        raise Refused(_("Give the view a name."), code="name_missing", field="name")
    address = ListAddress.read(QueryDict(request.POST.get("query", "")[:1000]))
    _view, created = SavedView.objects.get_or_create(staff=request.user, name=name, defaults={"query": address.query})
    if not created:
        raise Refused(_("You already have a view of this name."), code="name_taken", field="name")
    return HttpResponseRedirect(f"{reverse('tickets:index')}?{address.query}")


@guard(Capability.READ_TICKETS)
@require_POST
def delete_view(request: StaffRequest, view_id: int) -> HttpResponse:
    """Forget one of one's own views."""
    get_object_or_404(SavedView, pk=view_id, staff=request.user).delete()
    return HttpResponseRedirect(reverse("tickets:index"))


_workers = Prepared(
    lambda: (
        Membership.objects.filter(staff__is_active=True)
        .exclude(role__in=(Role.KNOWLEDGE_KEEPER, Role.VIEWER))
        .order_by("staff__kana", "staff_id")
        .values_list("team", "staff", "staff__family_name", "staff__given_name")
        .distinct()
    )
)
_own_views = Prepared(lambda staff: SavedView.objects.filter(staff=staff).values_list("name", "query", "id"))
_team_names = Prepared(lambda: Team.objects.values_list("id", "name", "name_en"))


def _views(request: StaffRequest, address: ListAddress) -> list[dict[str, Any]]:
    """The views everybody has, then this person's own."""
    teams, here, now = request.access.teams, reverse("tickets:index"), address.query
    given = [
        (_("All open"), "", None),
        (_("Assigned to me"), "assignee=me", None),
        *([(teams[0].label, f"team={teams[0].pk}", None)] if teams else []),
        (_("Next deadline"), "order=due", None),
        (_("Call-backs"), "order=call_back", None),
        (_("Frozen"), "frozen=1", None),
    ]
    return [
        {"name": name, "url": f"{here}?{query}", "current": query == now, "id": view_id}
        for name, query, view_id in (*given, *_own_views.all(request.user.pk))
    ]


def _teams(access: Access) -> dict[int, str]:
    """The names of the teams that this person may hear of, by their ids."""
    if access.is_partner:
        return {team.pk: team.label for team in access.teams}
    return {key: label_of(name, name_en) for key, name, name_en in _team_names.all()}


def _colleagues(access: Access, teams: Mapping[int, str], chosen: str) -> list[tuple[str, list[tuple[int, str]]]]:
    """Who works on tickets, by team; at the end those of no single team, and whoever was chosen and has left."""
    groups: dict[int | None, list[tuple[int, str]]] = {team: [] for team in teams} | {None: []}
    for team, staff, family, given in _workers.all():
        if team in groups:
            groups[team].append((staff, f"{family} {given}".strip()))
    if access.is_partner:
        del groups[None]
    elif (one := row_number(chosen)) is not None and not any(
        staff == one for members in groups.values() for staff, _name in members
    ):
        groups[None] += [(left.pk, left.name) for left in Staff.objects.filter(pk=one)]
    return [(teams[team] if team else _("On the whole desk"), members) for team, members in groups.items() if members]


def _below(branches: list[Branch]) -> dict[int, tuple[int, ...]]:
    """Each category's id with those of everything below it."""
    found: dict[int, tuple[int, ...]] = {}
    for branch in branches:
        for above in (*branch.above, branch.id):
            found[above] = (*found.get(above, ()), branch.id)
    return found


def _rows(request: StaffRequest, address: ListAddress, branches: list[Branch]) -> Iterator[list[Cell]]:
    teams = {key: label_of(name, name_en) for key, name, name_en in _team_names.all()}
    categories = {branch.id: branch.label for branch in branches}
    (wanted, asked), cursor, written = address.understood(request.access, _below(branches)), "", 0
    while written < MOST and not asked.impossible:
        found = page_of(wanted, access=request.access, order=address.order, cursor=cursor, limit=500)
        for row in found.rows:
            yield [
                shown(row.id),
                row.subject,
                str(Status(row.status).label),
                str(Priority(row.priority).label),
                categories.get(row.category_id or 0, ""),
                f"{row.requester__family_name or ''} {row.requester__given_name or ''}".strip(),
                row.organization__name or "",
                teams.get(row.holder_team_id, ""),
                f"{row.assignee__family_name or ''} {row.assignee__given_name or ''}".strip(),
                row.moves,
                row.opened_at,
                row.updated_at,
            ]
        written += len(found.rows)
        if not found.next:
            return
        cursor = found.next
