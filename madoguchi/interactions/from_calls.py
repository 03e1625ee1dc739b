"""Reactions: what the telephone says becomes a contact."""

from typing import Any

from django.db import models

from madoguchi.foundation import phone
from madoguchi.interactions import owing
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Channel, Interaction
from madoguchi.interactions.written_down import dialled_by_hand
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor, record
from madoguchi.people.models import Person, Staff, Team
from madoguchi.people.queries import callers
from madoguchi.telephony.events import SHOWN
from madoguchi.telephony.models import Call, Direction, Outcome

_GIVEN_UP = (Outcome.ABANDONED, Outcome.ABANDONED_IN_IVR, Outcome.OVERFLOW, Outcome.MISSED)


def follow_call(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Bring the contact of a call up to date with it: it exists from the first event on, whichever that is.

    Calls between two of our own extensions are no contact.
    """
    call = next((subject for subject in subjects if isinstance(subject, Call)), None)
    if call is None or call.direction == Direction.INTERNAL:
        return
    interaction = Interaction.objects.filter(call=call).first() or _dialled(call) or _open(call, entry)
    had_given_up = interaction.is_abandoned
    staff = _staff(entry, call, interaction) or _offered(subjects)
    changes: dict[str, Any] = {
        "direction": Interaction.Direction.OUTBOUND if call.direction == Direction.OUTBOUND else interaction.direction,
        "staff": staff,
        "ended_at": call.ended_at,
        "is_abandoned": call.ended_at is not None and call.outcome in _GIVEN_UP,
        "address": _number(call) or ("" if _is_withheld(call) else interaction.address),
    }
    if interaction.team_id is None and staff is not None:
        changes["team"] = _team_of(staff)
    changed = {name: value for name, value in changes.items() if getattr(interaction, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(interaction, name, value)
        interaction.save(update_fields=list(changed))
    if interaction.is_abandoned and not had_given_up:
        record(
            "call_back.needed",
            by=_actor(entry),
            about=[interaction, call, interaction.person, interaction.team],
            data={"number": interaction.address, "outcome": call.outcome},
        )
    is_news = entry.kind in ("call.answered", "call.corrected")
    owing.follow(interaction, call, gave_up_before=had_given_up, is_news=is_news, by=_actor(entry))


def _staff(entry: Entry, call: Call, interaction: Interaction) -> Staff | None:
    """Whoever answered, from the moment this is news; afterwards whoever took the contact over keeps it."""
    is_news = entry.kind == "call.answered" or "answered_by" in entry.data.get("changed", ())
    return (call.answered_by if is_news else None) or interaction.staff or call.answered_by


def _number(call: Call) -> str:
    """The number of the other side."""
    return (phone.normalise(call.called) or call.called) if call.direction == Direction.OUTBOUND else call.caller_number


def _is_withheld(call: Call) -> bool:
    """The caller's number may not be shown, so that none is kept, even if one was told before."""
    return call.direction != Direction.OUTBOUND and call.presentation not in ("", *SHOWN)


def _dialled(call: Call) -> Interaction | None:
    """The contact that our own screen noted when the number was clicked: the telephone tells of the same call."""
    if call.direction != Direction.OUTBOUND or call.answered_by is None:
        return None
    interaction = dialled_by_hand(staff=call.answered_by, number=_number(call), at=call.started_at)
    if interaction is not None:
        interaction.call = call
        interaction.save(update_fields=["call"])
    return interaction


def _actor(entry: Entry) -> NamedActor:
    return NamedActor(entry.actor_kind, entry.actor_name, entry.actor_id)


def _open(call: Call, entry: Entry) -> Interaction:
    outbound = call.direction == Direction.OUTBOUND
    number = _number(call)
    return open_interaction(
        channel=Channel.PHONE,
        direction=Interaction.Direction.OUTBOUND if outbound else Interaction.Direction.INBOUND,
        call=call,
        address=number,
        contact_name="" if outbound else call.caller_name,
        person=_only_candidate(number),
        started_at=call.started_at,
        by=_actor(entry),
    )


def _only_candidate(number: str) -> Person | None:
    """The caller, when just one person can be meant: several people on one number are a choice, never a guess."""
    found = callers(number)
    return found.people[0] if len(found.people) == 1 and not found.organizations else None


def _offered(subjects: tuple[models.Model, ...]) -> Staff | None:
    return next((subject for subject in subjects if isinstance(subject, Staff)), None)


def _team_of(staff: Staff) -> Team | None:
    return staff.teams.order_by("line", "id").first()
