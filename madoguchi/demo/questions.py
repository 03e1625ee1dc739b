"""A question to a department in the history: asked, passed on, answered; as the acts write it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from madoguchi.consultations.models import Approach, Consultation, Remark, State, new_nonce
from madoguchi.demo.departments import Expert, Matter
from madoguchi.demo.ledger import SYSTEM
from madoguchi.demo.moves import Life
from madoguchi.demo.world import Member, Who, working_time

_PATIENCE_S = 4 * 3600
_A = Approach.State
_WHY = {None: "first", _A.DECLINED: "declined"}
_OUTCOMES = {_A.ANSWERED: State.ANSWERED, _A.DECLINED: State.DECLINED, _A.SILENT: State.EXHAUSTED}


@dataclass(frozen=True)
class _Turn:
    expert: Expert
    state: Approach.State
    start: datetime
    end: datetime


def ask(life: Life, matter: Matter, random: Random, at: datetime, by: Member) -> datetime | None:
    """The question from the first contact to its answer, and when that came; None: it would not be over by now.

    Asked at ``at``, while the ticket waits for the department.
    """
    turns = _turns(matter, random, at)
    end = turns[-1].end
    if end > life.desk.now:
        return None
    question, answer = random.choice(matter.asks)
    outcome = _OUTCOMES[turns[-1].state]
    consultation = life.desk.tables[Consultation].new_id()
    due_at = at + timedelta(seconds=_PATIENCE_S)
    told: dict[str, Any] = {
        "consultation": consultation,
        "department": matter.department_name,
        "team_id": life.row["holder_team_id"],
        "due_at": due_at.isoformat(),
        "state": State.WAITING.value,
    }
    about = (
        ("consultation", consultation),
        ("department", matter.department),
        ("team", life.row["holder_team_id"]),
        ("team", life.team),
        ("staff", life.row["assignee_id"]),
        ("staff", by.id),
    )

    def say(moment: datetime, kind: str, who: Who, **more: Any) -> None:
        ledger, subjects = life.desk.ledger, [life.subject, *about]
        ledger.record(moment, f"consultation.{kind}", by=who, about=subjects, data=told | more)

    approaches, remarks = life.desk.tables[Approach], life.desk.tables[Remark]
    winner: int | None = None
    for place, turn in enumerate(turns):
        before = turns[place - 1].state if place else None
        why = "manager" if turn.expert == matter.manager else _WHY.get(before, "no_answer")
        approach = approaches.new_id()
        contact = {
            "approach": approach,
            "contact": turn.expert.name,
            "contact_id": turn.expert.id,
            "channel": "mail",
            "why": why,
            "send_at": turn.start.isoformat(),
        }
        if before is None:
            say(at, "asked", by.who, **contact, question=question, topic=matter.topic_name, urgent=False)
            life.wait(at + timedelta(seconds=1), "department", by)
        else:
            say(turn.start, "moved_on", SYSTEM, **contact, reopened=False)
        approaches.add(
            id=approach,
            consultation_id=consultation,
            contact_id=turn.expert.id,
            name=turn.expert.name,
            channel="mail",
            address=turn.expert.email,
            tried=["mail"],
            sent_to=[["mail", turn.expert.email]],
            why=why,
            state=turn.state.value,
            send_at=turn.start,
            asked_at=turn.start,
            reminded_at=turn.start + timedelta(seconds=_PATIENCE_S) if turn.state == _A.SILENT else None,
            ended_at=turn.end,
            nonce=new_nonce(),
        )
        common: dict[str, Any] = {"consultation_id": consultation, "approach_id": approach}
        remarks.add(**common, kind="question", author_name=by.name, staff_id=by.id, body=question, at=turn.start)
        is_last = place == len(turns) - 1
        if is_last:
            told["state"] = outcome.value
        said = {_A.ANSWERED: ("answer", answer), _A.DECLINED: ("decline", "担当が違います。")}.get(turn.state)
        if said is not None:
            kind, body = said
            remark = remarks.add(**common, kind=kind, author_name=turn.expert.name, body=body, at=turn.end)
            who: Who = ("contact", turn.expert.id, turn.expert.name)
            if turn.state == _A.ANSWERED:
                winner = remark
                say(turn.end, "answered", who, **contact, remark=remark, name=turn.expert.name, text=answer)
            else:
                more = {"named": None, "late": False, "ended": is_last}
                say(turn.end, "declined", who, **contact, remark=remark, text=body, **more)
    if outcome == State.EXHAUSTED:
        say(end, "exhausted", SYSTEM)
    life.desk.tables[Consultation].add(
        id=consultation,
        ticket_id=life.id,
        department_id=matter.department,
        topic_id=matter.topic,
        question=question,
        state=outcome.value,
        asked_by_id=by.id,
        team_id=life.row["holder_team_id"],
        asked_at=at,
        due_at=due_at,
        patience_s=_PATIENCE_S,
        ended_at=end,
        answer_id=winner,
    )
    life.go_on(end + timedelta(seconds=1), by)
    return end + timedelta(seconds=2)


def _turns(matter: Matter, random: Random, at: datetime) -> list[_Turn]:
    """Who is asked when and what they do, until somebody answers or nobody is left."""
    turns: list[_Turn] = []
    start = at
    for expert in (*matter.experts, *([matter.manager] if matter.manager else [])):
        chance = random.random()
        if chance < expert.answers:
            state, minutes = _A.ANSWERED, random.expovariate(1 / expert.minutes) + 4
        elif chance < expert.answers + expert.declines:
            state, minutes = _A.DECLINED, random.expovariate(1 / 30) + 2
        else:
            state, minutes = _A.SILENT, 1.5 * _PATIENCE_S / 60
        end = working_time(start, minutes, random)
        turns.append(_Turn(expert, state, start, end))
        if state == _A.ANSWERED:
            break
        start = end
    return turns
