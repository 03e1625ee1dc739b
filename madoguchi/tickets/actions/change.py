"""A ticket's facts change: category, priority, assignee, subject, details, people, waiting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import access_of
from madoguchi.people.models import Person, Staff
from madoguchi.people.queries import contract_of
from madoguchi.people.standing_in import covered
from madoguchi.search import index
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.actions.open_ticket import is_not_entitled
from madoguchi.tickets.models import Priority, Status, Ticket, WaitingFor

CHANGEABLE = frozenset(
    {"subject", "category", "priority", "assignee", "front_staff", "details", "requester", "affected"}
)


@transaction.atomic
def change(
    ticket: Ticket,
    *,
    by: Actor,
    if_version: int | None = None,
    reassigned: Mapping[str, str] | None = None,
    **changes: Any,
) -> Ticket:
    """Change the named facts (``CHANGEABLE``); ``details`` are merged key by key, a None value removes a key.

    An assignee or front who is away is stood in for; without anybody who may, it is the whole team's. ``reassigned`` is
    what the trail says of a change because somebody is not there: of whom (``of``), ``why`` and a ``note``.
    Refuses (409) when the ticket is closed or has moved on from ``if_version``. Nothing is written when nothing
    differs.
    """
    ticket = lock(ticket, if_version=if_version)
    if ticket.status == Status.CLOSED:
        raise Refused(_("This ticket is closed. Reopen it to change it."), code="closed", status=409)
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"a ticket has no {', '.join(sorted(unknown))} to change")
    _check(ticket, changes)
    if "details" in changes:
        merged = {**ticket.details, **changes["details"]}
        changes["details"] = {key: value for key, value in merged.items() if value is not None}
    stand_in = None
    if "assignee" in changes:
        changes["assignee"], stand_in = covered(changes["assignee"], ticket.holder_team, timezone.now(), by=by)
    if "front_staff" in changes:
        changes["front_staff"], front = covered(changes["front_staff"], ticket.front_team, timezone.now(), by=by)
        stand_in = stand_in or front
    before = {name: getattr(ticket, name) for name in changes}
    changes = {name: value for name, value in changes.items() if value != before[name]}
    if not changes and stand_in is None:
        return ticket
    if "requester" in changes:
        person: Person | None = changes["requester"]
        changes["organization"] = person.organization if person else None
        changes["contract"] = contract_of(changes["organization"])
    if {"requester", "category"} & changes.keys():
        changes["not_entitled"] = is_not_entitled(
            changes.get("requester", ticket.requester),
            changes.get("contract", ticket.contract),
            changes.get("category", ticket.category),
        )
    if changes.get("assignee") and ticket.status == Status.NEW:
        changes["status"] = Status.OPEN
    save(ticket, **changes)
    index.queue("ticket", ticket.pk)
    told = sorted(changes.keys() & CHANGEABLE)
    record(
        "ticket.changed",
        by=by,
        about=[ticket, ticket.holder_team, ticket.assignee, before.get("assignee")],
        data={
            "fields": told,
            "from": {name: _plain(before[name]) for name in told},
            "to": {name: _plain(changes[name]) for name in told},
            "clocks": _for_clocks(changes),
            **({"cover": stand_in.told()} if stand_in else {}),
            **({"reassigned": dict(reassigned)} if reassigned else {}),
            "not_entitled": ticket.not_entitled,
            "ids": {name: changes[name].pk for name in told if isinstance(changes[name], Model)},
        },
    )
    return ticket


@transaction.atomic
def wait(ticket: Ticket, *, waiting_for: str, until: datetime | None = None, by: Actor) -> Ticket:
    """Put the ticket aside until the requester, a department, a vendor or a date."""
    if waiting_for not in WaitingFor.values:
        raise Refused(_("Say what the ticket waits for."), code="waiting_for", field="waiting_for")
    if waiting_for == WaitingFor.DATE and (until is None or until <= timezone.now()):
        raise Refused(_("Choose a date to come."), code="until", field="waiting_until")
    ticket = lock(ticket)
    require_active(ticket)
    save(ticket, status=Status.WAITING, waiting_for=waiting_for, waiting_until=until)
    record(
        "ticket.waiting",
        by=by,
        about=[ticket, ticket.holder_team],
        data={"for": waiting_for, "until": until.isoformat() if until else None},
    )
    return ticket


@transaction.atomic
def go_on(ticket: Ticket, *, by: Actor) -> Ticket:
    """Work goes on after waiting."""
    ticket = lock(ticket)
    if ticket.status != Status.WAITING:
        raise Refused(_("This ticket is not waiting."), code="not_waiting", status=409)
    save(ticket, status=Status.OPEN, waiting_for="", waiting_until=None)
    record("ticket.went_on", by=by, about=[ticket, ticket.holder_team])
    return ticket


def _check(ticket: Ticket, changes: dict[str, Any]) -> None:
    if "subject" in changes:
        changes["subject"] = " ".join(str(changes["subject"]).split())[:300]
        if not changes["subject"]:
            raise Refused(_("A ticket needs a subject."), code="subject_missing", field="subject")
    if "priority" in changes and changes["priority"] not in Priority.values:
        raise Refused(_("There is no such priority."), code="priority", field="priority")
    assignee: Staff | None = changes.get("assignee")
    if assignee is not None and not access_of(assignee).acts_for(ticket.holder_team):
        raise Refused(
            _("%(name)s does not work for %(team)s, which holds this ticket.")
            % {"name": assignee.name, "team": ticket.holder_team.label},
            code="assignee",
            field="assignee",
        )
    front: Staff | None = changes.get("front_staff")
    if front is not None and not access_of(front).acts_for(ticket.front_team):
        raise Refused(
            _("%(name)s does not work for %(team)s.") % {"name": front.name, "team": ticket.front_team.label},
            code="front_staff",
            field="front_staff",
        )


def _for_clocks(changes: dict[str, Any]) -> dict[str, Any]:
    """What deadlines depend on, as it is now: only what changed."""
    found: dict[str, Any] = {}
    if "category" in changes:
        found["category"] = changes["category"].pk if changes["category"] else None
    if "priority" in changes:
        found["priority"] = changes["priority"]
    if "contract" in changes:
        found["service_class"] = changes["contract"].service_class if changes["contract"] else ""
    return found


def _plain(value: Any) -> Any:
    """A value as the journal keeps it: rows by their own name, whatever the language of the page."""
    return value if value is None or isinstance(value, str | int | dict) else value.name
