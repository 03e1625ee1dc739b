"""A ticket's deadlines as its page shows them: from the kept rows, without working anything out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.clocks.models import Clock
from madoguchi.clocks.reading import Kind
from madoguchi.clocks.words import KINDS
from madoguchi.foundation.prepared import Prepared
from madoguchi.tickets.models import Ticket

OF_TEAMS = (Kind.ACCEPTANCE, Kind.HOLDING)

_kept = Prepared(lambda ticket: Clock.objects.filter(ticket=ticket).select_related("team").order_by("due_at", "id"))


@dataclass(frozen=True)
class Row:
    """One line of the panel; ``state`` as it is now, told or not."""

    kind: str
    team: str
    state: str
    due_at: datetime | None
    ended_at: datetime | None
    text: str


def panel_of(ticket: Ticket) -> dict[str, Any]:
    """What runs and rests, the most urgent first, and what is over; one query over the kept rows."""
    now = timezone.now()
    rows = [
        Row(
            clock.kind,
            clock.team.label if clock.kind in OF_TEAMS else "",
            _state(clock, now),
            clock.due_at,
            clock.ended_at,
            clock.text,
        )
        for clock in _kept.all(ticket.pk)
    ]
    return {
        "clocks": [row for row in rows if row.ended_at is None],
        "clocks_over": sorted((row for row in rows if row.ended_at), key=lambda row: str(row.ended_at), reverse=True),
        "deadlines": deadline_names(),
    }


def deadline_names() -> Mapping[str, str]:
    """What each kind is called, in the language of the page."""
    return {kind.value: _(name) for kind, name in KINDS.items()}


def _state(clock: Clock, now: datetime) -> str:
    late = clock.ended_at is None and clock.due_at is not None and clock.due_at < now
    return "breached" if late else clock.state
