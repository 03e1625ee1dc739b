"""What a journal entry means to rules, and on which tickets. Pure but for finding the tickets of a call."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.rules.definition import Happened
from madoguchi.rules.facts import COMPLAINT, REACHED
from madoguchi.telephony.models import Call
from madoguchi.tickets.models import ACTIVE, Ticket

MOST_TICKETS_OF_A_CALLER = 5

_EVENTS = {
    "ticket.opened": Happened.OPENED,
    "ticket.changed": Happened.CHANGED,
    "ticket.waiting": Happened.WAITING,
    "ticket.referred_to_sales": Happened.WAITING,
    "ticket.frozen": Happened.FROZEN,
    "ticket.resolved": Happened.RESOLVED,
    "ticket.reopened": Happened.REOPENED,
    "message.received": Happened.REQUESTER_WROTE,
    "handoff.offered": Happened.OFFERED,
    "handoff.accepted": Happened.HANDED_OVER,
    "handoff.returned": Happened.RETURNED,
    "handoff.recalled": Happened.RECALLED,
    "clock.warned": Happened.CLOCK_WARNED,
    "clock.breached": Happened.CLOCK_BREACHED,
    "call.abandoned": Happened.CALL_ABANDONED,
}
# What names no event of a rule, but may begin or end a state that lasts.
QUIET = frozenset({"ticket.went_on", "ticket.closed", "ticket.merged", "routing.decided", "interaction.linked"})
KINDS = frozenset(_EVENTS) | {"message.posted", "call_back.done", "call.wrapup_ended"} | QUIET
_OF_CALLS = frozenset({"call.abandoned", "call.wrapup_ended", "call_back.done"})  # their entries name no ticket
_PEOPLE = frozenset({"staff", "person"})


def is_heard(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether rules care: of contacts about those that were spoken, of wrap-ups about complaints."""
    if kind == "interaction.linked":
        return bool(data.get("spoken"))
    if kind == "call.wrapup_ended":
        return data.get("code") == COMPLAINT
    return kind in KINDS


def touches(kind: str, actor_kind: str) -> bool:
    """Whether a person did something to the tickets that the entry names: from here on nobody has touched them."""
    return actor_kind in _PEOPLE and kind not in _OF_CALLS


def event_of(kind: str, data: dict[str, Any]) -> Happened | None:
    """What happened, as a rule names it; None when no rule listens to it."""
    if kind == "message.posted":
        if data.get("visibility") != "public":
            return Happened.NOTED
        return None if data.get("delivery") == "call_back" else Happened.ANSWERED  # it waits to be told
    if kind == "call.wrapup_ended":
        return Happened.COMPLAINT if data.get("code") == COMPLAINT else None
    if kind == "call_back.done":
        return Happened.ANSWERED if data.get("result") in REACHED else None
    if kind == "routing.decided" and data.get("kind") in {"assign", "take"}:
        return Happened.HANDED_OVER
    return _EVENTS.get(kind)


def tickets_of(kind: str, subjects: Sequence[models.Model]) -> list[Ticket]:
    """The tickets concerned; of an abandoned call the open tickets of whoever called, the latest first, at most
    ``MOST_TICKETS_OF_A_CALLER``; of a caller whom nobody identified none.
    """
    if kind not in _OF_CALLS:
        found = {subject.pk: subject for subject in subjects if isinstance(subject, Ticket)}
        return list(found.values())
    if kind == "call_back.done":
        calls_back = [subject for subject in subjects if isinstance(subject, CallBack)]
        return list(Ticket.objects.filter(call_back_links__call_back__in=calls_back).order_by("pk"))
    calls = [subject for subject in subjects if isinstance(subject, Call)]
    if kind == "call.wrapup_ended":
        return list(Ticket.objects.filter(contact_links__interaction__call__in=calls).distinct().order_by("pk"))
    callers = Interaction.objects.filter(call__in=calls, person__isnull=False).values("person")
    tickets = Ticket.objects.filter(requester__in=callers, status__in=ACTIVE)
    return list(tickets.order_by("-updated_at")[:MOST_TICKETS_OF_A_CALLER])
