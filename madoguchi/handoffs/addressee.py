"""Whom of a team an offer reaches: who was named, whoever stands in, or outside the hours whoever is on duty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from madoguchi.journal.record import Actor
from madoguchi.notifications.actions import notify
from madoguchi.people.models import OutsideHours, Staff, Team
from madoguchi.people.queries import working_time_of
from madoguchi.people.standing_in import StandIn, covered, on_duty
from madoguchi.tickets.models import Ticket


@dataclass(frozen=True)
class Addressee:
    """``staff`` of the team, None: all of it; and why it is not who was ``meant``."""

    staff: Staff | None
    meant: Staff | None = None
    stand_in: StandIn | None = None
    on_duty: bool = False  # the team is closed: it counts around the clock until they take it

    def told(self) -> dict[str, Any]:
        """For the journal."""
        if self.on_duty and self.staff:
            return {"duty": {"to": self.staff.name, "meant": self.meant.name if self.meant else ""}}
        return {"cover": self.stand_in.told()} if self.stand_in else {}


def addressee(meant: Staff | None, team: Team, at: datetime) -> Addressee:
    """Who gets what comes to the team at ``at`` for ``meant`` (None: anybody of it).

    While a team is closed that has its offers go to whoever is on duty: them; when nobody is, it waits as elsewhere.
    """
    if team.outside_hours == OutsideHours.ON_DUTY and not working_time_of(team).is_open(at):
        there = on_duty(team, at)
        if there:
            return Addressee(meant if meant in there else there[0], meant, on_duty=True)
    person, stand_in = covered(meant, team, at)
    return Addressee(person, meant, stand_in)


def tell(to: Addressee, ticket: Ticket, team: Team, *, by: Actor) -> None:
    """Whoever is on duty hears at once of what came for them."""
    if to.on_duty and to.staff is not None and (by.actor_kind, by.actor_id) != ("staff", to.staff.pk):
        notify(
            [to.staff],
            gettext_noop("%(number)s came to you, as you are on duty for %(team)s: %(subject)s"),
            kind="handoff.offered",
            params={"number": ticket.number_shown, "subject": ticket.subject, "team": team.name},
            about=ticket,
            at_once=True,
        )
