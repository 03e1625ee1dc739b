"""How a question runs: what each thing that happens makes of it. Pure: rows in memory, nothing is read or written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from madoguchi.consultations.chain import Candidate, Chain, Choice, after, opening
from madoguchi.consultations.models import PASSED_OVER, Approach, Consultation, State
from madoguchi.people.models import ContactChannel

A, Why = Approach.State, Approach.Why


class Sending(StrEnum):
    """What a contact has to be sent because of what happened."""

    QUESTION = "question"
    REMINDER = "reminder"
    SETTLED = "settled"
    STILL_OPEN = "still_open"


_TICK = timedelta(microseconds=1)
_MAY_STILL_ANSWER = (A.ASKED, A.NEEDS_TIME, A.ASKED_BACK, *PASSED_OVER)


@dataclass
class Course:
    """One consultation with everybody it was put to and whom one may still ask, at ``now``.

    Each method is one thing that happened. Afterwards the rows are as they must be written, ``sendings`` is what leaves
    the house, and ``moved_to``, ``reopened`` and ``outcome`` tell what else came of it. The state follows from the
    approaches: while somebody is being asked it is open, and whenever nobody is, it is the next one's turn. ``rests``:
    the ticket is solved or closed, so whose turn it is now is only planned until it comes back.
    """

    consultation: Consultation
    approaches: list[Approach]
    chain: Chain
    now: datetime
    rests: bool = False
    sendings: list[tuple[Sending, Approach]] = field(default_factory=list)
    moved_to: list[Approach] = field(default_factory=list)
    reopened: bool = False
    outcome: State | None = None

    @property
    def live(self) -> list[Approach]:
        """Who is being asked, the latest last."""
        return [approach for approach in self.approaches if approach.is_live]

    @property
    def current(self) -> Approach | None:
        """Whom the question is with."""
        return self.live[-1] if self.live else None

    @property
    def asked(self) -> set[int]:
        """The contacts who have had their turn, and those who can only be reached where the question has been."""
        told = self._told
        same = {contact for contact, person in self.chain.people.items() if person.way_untried((), told) is None}
        return same | {approach.contact_id for approach in self.approaches if approach.contact_id is not None}

    @property
    def _told(self) -> set[tuple[str, str]]:
        """Where the question has been sent: two contacts may have one mailbox. A telephone is asked for somebody."""
        ways = ((channel, address) for one in self.approaches for channel, address in one.sent_to)
        return {way for way in ways if way[0] != ContactChannel.PHONE}

    @property
    def is_settled(self) -> bool:
        """Answered or withdrawn: what still comes changes nothing. One that only nobody answered can come back."""
        return self.consultation.state in (State.ANSWERED, State.WITHDRAWN)

    def begin(self, *, due_at: datetime | None, answer_within_s: int, contact: int | None = None) -> bool:
        """The question goes to the first, or to ``contact``; False when there is nobody to ask.

        A ``due_at`` outside their hours means the end of those before it, or, where there are none, their usual time.
        """
        choice = self._next() if contact is None else self._choice_of(contact)
        if choice is None:
            return False
        hours = self.chain.hours_of(choice.candidate.contact, urgent=self.consultation.urgent)
        within = hours.between(self.now, due_at) if due_at else 0
        self.consultation.patience_s = patience = max(1, within or answer_within_s)
        if due_at is not None and within and (hours.is_open(due_at) or hours.is_open(due_at - _TICK)):
            self.consultation.due_at = due_at
        else:
            self.consultation.due_at = after(hours, self.now, patience)
        self._put_to(choice, Why.FIRST if contact is None else Why.CHOSEN)
        self._follow()
        return True

    def answered(self, approach: Approach | None) -> bool:
        """Somebody of the department answered; whether it is the answer that counts. The first one does."""
        if self.is_settled:
            return False
        if approach is not None:
            self._end(approach, A.ANSWERED)
        self.consultation.to_review = False
        self._close(State.ANSWERED, but=approach)
        return True

    def declined(self, approach: Approach | None, named: int | None = None) -> bool:
        """“Not me”, perhaps naming a contact, whose turn it is then; whether it still mattered."""
        if self.is_settled:
            return False
        if approach is not None:
            self._end(approach, A.DECLINED)
        choice = self._choice_of(named) if named is not None else None
        if choice is not None:
            self._put_to(choice, Why.NAMED)
        elif not self.live and self.consultation.ended_at is None:
            self._go_on(Why.DECLINED)
        self._follow()
        return True

    def needs_time(self, approach: Approach, until: datetime) -> bool:
        """The contact answers by ``until``, or by their next opening after it; whether it still mattered."""
        if self.is_settled:
            return False
        hours = self.chain.hours_of(approach.contact_id, urgent=self.consultation.urgent)
        approach.state, approach.reminded_at, approach.ended_at = A.NEEDS_TIME, None, None
        approach.deadline_at = opening(hours, until) or until
        self._follow()
        if self.consultation.state == State.NEEDS_TIME:
            self.consultation.due_at = approach.deadline_at
        return True

    def asked_back(self, approach: Approach) -> bool:
        """The contact has a question; until the desk replies no time runs for them. Whether it still mattered."""
        if self.is_settled:
            return False
        approach.state, approach.deadline_at, approach.reminded_at, approach.ended_at = A.ASKED_BACK, None, None, None
        self._follow()
        return True

    def replied(self) -> list[Approach]:
        """The desk replies to those who asked back: their time starts again. They are returned."""
        waiting = [approach for approach in self.approaches if approach.state == A.ASKED_BACK]
        for approach in waiting:
            self._give_time(approach)
        self._follow()
        if deadlines := [approach.deadline_at for approach in waiting if approach.deadline_at is not None]:
            self.consultation.due_at = max(self.consultation.due_at, *deadlines)
        return waiting

    def pressed(self, contact: int | None = None) -> bool:
        """The desk waits no longer; False when there is nobody else (or this ``contact`` cannot be asked)."""
        choice = self._next() if contact is None else self._choice_of(contact)
        if self.is_settled or choice is None:
            return False
        for approach in self.live:
            self._end(approach, A.SETTLED if approach.state == A.PLANNED else A.SILENT)
        self._put_to(choice, Why.PRESSED)
        self._follow()
        return True

    def withdrawn(self) -> None:
        """The desk needs no answer any more."""
        self._close(State.WITHDRAWN)

    def bounced(self, approach: Approach) -> bool:
        """The question did not arrive: it goes by the next way, else to the next contact. Whether it still mattered."""
        if approach.state != A.ASKED:
            return False
        person = self.chain.people.get(approach.contact_id or 0)
        way = person.way_untried(approach.tried, self._told) if person else None
        if person is not None and way is not None:
            approach.channel, approach.address = way
            approach.tried = [*approach.tried, way[0]]
            self._send(approach, person)
        else:
            self._end(approach, A.BOUNCED)
        if not self.live:
            self._go_on(Why.BOUNCED)
        self._follow()
        return True

    def away(self, approach: Approach) -> bool:
        """The contact is out of office: whoever stands in, else the next one, at once; whether it still mattered."""
        if approach.state != A.ASKED:
            return False
        person = self.chain.people.get(approach.contact_id or 0)
        self._end(approach, A.AWAY)
        if not self.live:
            self._go_on(Why.AWAY, prefer=person.deputy if person else None)
        self._follow()
        return True

    def due(self) -> list[Approach]:
        """Time has passed: what was planned is sent, what is late reminded of, who stays silent passed over.

        Returns those who are passed over. A reminder and what follows it are never due at the same moment, so nobody is
        passed over unreminded, however long nothing ran.
        """
        silent = []
        for approach in self.live:
            if (moment := moment_of(approach)) is None or moment > self.now:
                continue
            if approach.state == A.PLANNED:
                self._send_planned(approach)
            elif approach.reminded_at is None and approach.contact_id in self.chain.people:
                self._remind(approach)
            else:
                self._end(approach, A.SILENT)
                silent.append(approach)
        if not self.live and self.consultation.ended_at is None:
            self._go_on(Why.NO_ANSWER if silent else Why.AWAY)
        self._follow()
        return silent

    def unanswered(self, approach: Approach | None) -> None:
        """What was read as the answer was none: whoever was told that it is settled is asked again, and the writer."""
        settled_at = self.consultation.ended_at
        self.consultation.state = State.WAITING
        self._reopen()
        for other in self.approaches:
            if other is approach or other.asked_at is None:
                continue
            if other.state == A.SETTLED and other.ended_at == settled_at:
                self._give_time(other)
            elif other.state not in PASSED_OVER:
                continue
            self.sendings.append((Sending.STILL_OPEN, other))
        if approach is not None:
            self._give_time(approach)
        elif not self.live:
            self._go_on(Why.NO_ANSWER)
        self._follow()

    def given_time(self, approach: Approach) -> None:
        """What was read as a need for time or a question back was neither: the contact is simply still asked."""
        if not self.is_settled:
            self._give_time(approach)
            self._follow()

    def not_sent(self, approaches: Iterable[Approach]) -> None:
        """What these were to get has not left the house: their time starts again."""
        for approach in approaches:
            hours = self.chain.hours_of(approach.contact_id, urgent=self.consultation.urgent)
            approach.deadline_at = after(hours, self.now, self.consultation.patience_s)
        self._follow()

    def rested(self) -> None:
        """The ticket is solved or closed: nobody is chased. ``resumed`` when it comes back."""
        self.consultation.next_at = None

    def resumed(self) -> None:
        """The ticket is open again: what was due meanwhile is due now."""
        self._follow()

    def _next(self, prefer: int | None = None) -> Choice | None:
        return self.chain.next(asked=self.asked, now=self.now, urgent=self.consultation.urgent, prefer=prefer)

    def _choice_of(self, contact: int) -> Choice | None:
        return self.chain.choice_of(contact, asked=self.asked, now=self.now, urgent=self.consultation.urgent)

    def _go_on(self, why: Approach.Why, *, prefer: int | None = None) -> None:
        """The next one's turn, or the end of it."""
        if choice := self._next(prefer):
            self._put_to(choice, why)
        else:
            self._close(State.DECLINED if why == Why.DECLINED else State.EXHAUSTED)

    def _put_to(self, choice: Choice, why: Approach.Why) -> None:
        channel, address = choice.candidate.way_untried((), self._told) or choice.candidate.ways[0]
        approach = Approach(
            consultation=self.consultation,
            contact_id=choice.candidate.contact,
            name=choice.candidate.name,
            channel=channel,
            address=address,
            tried=[channel],
            why=Why.MANAGER if choice.manages else why,
            state=A.PLANNED,
            send_at=choice.send_at,
        )
        if self.approaches:
            self.moved_to.append(approach)
        self.approaches.append(approach)
        self._reopen()
        if approach.send_at <= self.now and not self.rests:
            self._ask(approach)

    def _ask(self, approach: Approach) -> None:
        approach.asked_at = self.now
        self._give_time(approach)
        self._question(approach)

    def _question(self, approach: Approach) -> None:
        approach.sent_to = [*approach.sent_to, [approach.channel, approach.address]]
        self.sendings.append((Sending.QUESTION, approach))

    def _give_time(self, approach: Approach) -> None:
        hours = self.chain.hours_of(approach.contact_id, urgent=self.consultation.urgent)
        approach.state, approach.reminded_at, approach.ended_at = A.ASKED, None, None
        approach.deadline_at = after(hours, self.now, self.consultation.patience_s)

    def _remind(self, approach: Approach) -> None:
        """Where the contact is reached today: who has another address by now gets the question there."""
        address = dict(self.chain.people[approach.contact_id or 0].ways).get(approach.channel, approach.address)
        moved, approach.address = address != approach.address, address
        hours = self.chain.hours_of(approach.contact_id, urgent=self.consultation.urgent)
        approach.reminded_at = self.now
        approach.deadline_at = after(hours, self.now, max(1, self.consultation.patience_s // 2))
        if moved:
            self._question(approach)
        else:
            self.sendings.append((Sending.REMINDER, approach))

    def _send_planned(self, approach: Approach) -> None:
        """What was planned is sent, if it still can be: absences and hours may have changed since."""
        person = self.chain.people.get(approach.contact_id or 0)
        if person is None or person.away(self.now):
            self._end(approach, A.AWAY)
        else:
            self._send(approach, person)

    def _send(self, approach: Approach, person: Candidate) -> None:
        """At once if it is urgent or they work now, else when they open; who never opens again is as good as away."""
        opens = self.now if self.consultation.urgent else opening(person.hours, self.now)
        if opens is None:
            self._end(approach, A.AWAY)
        elif opens > self.now or self.rests:
            approach.state, approach.send_at, approach.deadline_at = A.PLANNED, opens, None
        else:
            self._ask(approach)

    def _end(self, approach: Approach, state: Approach.State) -> None:
        approach.state, approach.deadline_at = state, None
        approach.ended_at = approach.ended_at or self.now

    def _close(self, state: State, *, but: Approach | None = None) -> None:
        """The one outcome; whoever may still be thinking about it is told, unless nobody is spared anything by it."""
        if state in (State.ANSWERED, State.WITHDRAWN):
            for approach in self.approaches:
                if approach is not but and approach.state in _MAY_STILL_ANSWER and approach.asked_at is not None:
                    self.sendings.append((Sending.SETTLED, approach))
        for approach in self.live:
            self._end(approach, A.SETTLED)
        self.consultation.state, self.consultation.ended_at, self.consultation.next_at = state, self.now, None
        self.consultation.to_review |= state in (State.DECLINED, State.EXHAUSTED) and not self.rests
        self.outcome = state

    def _reopen(self) -> None:
        """Nobody had answered, or the answer was none: the question is open again."""
        if self.consultation.ended_at is not None:
            hours = self.chain.hours_of(None, urgent=self.consultation.urgent)
            self.consultation.ended_at, self.consultation.to_review = None, False
            self.consultation.due_at = after(hours, self.now, self.consultation.patience_s)
            self.reopened = True

    def _follow(self) -> None:
        """State and next moment as the approaches have them, unless it has ended."""
        live = self.live
        if live:
            self._reopen()
            states = {approach.state for approach in live}
            if A.ASKED_BACK in states:
                self.consultation.state = State.ASKED_BACK
            elif states == {A.NEEDS_TIME}:
                self.consultation.state = State.NEEDS_TIME
            else:
                self.consultation.state = State.WAITING
            moments = [moment for approach in live if (moment := moment_of(approach)) is not None]
            self.consultation.next_at = None if self.rests else min(moments, default=None)


def moment_of(approach: Approach) -> datetime | None:
    """When something is to be done about an approach that runs."""
    return approach.send_at if approach.state == A.PLANNED else approach.deadline_at
