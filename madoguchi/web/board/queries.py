"""What the board shows of this moment: calls, operators, and everything that waits for a person."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from madoguchi.foundation import phone
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.waiting import waited_for
from madoguchi.interactions.models import BypassDraft, CallBack, Difficulty, Interaction
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.telephony import queries as telephony
from madoguchi.telephony.answering import ANSWER_WITHIN_S
from madoguchi.telephony.models import Call, CallAgent, CallEvent, OperatorState
from madoguchi.tickets.models import Ticket
from madoguchi.web.board.alarms import Alarm, alarms, wait_limit
from madoguchi.web.board.figures import CallDay, TeamDay, call_day, team_days

MOST = 100  # what is counted; beyond it the board says 99+
SHOWN = 3
CALLS_SHOWN = 20  # of each kind, the longest; the list behind the figure holds all
# A change that was committed a little after the board was asked is told once more.
OVERLAP = timedelta(seconds=10)
# Until the clocks tell each thing its own deadline: whatever waits for a person longer than this is somebody's to do.
LATE = timedelta(minutes=30)
WITHIN = timedelta(hours=1)  # deadlines that the board shows before they pass

State = OperatorState.State
_ORDER = {
    state: place
    for place, state in enumerate(
        (State.RINGING, State.TALKING, State.WRAPUP, State.AVAILABLE, State.UNREACHABLE, State.PAUSED)
    )
}


_waiting_calls = PreparedVisible(
    lambda access: telephony.waiting(access).select_related("interaction__person__organization")[:MOST]
)
_talking_calls = PreparedVisible(
    lambda access: telephony.in_talk(access).select_related("interaction__person__organization")[:CALLS_SHOWN]
)
_waiting_count = PreparedVisible(lambda access: _counted(telephony.waiting(access)))
_talking_count = PreparedVisible(lambda access: _counted(telephony.in_talk(access)))
_states = Prepared(telephony.operator_states)
_changed_states = Prepared(
    lambda since: (
        OperatorState.objects.filter(staff__is_active=True, since__gte=since)
        .select_related("staff")
        .order_by("staff_id")
    )
)
_state_counts = Prepared(
    lambda: (
        OperatorState.objects.filter(staff__is_active=True)
        .exclude(state=State.LOGGED_OFF)
        .order_by()
        .values_list("state")
        .annotate(Count("staff_id"))
    )
)
_seats = Prepared(
    lambda: (
        CallAgent.objects.filter(staff__isnull=False, state__in=Words(*CallAgent.LIVE), call__is_live=True)
        .select_related("call")
        .order_by("state", "id")
    )
)
# By an expression: for the bare column SQLite walks every hand-off there ever was, in order, to find the open.
_offers = PreparedVisible(
    lambda access: (
        Handoff.objects.visible_to(access)
        .waiting()
        .select_related("ticket", "from_team", "to_team")
        .order_by(Unindexed("offered_at"), "id")[:MOST]
    )
)
_alarms = PreparedVisible(
    lambda access: (
        Difficulty.objects.visible_to(access)
        .alarms()
        .select_related("interaction__staff")
        .order_by("alarmed_at", "id")[:MOST]
    )
)
_call_backs = PreparedVisible(
    lambda access: (
        CallBack.objects.visible_to(access)
        .waiting()
        .exclude(reason=CallBack.Reason.ABANDONED)  # they stand with the callers who gave up
        .select_related("person", "team", "staff")[:MOST]
    )
)
_deadlines = PreparedVisible(
    lambda access, before: (
        Ticket.objects.visible_to(access)
        .filter(next_due_at__lt=before)
        .select_related("holder_team", "assignee")
        .order_by("next_due_at", "id")[:MOST]
    )
)
_frozen = PreparedVisible(
    lambda access: (
        Ticket.objects.visible_to(access)
        .active()
        .filter(frozen_at__isnull=False)
        .select_related("holder_team")
        .order_by("frozen_at", "id")[:MOST]
    )
)


def _unsettled(access: Access, *, abandoned: bool) -> "QuerySet[Interaction]":
    rows = Interaction.objects.visible_to(access).unsettled().filter(is_abandoned=abandoned)
    return rows.select_related("person", "organization", "staff", "call").order_by("ended_at", "id")[:MOST]


def _counted(calls: "QuerySet[Call]") -> "QuerySet[Call, tuple[Any, ...]]":
    rows: QuerySet[Call, tuple[Any, ...]] = calls.order_by().values("is_live").annotate(n=Count("id")).values_list("n")
    return rows


_unlinked = PreparedVisible(lambda access: _unsettled(access, abandoned=False))
_abandoned = PreparedVisible(lambda access: _unsettled(access, abandoned=True))


@dataclass(frozen=True)
class LiveCall:
    """A call now: since when it is what it is, and with whom."""

    call: Call
    since: datetime
    who: str  # the identified person's or organisation's name, or ""

    @property
    def address(self) -> str:
        """The number of the other side, or ""."""
        call = self.call
        return phone.normalise(call.called) or call.called if call.direction == "outbound" else call.caller_number

    @property
    def person_id(self) -> int | None:
        contact: Interaction | None = getattr(self.call, "interaction", None)
        return contact.person_id if contact else None


@dataclass(frozen=True)
class Operator:
    """One member of staff who is not signed off, and the call they are in."""

    row: OperatorState
    call: Call | None

    @property
    def live(self) -> LiveCall | None:
        return LiveCall(self.call, self.row.since, "") if self.call else None

    @property
    def is_gone(self) -> bool:
        """Signed off, so that the row goes."""
        return self.row.state == State.LOGGED_OFF

    @property
    def order(self) -> str:
        """Texts that sort as the rows stand: who is busy first, then by how long."""
        place = _ORDER.get(State(self.row.state), len(_ORDER))
        return f"{place:02}{int(self.row.since.timestamp() * 1000):014}{self.row.staff_id:012}"


@dataclass(frozen=True)
class Waiting:
    """A pile of things that wait for a person: the first few, how many, and whether somebody must act now."""

    rows: Sequence[Any]
    count: int
    late: bool
    since: datetime | None = None

    @property
    def shown(self) -> Sequence[Any]:
        return self.rows[:SHOWN]

    @property
    def figure(self) -> str:
        return str(self.count) if self.count < MOST else f"{MOST - 1}+"


class Board:
    """``board`` in the templates; each region asks only for its own part."""

    answer_within = ANSWER_WITHIN_S
    calls_shown = CALLS_SHOWN
    wait_limit = property(lambda self: wait_limit())

    def __init__(self, access: Access, *, since: datetime | None = None) -> None:
        """``since``: when the reader last asked, who then gets only the operators whose state has changed."""
        self.access = access
        self.now = timezone.now()
        self.since = since

    @cached_property
    def waiting_calls(self) -> list[LiveCall]:
        """Unanswered calls from outside, the longest wait first; the wait begins where the queue begins."""
        calls = _waiting_calls.all(self.access)
        entered = dict(
            CallEvent.objects.filter(call__in=calls, type="queue.entered")
            .order_by()
            .values_list("call")
            .annotate(Min("at"))
        )
        found = [LiveCall(call, entered.get(call.pk, call.started_at), _who(call)) for call in calls]
        return sorted(found, key=lambda one: (one.since, one.call.pk))

    @cached_property
    def waiting_count(self) -> int:
        found = _waiting_count.first(self.access)
        return found[0] if found else 0

    @cached_property
    def talking_calls(self) -> list[LiveCall]:
        """Calls in which somebody speaks, the longest first."""
        calls = _talking_calls.all(self.access)
        found = [LiveCall(call, call.answered_at or call.started_at, _who(call)) for call in calls]
        return sorted(found, key=lambda one: (one.since, one.call.pk))

    @cached_property
    def talking_count(self) -> int:
        found = _talking_count.first(self.access)
        return found[0] if found else 0

    @cached_property
    def operators(self) -> list[Operator]:
        """Everybody who is signed on: who is busy first, then by how long."""
        rows = _states.all()
        # A conversation hides what rings beside it.
        calls = {seat.staff_id: seat.call for seat in _seats.all()} if rows else {}
        return sorted((Operator(row, calls.get(row.staff_id)) for row in rows), key=lambda one: one.order)

    @cached_property
    def changed_operators(self) -> list[Operator]:
        """Whose state has changed since the reader last asked, those who have signed off included."""
        rows = _changed_states.all((self.since or self.now) - OVERLAP)
        seats = CallAgent.objects.filter(
            staff__in=[row.staff_id for row in rows], state__in=Words(*CallAgent.LIVE), call__is_live=True
        )
        calls = {seat.staff_id: seat.call for seat in seats.select_related("call").order_by("state", "id")}
        return [Operator(row, calls.get(row.staff_id)) for row in rows]

    @cached_property
    def quiet_alarms(self) -> list[Difficulty]:
        """Operators who called the supervisor quietly and whom nobody has answered, the longest first."""
        return _alarms.all(self.access)

    @cached_property
    def states(self) -> list[tuple[str, str, int]]:
        """(state, word, how many) of the operators, as far as there are any."""
        found = sorted(_state_counts.all(), key=lambda one: _ORDER.get(State(one[0]), len(_ORDER)))
        return [(state, str(State(state).label), number) for state, number in found]

    @cached_property
    def free(self) -> int:
        """Operators who could take a call now."""
        return sum(number for state, _word, number in self.states if state == State.AVAILABLE)

    @cached_property
    def alarms(self) -> list[Alarm]:
        return alarms(self.access, self.now, [one.since for one in self.waiting_calls])

    @cached_property
    def calls(self) -> CallDay:
        return call_day(self.access, self.now)

    @cached_property
    def teams(self) -> list[TeamDay]:
        return team_days(self.now)

    @cached_property
    def offers(self) -> Waiting:
        """Hand-offs that nobody has accepted or returned, the oldest first."""
        return self._pile(_offers.all(self.access), lambda row: row.offered_at + LATE)

    @cached_property
    def unlinked(self) -> Waiting:
        """Ended contacts without a ticket and without a reason why there is none."""
        return self._pile(_unlinked.all(self.access), lambda row: row.ended_at + LATE)

    @cached_property
    def abandoned(self) -> Waiting:
        """Callers who gave up and have not been called back."""
        return self._pile(_abandoned.all(self.access), lambda row: row.ended_at + LATE)

    @cached_property
    def call_backs(self) -> Waiting:
        """Calls that the desk owes, the most overdue first."""
        return self._pile(_call_backs.all(self.access), lambda row: row.due_at)

    @cached_property
    def deadlines(self) -> Waiting:
        """Tickets with a deadline that has passed or passes within the hour, the most overdue first."""
        return self._pile(_deadlines.all(self.access, self.now + WITHIN), lambda row: row.next_due_at)

    @cached_property
    def frozen(self) -> Waiting:
        """Tickets that may not move on until a supervisor decides."""
        return self._pile(_frozen.all(self.access), lambda row: self.now)

    @cached_property
    def absent(self) -> Waiting:
        """Those who are away or left while something waits on them; counted is what waits."""
        rows = waited_for(self.access, self.now, moved=False)
        pile = self._pile(rows, lambda row: row.tally.due_at or self.now + LATE)
        return replace(pile, count=sum(row.tally.total for row in rows))

    @cached_property
    def drafts(self) -> Waiting:
        """Mails to the record address that wait for this person to confirm them, the oldest first."""
        found = BypassDraft.objects.to_settle(self.access, self.now).order_by("mail__received_at", "id")
        names = found.select_related("staff", "mail").only(
            "staff__family_name", "staff__given_name", "mail__received_at"
        )
        return self._pile(list(names[:MOST]), lambda row: row.mail.received_at + timedelta(days=1))

    def _pile(self, found: Sequence[Any], late_at: Callable[[Any], datetime]) -> Waiting:
        return Waiting(found, len(found), bool(found) and late_at(found[0]) <= self.now)

    @property
    def late_since(self) -> datetime:
        """What waits since before this moment is late."""
        return self.now - LATE

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def _who(call: Call) -> str:
    """The name behind a live call, as far as it is known."""
    contact: Interaction | None = getattr(call, "interaction", None)
    if contact is None:
        return call.caller_name
    if contact.person is not None:
        organization = contact.person.organization
        return f"{organization.name} {contact.person.name}" if organization else contact.person.name
    return contact.contact_name or call.caller_name
