"""Lists by keyset: the prepared questions find what the filters mean, for everybody what they may see."""

from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.people.access import access_of
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.queries import ORDERS, TicketFilter, page
from tests.cast import Cast


@pytest.fixture
def tickets(cast: Cast) -> list[Ticket]:
    """Eighteen tickets of all kinds; what a filter may ask for takes turns at different paces."""
    now = timezone.now()
    teams, staff = cycle((cast.call_centre, cast.service_desk, cast.partner)), cycle((None, cast.sato, cast.takahashi))
    states, levels = cycle(("new", "open", "waiting", "resolved", "closed")), cycle(("low", "normal", "high", "urgent"))
    persons, frozen = cycle((cast.yamada, cast.nakagawa)), cycle((None, None, None, now))
    made = []
    for turn in range(18):
        ticket = open_ticket(subject=f"{turn}", body="本文", channel="phone", requester=next(persons), by=cast.sato)
        Ticket.objects.filter(pk=ticket.pk).update(
            holder_team=next(teams),
            assignee=next(staff),
            status=next(states),
            priority=next(levels),
            frozen_at=next(frozen),
            category=cast.mail_trouble if turn % 2 else cast.general,
            channel="mail" if turn % 5 == 0 else "phone",
            call_back_at=now + timedelta(minutes=turn // 3) if turn % 3 else None,
            next_due_at=now + timedelta(minutes=turn // 2) if turn % 4 else None,
            opened_at=now - timedelta(hours=turn // 2),  # pairs of the same moment: the id decides
            updated_at=now - timedelta(hours=turn // 4),
        )
        made.append(ticket)
    return made


def walked(wanted: TicketFilter, staff: Staff, order: str) -> list[int]:
    """The ids of all pages of three."""
    found: list[int] = []
    cursor = ""
    while True:
        part = page(wanted, access=access_of(staff), order=order, cursor=cursor, limit=3)
        found += [row.id for row in part.rows]
        if part.next is None:
            return found
        cursor = part.next


def filters(cast: Cast) -> list[TicketFilter]:
    whole = TicketFilter()
    day = timezone.now() - timedelta(hours=3)
    changes: list[dict[str, Any]] = [
        {},
        {"status": ("active",)},
        {"status": ("active",), "team": cast.service_desk.pk},
        {"status": ("active",), "team": cast.call_centre.pk},
        {"status": ("closed", "resolved")},
        {"team": cast.partner.pk, "assignee": cast.takahashi.pk},
        {"assignee": cast.sato.pk},
        {"status": ("active",), "assignee": cast.sato.pk},
        {"status": ("active",), "assignee": cast.takahashi.pk, "category": (cast.mail_trouble.pk,)},
        {"status": ("active",), "requester": cast.yamada.pk, "unassigned": True},
        {"front_team": cast.call_centre.pk, "unassigned": True},
        {"requester": cast.yamada.pk, "priority": ("high", "urgent")},
        {"requester": cast.nakagawa.pk, "priority": ("high", "urgent")},
        {"category": (cast.mail_trouble.pk,)},
        {"category": (cast.mail_trouble.pk, cast.general.pk), "channel": "mail"},
        {"frozen": True},
        {"owed_call": True},
        {"opened_since": day},
        {"opened_before": day, "updated_since": day},
    ]
    return [replace(whole, **change) for change in changes]


@pytest.mark.parametrize("who", ["sato", "takahashi", "ogawa", "admin"])
def test_every_filter_finds_in_every_order_what_it_means(cast: Cast, tickets: list[Ticket], who: str) -> None:
    staff = getattr(cast, who)
    for wanted in filters(cast):
        fitting = wanted.apply(Ticket.objects.visible_to(access_of(staff)))
        for order, (column, descending) in ORDERS.items():
            rows = fitting.exclude(**{column: None}) if order in {"call_back", "due"} else fitting
            sign = "-" if descending else ""
            expected = list(rows.order_by(f"{sign}{column}", f"{sign}id").values_list("id", flat=True))
            assert walked(wanted, staff, order) == expected, (wanted, order)


def test_a_row_tells_what_the_ticket_is(cast: Cast, tickets: list[Ticket]) -> None:
    for row in page(TicketFilter(), access=access_of(cast.sato)).rows:
        ticket = Ticket.objects.select_related("requester", "organization", "assignee").get(pk=row.id)
        assert (row.subject, row.status, row.holder_team_id) == (ticket.subject, ticket.status, ticket.holder_team_id)
        assert (row.opened_at, row.updated_at, row.call_back_at, row.frozen_at) == (
            ticket.opened_at,
            ticket.updated_at,
            ticket.call_back_at,
            ticket.frozen_at,
        )
        assert row.assignee__family_name == (ticket.assignee.family_name if ticket.assignee else None)
        assert ticket.requester is not None
        assert row.requester__family_name == ticket.requester.family_name
