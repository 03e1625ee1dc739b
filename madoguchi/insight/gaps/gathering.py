"""What of the desk's work is evidence of a gap, and what it cost.

A **ticket** is evidence while no article is linked to it, neither by whoever resolved it nor by a return, and it

* was handed over or returned (offers that were recalled are none), or
* was solved with a reason why no article was there, unless it was a single case or no question, or
* was answered by a department.

A **search** on the knowledge page is evidence when nothing it found was opened within an hour. What is typed at the
seat belongs to the contact's ticket and is not counted twice.

**What it cost**, in seconds: of a ticket that was handed over, the working time that it was with other teams than its
front, and that offers of it waited (``clocks.Spent``: in each team's own hours, without the time in which the ticket
waited for the requester); of one that a department answered, the working time from question to answer in the hours of
the team that asked, when that is more; else the talk of its calls. At least a minute, of a search just that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from madoguchi.calendars.queries import working_time
from madoguchi.clocks.models import Kind as Clocked
from madoguchi.clocks.models import Spent
from madoguchi.consultations.models import Consultation
from madoguchi.consultations.models import State as Answer
from madoguchi.handoffs.models import Handoff
from madoguchi.insight.gaps.grouping import words_of
from madoguchi.insight.gaps.models import Evidence
from madoguchi.knowledge.models import Search
from madoguchi.people.models import Membership
from madoguchi.tickets.models import Status, Ticket, TicketInteraction

Sign = Evidence.Sign
SETTLED_AFTER = timedelta(hours=1)
LEAST = 60
_NOT_MISSED = frozenset({"", "one_off", "not_a_question"})


@dataclass(frozen=True)
class Found:
    """What stands in a row of evidence."""

    text: str
    words: list[str]
    signs: list[str]
    at: datetime
    seconds: int
    category: int | None
    team: int | None

    @property
    def only_consulted(self) -> bool:
        """Known by the question to a department alone."""
        return self.signs == [Sign.CONSULTED]


def tickets(refs: Sequence[int]) -> Mapping[int, Found]:
    """The tickets of these that are evidence; five questions to the database, however many they are."""
    rows = list(Ticket.objects.filter(pk__in=refs, article__isnull=True, merged_into__isnull=True))
    ids = [row.pk for row in rows]
    handed: dict[int, list[Handoff]] = {}
    for handoff in Handoff.objects.filter(ticket__in=ids).exclude(state=Handoff.State.RECALLED).order_by("offered_at"):
        handed.setdefault(handoff.ticket_id, []).append(handoff)
    asked: dict[int, list[Consultation]] = {}
    answered = Consultation.objects.filter(ticket__in=ids, state=Answer.ANSWERED, ended_at__isnull=False)
    for question in answered.select_related("team"):
        asked.setdefault(question.ticket_id, []).append(question)
    away = _time_away(rows, handed)
    talked = _talk(ids)
    found: dict[int, Found] = {}
    for row in rows:
        handoffs, questions = handed.get(row.pk, []), asked.get(row.pk, [])
        signs = _signs(row, handoffs, questions)
        words = words_of(row.subject)
        if not signs or not words or any(handoff.article_id for handoff in handoffs):
            continue
        cost = max(away.get(row.pk, 0), _until_answered(questions)) or talked.get(row.pk, 0)
        team = handoffs[0].from_team_id if handoffs else row.front_team_id
        found[row.pk] = Found(
            row.subject[:300], words, signs, row.opened_at, max(LEAST, int(cost)), row.category_id, team
        )
    return found


def searches(refs: Sequence[int]) -> Mapping[int, Found]:
    """The searches of these that are evidence."""
    rows = list(Search.objects.filter(pk__in=refs, is_used=False, ref__isnull=True))
    people = [row.staff_id for row in rows if row.staff_id]
    memberships = Membership.objects.filter(staff__in=people, team__isnull=False).order_by("-pk")
    teams = dict(memberships.values_list("staff", "team"))
    return {
        row.pk: Found(
            row.text[:300],
            words,
            [Sign.NOT_USED if row.found else Sign.NOTHING_FOUND],
            row.begun_at,
            LEAST,
            row.category_id,
            teams.get(row.staff_id or 0),
        )
        for row in rows
        if (words := words_of(row.text))
    }


def _signs(ticket: Ticket, handoffs: Sequence[Handoff], questions: Sequence[Consultation]) -> list[str]:
    solved = ticket.status in {Status.RESOLVED, Status.CLOSED}
    # Who solved it said that nobody needs an article for it.
    if solved and ticket.no_article_reason in {"one_off", "not_a_question"}:
        return []
    signs = {
        Sign.HANDED_OVER: bool(handoffs),
        Sign.RETURNED: any(one.state == Handoff.State.RETURNED for one in handoffs),
        Sign.NO_ARTICLE: solved and ticket.no_article_reason not in _NOT_MISSED,
        Sign.CONSULTED: bool(questions),
    }
    return [str(sign.value) for sign, shown in signs.items() if shown]


def _time_away(rows: Sequence[Ticket], handed: Mapping[int, Sequence[Handoff]]) -> dict[int, int]:
    fronts = {row.pk: row.front_team_id for row in rows if row.pk in handed}
    counted: dict[int, int] = {}
    spent = Spent.objects.filter(Q(kind=Clocked.HOLDING) | Q(kind=Clocked.ACCEPTANCE), ticket__in=list(fronts))
    for ticket, kind, team, worked in spent.values_list("ticket", "kind", "team", "worked_s"):
        if not (kind == Clocked.HOLDING and team == fronts[ticket]):
            counted[ticket] = counted.get(ticket, 0) + worked
    return counted


def _until_answered(questions: Sequence[Consultation]) -> int:
    spans = [
        working_time(one.team.calendar_id).between(one.asked_at, one.ended_at) for one in questions if one.ended_at
    ]
    return max(spans, default=0)


def _talk(ids: Sequence[int]) -> dict[int, int]:
    links = TicketInteraction.objects.filter(ticket__in=ids, interaction__call__talk_s__isnull=False)
    sums = links.order_by().values_list("ticket").annotate(Sum("interaction__call__talk_s"))
    return {ticket: int(talk or 0) for ticket, talk in sums}
