"""What moves a ticket and what is owed for it: hand-offs, the supervisor's word, call-backs; as the acts write them."""

from datetime import datetime
from typing import Any

from madoguchi.demo.ledger import Subject
from madoguchi.demo.lives import TicketLife
from madoguchi.demo.world import Member
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.interactions.models import CallBack
from madoguchi.tickets.models import TicketCallBack


class Life(TicketLife):
    """A ticket that can be handed over and owes calls."""

    def offer(
        self, at: datetime, to: int, *, reason: str, code: str, details: dict[str, Any], urgent: str, by: Member
    ) -> None:
        """``handoffs.offer``: with what the category requires, or urgently without."""
        self.desk.until_now(at)
        answers = self.row["details"] | details
        missing = [key for key in self.topic.required if answers.get(key) in (None, "")]
        self.handoffs.append(
            {
                "id": self.desk.tables[Handoff].new_id(),
                "ticket_id": self.id,
                "from_team_id": self.row["holder_team_id"],
                "to_team_id": to,
                "state": "offered",
                "reason": reason,
                "reason_code": code,
                "details": answers,
                "required": list(self.topic.required),
                "missing": missing,
                "urgent_because": urgent if missing else "",
                "offered_by_id": by.id,
                "offered_at": at,
            }
        )
        self._save(at, offered_to_id=to, details=answers)
        self._record_handoff(
            at,
            "handoff.offered",
            by,
            data={
                **self._teams(),
                "reason": reason,
                "reason_code": code,
                "missing": missing,
                "urgent_because": urgent if missing else "",
            },
        )

    def accept(self, at: datetime, by: Member) -> None:
        handoff = self.handoffs[-1]
        handoff |= {"state": "accepted", "accepted_by_id": by.id, "accepted_at": self.desk.until_now(at)}
        self._save(
            at,
            holder_team_id=handoff["to_team_id"],
            assignee_id=by.id,
            offered_to_id=None,
            moves=self.row["moves"] + 1,
            status="open" if self.row["status"] == "new" else self.row["status"],
        )
        data = {**self._teams(), "moves": self.row["moves"], "assignee": by.id}
        self._record_handoff(at, "handoff.accepted", by, ("staff", handoff["offered_by_id"]), data=data)

    def return_(
        self, at: datetime, reason: str, note: str, by: Member, *, article: tuple[int, str] | None = None
    ) -> None:
        handoff = self.handoffs[-1]
        accepted = handoff["state"] == "accepted"
        handoff |= {"state": "returned", "ended_by_id": by.id, "ended_at": self.desk.until_now(at)}
        handoff |= {"return_reason": reason, "return_note": note, "article_id": article[0] if article else None}
        if accepted:
            self._save(at, holder_team_id=handoff["from_team_id"], assignee_id=None, moves=self.row["moves"] + 1)
        else:
            self._save(at, offered_to_id=None)
        self._record_handoff(
            at,
            "handoff.returned",
            by,
            ("staff", handoff["offered_by_id"]),
            data={
                **self._teams(back=True),
                "reason": reason,
                "note": note,
                "article": article[1] if article else None,
                "after_acceptance": accepted,
                "moves": self.row["moves"],
            },
        )

    def freeze(self, at: datetime, by: Member) -> None:
        """The next offer would be the last allowed move: routing waits for a supervisor."""
        self._save(self.desk.until_now(at), frozen_at=at)
        self._record(
            at,
            "ticket.frozen",
            by.who,
            ("team", self.row["holder_team_id"]),
            ("team", self.team),
            data={"moves": self.row["moves"]},
        )

    def decide(self, at: datetime, note: str, by: Member) -> None:
        """The supervisor's word on a frozen ticket: it stays where it is (``decide_routing``)."""
        holder = self.row["holder_team_id"]
        self._save(self.desk.until_now(at), frozen_at=None)
        self.desk.tables[RoutingDecision].add(ticket_id=self.id, kind="keep", note=note, staff_id=by.id, at=at)
        self._record(
            at,
            "routing.decided",
            by.who,
            ("team", holder),
            ("team", self.team),
            data={"kind": "keep", "team": None, "team_id": None, "note": note, "moves": self.row["moves"]},
        )

    def promise(
        self,
        at: datetime,
        due: datetime,
        *,
        reason: str,
        note: str,
        by: Member,
        contact: int | None = None,
        message: int | None = None,
    ) -> dict[str, Any]:
        """A call is owed (``promise_call_back`` and ``track_call_back``)."""
        self.desk.until_now(at)
        row: dict[str, Any] = {
            "id": self.desk.tables[CallBack].new_id(),
            "reason": reason,
            "due_at": due,
            "number": self.requester.number,
            "name": self.requester.name,
            "person_id": self.requester.id,
            "team_id": self.team,
            "staff_id": self.row["front_staff_id"] if reason == "answer_ready" else by.id,
            "interaction_id": contact,
            "note": note,
            "created_at": at,
        }
        self.call_backs.append(row)
        self.desk.tables[TicketCallBack].add(ticket_id=self.id, call_back_id=row["id"], message_id=message)
        self.row["call_back_at"] = due
        self.desk.ledger.record(
            at,
            "call_back.promised",
            by=by.who,
            about=[
                ("callback", row["id"]),
                ("interaction", contact),
                ("person", self.requester.id),
                ("staff", row["staff_id"]),
                ("team", self.team),
            ],
            data={"due_at": due.isoformat(), "number": row["number"], "name": row["name"], "reason": reason},
        )
        self._record(
            at,
            "call_back.tied",
            by.who,
            ("callback", row["id"]),
            data={
                "call_back": row["id"],
                "team": self.team,
                "due_at": due.isoformat() if reason == "promised" else None,
                "shown_at": due.isoformat(),
                "name": row["name"],
            },
        )
        return row

    def called_back(self, at: datetime, row: dict[str, Any], by: Member, *, result: str, outbound: int | None) -> None:
        row |= {"done_at": self.desk.until_now(at), "done_by_id": by.id, "result": result, "outbound_id": outbound}
        self.row["call_back_at"] = None
        self.desk.ledger.record(
            at,
            "call_back.done",
            by=by.who,
            about=[
                ("callback", row["id"]),
                ("interaction", outbound),
                ("person", self.requester.id),
                ("team", self.team),
            ],
            data={"result": result, "call_back": row["id"]},
        )

    def _teams(self, *, back: bool = False) -> dict[str, Any]:
        """Which hand-off, from where to where; ``back``: it returns."""
        handoff, names = self.handoffs[-1], self.desk.world.team_names
        here, there = handoff["from_team_id"], handoff["to_team_id"]
        here, there = (there, here) if back else (here, there)
        return {
            "handoff": handoff["id"],
            "from": names[here],
            "from_id": here,
            "to": names[there],
            "to_id": there,
        }

    def _record_handoff(self, at: datetime, kind: str, by: Member, *about: Subject, data: dict[str, Any]) -> None:
        handoff: dict[str, Any] = self.handoffs[-1]
        teams: list[Subject] = [("team", handoff["from_team_id"]), ("team", handoff["to_team_id"])]
        subjects: list[Subject] = [("handoff", handoff["id"]), self.subject, *teams, *about]
        self.desk.ledger.record(at, kind, by=by.who, about=subjects, data=data)
