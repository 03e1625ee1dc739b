"""A ticket's deadlines."""

from typing import Any, Literal

from django.http import HttpResponse
from ninja import Router

from madoguchi.api.caller import ApiRequest
from madoguchi.api.v1.answer import answer, moment
from madoguchi.api.v1.fields import Answer
from madoguchi.api.v1.tickets import READ, ticket_at
from madoguchi.clocks.queries import Clocks, clocks_of, promised_by
from madoguchi.clocks.reading import Reading
from madoguchi.clocks.words import sentence
from madoguchi.people.models import Team

router = Router(tags=["tickets"])


class ClockForm(Answer):
    """One deadline as it stands now; ``due_at`` is null while it is paused, spans are seconds of the policy's calendar.

    ``subject`` is the hand-off, consultation or call-back, else the journal entry that started it. ``policy`` names the
    policy, or the rule that set the deadline for this ticket.
    """

    kind: Literal["first_response", "next_update", "resolution", "acceptance", "holding", "answer", "call_back"]
    state: Literal["running", "paused", "met", "breached"]
    due_at: str | None
    explanation: str
    subject: int
    team: str
    policy: str
    started_at: str
    ended_at: str | None
    target_s: int
    elapsed_s: int
    remaining_s: int


class TimeUsedForm(Answer):
    """How much of the time promised to the requester a team used."""

    team: str
    seconds: int


class ClockList(Answer):
    """All deadlines of a ticket, what is late or due first; and who used the time."""

    items: list[ClockForm]
    next: None
    time_used: list[TimeUsedForm]


@router.get("/tickets/{number}/clocks", response=ClockList, auth=READ, summary="Deadlines, with their explanation")
def list_clocks(request: ApiRequest, number: str) -> HttpResponse:
    """Worked out from the journal at the moment of asking; the explanation is in the language asked for."""
    found = clocks_of(ticket_at(request, number))
    teams = Team.objects.in_bulk({reading.team for reading in found.all})
    return answer(
        200,
        {
            "items": [_form(reading, found, teams[reading.team].key) for reading in found.all],
            "next": None,
            "time_used": [{"team": team.key, "seconds": seconds} for team, seconds in found.time_used],
        },
    )


def _form(reading: Reading, found: Clocks, team: str) -> dict[str, Any]:
    until = reading.ended_at or found.now
    return {
        "kind": reading.kind.value,
        "state": reading.state_at(found.now).value,
        "due_at": moment(reading.due_at),
        "explanation": sentence(reading, found.now),
        "subject": reading.subject,
        "team": team,
        "policy": promised_by(reading, found.book),
        "started_at": moment(reading.started_at),
        "ended_at": moment(reading.ended_at),
        "target_s": reading.target_s,
        "elapsed_s": reading.elapsed_s(until),
        "remaining_s": reading.remaining_s(until),
    }
