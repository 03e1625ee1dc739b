"""The journal folded back: what each ticket was at each moment, not what it is today.

From the entries come what changed and when; rows that never change (hand-offs, messages) give what the entries name.
As they are today are taken: a person's organization, which articles there are, who belongs to which team.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from madoguchi.handoffs.models import Handoff
from madoguchi.rules.definition import Happened
from madoguchi.rules.facts import REACHED, Facts, Said, text_of
from madoguchi.rules.happened import event_of, is_heard, touches
from madoguchi.rules.history.moments import History, Moment, Move
from madoguchi.rules.history.past import Line, Past
from madoguchi.tickets.models import ACTIVE, Message, Ticket, shown


def tickets_in(since: datetime, until: datetime) -> list[int]:
    """The tickets that were open at some time in the span."""
    ended = Q(resolved_at__isnull=True) | Q(resolved_at__gte=since) | Q(updated_at__gte=since)
    return list(Ticket.objects.filter(ended, opened_at__lte=until).order_by("pk").values_list("pk", flat=True))


def histories(ids: Collection[int], *, until: datetime) -> Iterator[History]:
    """The histories of these tickets; eleven queries however many there are."""
    past = Past(ids, until)
    for ticket in past.tickets:
        lines = past.lines.get(ticket.pk, [])
        # The contact that it is raised from is linked first.
        opening = next((place for place, line in enumerate(lines) if line.kind == "ticket.opened"), None)
        if opening is not None:
            fold = _Fold(ticket, past)
            fold.complaints = fold.complaints_in(lines)
            yield fold.run(lines[opening:], until)


@dataclass
class _State:
    """A ticket while its entries are folded."""

    status: str = "new"
    waiting_for: str = ""
    waiting_since: datetime | None = None
    priority: str = "normal"
    category: int | None = None
    holder: int = 0
    held_since: datetime | None = None
    offered: Handoff | None = None
    taken: Handoff | None = None
    assignee: int | None = None
    requester: int | None = None
    organization: int | None = None
    service_class: str = ""
    not_entitled: bool = False
    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    asked_since: datetime | None = None
    told_at: datetime | None = None
    spoken_at: datetime | None = None
    touched_at: datetime | None = None
    resolved_at: datetime | None = None
    moves: int = 0
    returns: int = 0
    reopenings: int = 0
    handoff_reason: str = ""
    told_clock: str = ""
    told_percent: int = 0


class _Fold:
    """Folds the entries of one ticket."""

    def __init__(self, ticket: Ticket, past: Past) -> None:
        self.ticket, self.past, self.now = ticket, past, _State()
        self.handoffs = iter(past.handoffs.get(ticket.pk, []))
        self.decisions = iter(past.decisions.get(ticket.pk, []))
        self.moments: list[Moment] = []
        self.moves: list[Move] = []
        self.complaints: list[datetime] = []
        self.offers: list[datetime] = []

    def run(self, lines: list[Line], until: datetime) -> History:
        """The whole history."""
        calls = self._abandoned_calls(lines[0].at, until)
        for line in lines:
            while calls and calls[0] < line.at:
                self._abandoned(calls.pop(0))
            getattr(self, "_" + line.kind.replace(".", "_"), self._nothing)(line)
            touched = touches(line.kind, line.actor_kind)
            if touched:
                self.now.touched_at = max(self.now.touched_at or line.at, line.at)
            heard = is_heard(line.kind, line.data) and self._belonged(line)
            if heard or touched:
                happened = event_of(line.kind, dict(line.data)) if heard else None
                rule = line.actor_id if line.actor_kind == "rule" else None
                cause = f"entry:{line.id}"
                self.moments.append(Moment(line.at, happened, self._facts(line.at), cause, rule, touch=not heard))
        for at in calls:
            self._abandoned(at)
        return History(
            ticket=self.ticket.pk,
            label=shown(self.ticket.pk),
            moments=tuple(self.moments),
            moves=tuple(self.moves),
            until=until,
            offers=tuple(self.offers),
            resolved_at=self.now.resolved_at,
            destination=self.past.destination(self.now.category),
        )

    def complaints_in(self, lines: list[Line]) -> list[datetime]:
        """Since when calls of the ticket were complaints: once wrapped up so, and linked."""
        return [max(line.at, self._linked_at(line)) for line in lines if line.kind == "call.wrapup_ended"]

    def _linked_at(self, line: Line) -> datetime:
        return self.past.contact_calls[line.data["call"]][self.ticket.pk]

    def _belonged(self, line: Line) -> bool:
        """Whether the call belonged to the ticket already when its wrap-up ended."""
        return line.kind != "call.wrapup_ended" or self._linked_at(line) <= line.at

    def _abandoned_calls(self, since: datetime, until: datetime) -> list[datetime]:
        calls = self.past.contacts.get(self.ticket.requester_id, [])
        return sorted(end for _, end in calls if end is not None and since <= end <= until)

    def _abandoned(self, at: datetime) -> None:
        if self.now.status in ACTIVE:
            self.moments.append(Moment(at, Happened.CALL_ABANDONED, self._facts(at), f"call:{at.isoformat()}"))

    def _facts(self, at: datetime) -> Facts:
        now, ticket = self.now, self.ticket
        code = text_of(now.details.get("error_code"))
        return Facts(
            at=at,
            ticket=ticket.pk,
            status=now.status,
            waiting_for=now.waiting_for,
            priority=now.priority,
            channel=ticket.channel,
            category=now.category,
            holder=now.holder,
            front=ticket.front_team_id,
            offered_to=now.offered.to_team_id if now.offered else None,
            assignee=now.assignee,
            requester=now.requester,
            organization=now.organization,
            service_class=now.service_class,
            not_entitled=now.not_entitled,
            subject=now.subject,
            details=dict(now.details),
            said=tuple(now.said),
            moves=now.moves,
            returns=now.returns,
            reopenings=now.reopenings,
            handoff_reason=now.handoff_reason,
            contacts=tuple(begun for begun, _ in self.past.contacts.get(now.requester, []) if begun <= at),
            code_known=code != "" and self.past.knows(code),
            complaint=any(since <= at for since in self.complaints),
            told_clock=now.told_clock,
            told_percent=now.told_percent,
            since=self._since(),
        )

    def _since(self) -> dict[str, datetime]:
        now, opened = self.now, self.ticket.opened_at
        if now.status not in ACTIVE:
            return {}
        found: dict[str, datetime | None] = {
            "open": opened,
            "held": now.held_since or opened,
            "unanswered": now.asked_since,
            "untold": now.told_at or opened,
            "untouched": now.touched_at or opened,
            "waiting": now.waiting_since if now.status == "waiting" else None,
        }
        if now.offered is not None:
            found["unaccepted"] = now.offered.offered_at
        elif now.status == "new" and now.assignee is None:
            found["unaccepted"] = opened
        return {state: moment for state, moment in found.items() if moment is not None}

    # One method for each kind of entry that changes something.

    def _nothing(self, line: Line) -> None:
        """An entry that says nothing about the facts."""

    def _ticket_opened(self, line: Line) -> None:
        now, data = self.now, line.data
        now.holder = self.ticket.front_team_id
        now.subject, now.priority = data.get("subject", ""), data.get("priority", "normal")
        category = self.past.categories.get(data.get("category") or "")
        now.category = category.pk if category else None
        now.requester = data.get("requester", self.ticket.requester_id)
        now.organization = self.past.organizations.get(now.requester)
        now.not_entitled = bool(data.get("not_entitled"))
        own = self.ticket.contract.service_class if self.ticket.contract else ""
        now.service_class = data.get("service_class", own)
        now.details = dict(data["details"]) if "details" in data else self._first_details()
        self._say(line)
        self._interaction_linked(line)

    def _interaction_linked(self, line: Line) -> None:
        if line.data.get("spoken"):
            self._speak(line.at)

    def _call_back_done(self, line: Line) -> None:
        if line.data.get("result") in REACHED:
            self._speak(self.past.calls[line.data["call_back"]][1])

    def _speak(self, at: datetime) -> None:
        """Somebody of ours spoke with the requester, who has nothing unanswered then."""
        now = self.now
        now.spoken_at = at
        now.told_at = max(now.told_at or at, at)
        if now.asked_since is not None and now.asked_since <= at:
            now.asked_since = None

    def _first_details(self) -> dict[str, Any]:
        """Entries of before did not keep the first answers: the oldest that are known."""
        for line in self.past.lines[self.ticket.pk]:
            if line.kind == "ticket.changed" and "details" in line.data.get("from", {}):
                return dict(line.data["from"]["details"])
        handoffs = self.past.handoffs.get(self.ticket.pk, [])
        return dict(handoffs[0].details if handoffs else self.ticket.details)

    def _ticket_changed(self, line: Line) -> None:
        now, to, ids = self.now, line.data.get("to", {}), line.data.get("ids", {})
        now.priority = to.get("priority", now.priority)
        now.subject = to.get("subject", now.subject)
        now.details = dict(to.get("details") or now.details)
        if "category" in to:
            row = self.past.labels.get(to["category"] or "")
            now.category = ids.get("category", row.pk if row else None)
        if "assignee" in to:
            now.assignee = ids.get("assignee", self.ticket.assignee_id if to["assignee"] else None)
            if to["assignee"] and now.status == "new":
                now.status = "open"
        if "requester" in to:
            now.requester = ids.get("requester", self.ticket.requester_id) if to["requester"] else None
            now.organization = self.past.organizations.get(now.requester)
        now.service_class = line.data.get("clocks", {}).get("service_class", now.service_class)
        now.not_entitled = line.data.get("not_entitled", now.not_entitled)

    def _ticket_waiting(self, line: Line) -> None:
        self._wait(line, line.data.get("for", ""))

    def _ticket_referred_to_sales(self, line: Line) -> None:
        self._wait(line, "department")

    def _wait(self, line: Line, waiting_for: str) -> None:
        self.now.status, self.now.waiting_for, self.now.waiting_since = "waiting", waiting_for, line.at

    def _ticket_went_on(self, _line: Line) -> None:
        self._go_on()

    def _go_on(self) -> None:
        self.now.status, self.now.waiting_for = "open", ""

    def _ticket_resolved(self, line: Line) -> None:
        self.now.status, self.now.waiting_for, self.now.resolved_at = "resolved", "", line.at

    def _ticket_reopened(self, line: Line) -> None:
        self.now.status, self.now.resolved_at = "open", None
        self.now.assignee = line.data.get("assignee", self.now.assignee)
        self.now.reopenings += 1

    def _ticket_closed(self, _line: Line) -> None:
        self.now.status = "closed"

    def _ticket_merged(self, line: Line) -> None:
        if line.data.get("from") == shown(self.ticket.pk):
            self.now.status, self.now.waiting_for, self.now.resolved_at = "closed", "", line.at

    def _message_posted(self, line: Line) -> None:
        self._say(line)

    def _message_machine_received(self, line: Line) -> None:
        self._say(line)

    def _message_received(self, line: Line) -> None:
        self._say(line)
        if self.now.status == "waiting" and self.now.waiting_for == "requester":
            self._go_on()

    def _say(self, line: Line) -> None:
        now, message = self.now, self.past.messages.get(line.data.get("message", 0))
        if message is None:
            return
        public = message.visibility == Message.Visibility.PUBLIC
        now.said.append(Said(message.body, message.from_requester and public))
        if not public:
            return
        if message.from_requester:
            if now.spoken_at is None or message.at > now.spoken_at:
                now.asked_since = now.asked_since or message.at
        elif message.staff_id is not None:
            if message.delivery != Message.Delivery.CALL_BACK:  # else it waits to be told
                now.asked_since, now.told_at = None, max(now.told_at or message.at, message.at)
            if now.status == "new":
                now.status = "open"

    def _handoff_offered(self, line: Line) -> None:
        handoff = next(self.handoffs, None)
        if handoff is not None:
            self.now.offered, self.now.details = handoff, dict(handoff.details)
            self.now.handoff_reason = handoff.reason_code
            self.offers.append(line.at)

    def _handoff_accepted(self, line: Line) -> None:
        now = self.now
        handoff = now.offered or next(self.handoffs, None)  # a rule moves without an offer
        if handoff is None:
            return
        now.offered, now.taken, now.handoff_reason = None, handoff, handoff.reason_code
        by = line.actor_id if line.actor_kind == "staff" else None
        belongs = by if (by, handoff.to_team_id) in self.past.members else None
        now.assignee = line.data.get("assignee", handoff.to_staff_id or belongs)
        if now.status == "new":
            now.status = "open"
        self._arrive(handoff.to_team_id, line.at, asked_at=handoff.offered_at)

    def _handoff_returned(self, line: Line) -> None:
        now = self.now
        now.returns += 1
        if now.offered is not None:
            now.offered = None
        elif now.taken is not None:
            now.assignee = None
            self._arrive(now.taken.from_team_id, line.at, asked_at=line.at, back=True)

    def _clock_warned(self, line: Line) -> None:
        self.now.told_clock, self.now.told_percent = line.data["clock"], line.data["percent"]

    _clock_breached = _clock_warned

    def _handoff_recalled(self, _line: Line) -> None:
        self.now.offered = None

    def _routing_decided(self, line: Line) -> None:
        decision = next(self.decisions, None)
        if decision is None or decision.kind not in decision.MOVING or decision.team_id is None:
            return
        if decision.team_id != self.now.holder:
            self.now.assignee = None
            self._arrive(decision.team_id, line.at, asked_at=line.at)
        if decision.kind == decision.Kind.TAKE:
            self.now.assignee = decision.staff_id
            if self.now.status == "new":
                self.now.status = "open"
        self.now.held_since = decision.at

    def _arrive(self, team: int, at: datetime, *, asked_at: datetime, back: bool = False) -> None:
        self.now.holder, self.now.held_since = team, at
        self.now.moves += 1
        self.moves.append(Move(at=at, asked_at=asked_at, to=team, back=back))
