"""The life of one ticket, step by step, each written as the act of the same name would have written it then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from madoguchi.demo.bulk import Tables
from madoguchi.demo.ledger import Ledger, Subject
from madoguchi.demo.world import ZONE, Customer, Member, Topic, Who, World
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.models import SPOKEN, CallBack, Interaction
from madoguchi.knowledge.models import ArticleText
from madoguchi.knowledge.terms import text_terms
from madoguchi.search.models import Pending
from madoguchi.tickets.models import Message, Ticket, TicketInteraction, shown


class NotYetError(Exception):
    """The story has reached the present: what comes next has not happened yet."""


@dataclass
class Desk:
    """Where a history is written: the rows, the journal, the people, and the moment at which it ends."""

    tables: Tables
    ledger: Ledger
    world: World
    now: datetime
    detail: Callable[[int], str] | None = None  # a line more in the first text of a ticket

    def until_now(self, at: datetime) -> datetime:
        """``at`` itself; raises NotYetError when it lies ahead."""
        if at > self.now:
            raise NotYetError
        return at


class TicketLife:
    """A ticket in the making. The methods are the acts; ``finish`` writes the row as it stands in the end."""

    def __init__(
        self,
        desk: Desk,
        *,
        at: datetime,
        subject: str,
        body: str,
        channel: str,
        by: Who,
        topic: Topic,
        requester: Customer,
        details: dict[str, Any],
        priority: str = "normal",
        front: int | None = None,
        contact: dict[str, Any] | None = None,
        message_fields: dict[str, Any] | None = None,
    ) -> None:
        """Raise the ticket (``open_ticket``); ``contact`` are the values of its interaction's row, which is linked."""
        self.desk, self.topic, self.requester = desk, topic, requester
        self.id = desk.tables[Ticket].new_id()
        self.team = front or desk.world.front
        staff = by[1] if by[0] == "staff" else None
        contract = requester.contract_on(at.astimezone(ZONE).date())
        lacking = _not_entitled(requester, topic, at)
        self.row: dict[str, Any] = {
            "id": self.id,
            "subject": subject,
            "channel": channel,
            "category_id": topic.id,
            "priority": priority,
            "requester_id": requester.id,
            "organization_id": requester.organization,
            "contract_id": contract.id if contract else None,
            "not_entitled": lacking,
            "details": details,
            "front_team_id": self.team,
            "front_staff_id": staff,
            "holder_team_id": self.team,
            "opened_at": at,
            "updated_at": at,
            "status": "new",
            "moves": 0,
            "version": 1,
            "assignee_id": None,
        }
        self.contacts: list[dict[str, Any]] = []
        self.handoffs: list[dict[str, Any]] = []
        self.call_backs: list[dict[str, Any]] = []
        self.learned: dict[str, Any] | None = None
        if desk.detail is not None:
            body = f"{body}\n{desk.detail(self.id)}"
        self.words = f"{subject}\n{body}"
        message = self._message(
            at,
            body,
            "public",
            person_id=requester.id,
            author_name=requester.name,
            from_requester=True,
            **(message_fields or {}),
        )
        if contact is not None:
            self.link(at, contact, by=by, at_opening=True)
        desk.ledger.record(
            at,
            "ticket.opened",
            by=by,
            about=[
                self.subject,
                ("team", self.team),
                ("person", requester.id),
                ("interaction", contact["id"]) if contact else None,
                ("staff", staff),
            ],
            data={
                "subject": subject,
                "channel": channel,
                "message": message,
                "category": topic.key,
                "category_id": topic.id,
                "priority": priority,
                "team": self.team,
                "service_class": contract.service_class if contract else "",
                "spoken": staff is not None and channel in SPOKEN,
                "not_entitled": lacking,
                "details": details,
                "requester": requester.id,
            },
        )

    @property
    def subject(self) -> Subject:
        return ("ticket", self.id)

    @property
    def number_shown(self) -> str:
        return shown(self.id)

    def link(self, at: datetime, contact: dict[str, Any], *, by: Who, at_opening: bool = False) -> None:
        """``link_interaction``: the contact belongs to this ticket and is settled."""
        self.desk.tables[TicketInteraction].add(ticket_id=self.id, interaction_id=contact["id"], linked_at=at)
        contact["state"] = "linked"
        if contact.get("person_id") is None:
            contact["person_id"], contact["organization_id"] = self.requester.id, self.requester.organization
        self.contacts.append(contact)
        self._record(
            at,
            "interaction.linked",
            by,
            ("interaction", contact["id"]),
            ("call", contact.get("call_id")),
            ("staff", contact.get("staff_id")),
            ("team", self.row["holder_team_id"]),
            data={
                "channel": contact["channel"],
                "spoken": _is_spoken(contact) and not at_opening,
                **({"call": contact["call_id"]} if contact.get("call_id") else {}),
            },
        )

    def note(self, at: datetime, body: str, by: Member) -> None:
        """``post_message`` for colleagues."""
        self.desk.until_now(at)
        message = self._message(at, body, "internal", staff_id=by.id, team_id=self._team_of(by), author_name=by.name)
        self._save(at)
        self._posted(at, message, by, "internal", "none")

    def answer(
        self,
        at: datetime,
        body: str,
        by: Member,
        *,
        said_in: int | None = None,
        delivery: str = "none",
        outgoing: int | None = None,
    ) -> int:
        """``post_message`` to the requester: said aloud in a contact, by mail, or ready for a call-back. Its id."""
        self.desk.until_now(at)
        message = self._message(
            at,
            body,
            "public",
            staff_id=by.id,
            team_id=self._team_of(by),
            author_name=by.name,
            delivery=delivery,
            outgoing_id=outgoing,
        )
        self._save(at, status="open" if self.row["status"] == "new" else self.row["status"])
        self._posted(at, message, by, "public", delivery, said_in)
        return message

    def receive(self, at: datetime, body: str, contact: dict[str, Any], incoming: int | None) -> None:
        """The requester wrote into the thread: a resolved ticket opens again, a waiting one goes on."""
        who = self.requester.who
        message = self._message(
            at,
            body,
            "public",
            person_id=self.requester.id,
            author_name=self.requester.name,
            from_requester=True,
            incoming_id=incoming,
        )
        if self.row["status"] == "resolved":
            self.reopen(at, by=who)
        elif self.row["status"] == "waiting" and self.row["waiting_for"] == "requester":
            self._save(at, status="open", waiting_for="", waiting_until=None)
        else:
            self._save(at)
        self.link(at, contact, by=who)
        self._record(
            at, "message.received", who, *self._everybody(), ("interaction", contact["id"]), data={"message": message}
        )

    def wait(self, at: datetime, waiting_for: str, by: Member, *, until: datetime | None = None) -> None:
        self._save(self.desk.until_now(at), status="waiting", waiting_for=waiting_for, waiting_until=until)
        self._record(
            at,
            "ticket.waiting",
            by.who,
            ("team", self.row["holder_team_id"]),
            data={"for": waiting_for, "until": until.isoformat() if until else None},
        )

    def go_on(self, at: datetime, by: Member) -> None:
        self._save(self.desk.until_now(at), status="open", waiting_for="", waiting_until=None)
        self._record(at, "ticket.went_on", by.who, ("team", self.row["holder_team_id"]))

    def resolve(
        self,
        at: datetime,
        resolution: str,
        by: Member,
        *,
        article: tuple[int, str] | None,
        why_none: str,
        said_in: int | None = None,
    ) -> None:
        self.desk.until_now(at)
        holder = self.row["holder_team_id"]
        first = self.row["moves"] == 0 and holder in (self.desk.world.front, self.desk.world.partner)
        self._save(
            at,
            status="resolved",
            waiting_for="",
            waiting_until=None,
            resolved_at=at,
            resolved_by_team_id=holder,
            resolved_at_first_line=first,
            resolution=resolution,
            article_id=article[0] if article else None,
            no_article_reason="" if article else why_none,
        )
        if article:
            self.learned = {
                "article_id": article[0],
                "source": f"ticket:{self.id}",
                "text": self.words,
                "learned_at": at,
            }
            self._about_article(at, "article.learned", by.who, article[0])
        self._record(
            at,
            "ticket.resolved",
            by.who,
            ("team", holder),
            ("team", self.team),
            ("staff", self.row["assignee_id"]),
            ("article", article[0] if article else None),
            ("interaction", said_in),
            data={
                "resolution": resolution,
                "article": article[1] if article else None,
                "knowledge": "known" if article else "",
                "no_article_reason": self.row["no_article_reason"],
                "first_line": first,
            },
        )

    def close(self, at: datetime, by: Who) -> None:
        self._save(self.desk.until_now(at), status="closed", closed_at=at)
        self._record(at, "ticket.closed", by, ("team", self.row["holder_team_id"]), ("team", self.team))

    def reopen(self, at: datetime, *, by: Who, reason: str = "") -> None:
        self.desk.until_now(at)
        if self.learned:
            self._about_article(at, "article.unlearned", by, self.learned["article_id"])
            self.learned = None
        self._save(
            at,
            status="open",
            article_id=None,
            resolved_at=None,
            closed_at=None,
            resolved_by_team_id=None,
            resolved_at_first_line=False,
        )
        data = {"reason": reason, "assignee": self.row["assignee_id"]}
        self._record(at, "ticket.reopened", by, *self._everybody(), data=data)

    def finish(self) -> None:
        """Write the ticket and what changed along with it, as they stand now."""
        tables = self.desk.tables
        tables[Ticket].add(**self.row)
        for contact in self.contacts:
            tables[Interaction].add(**contact)
        for handoff in self.handoffs:
            tables[Handoff].add(**handoff)
        for call_back in self.call_backs:
            tables[CallBack].add(**call_back)
        if self.learned:
            tables[ArticleText].add(**self.learned, terms=text_terms(self.words))
        tables[Pending].add(kind="ticket", ref=self.id)

    def _about_article(self, at: datetime, kind: str, by: Who, article: int) -> None:
        self.desk.ledger.record(at, kind, by=by, about=[("article", article)], data={"source": f"ticket:{self.id}"})

    def _save(self, at: datetime, **changes: Any) -> None:
        self.row |= changes
        self.row["updated_at"] = at
        self.row["version"] += 1

    def _message(self, at: datetime, body: str, visibility: str, **fields: Any) -> int:
        return self.desk.tables[Message].add(ticket_id=self.id, visibility=visibility, at=at, body=body, **fields)

    def _team_of(self, by: Member) -> int | None:
        return by.team if by.team == self.row["holder_team_id"] else None

    def _everybody(self) -> tuple[Subject, ...]:
        return (("team", self.row["holder_team_id"]), ("team", self.team), ("staff", self.row["assignee_id"]))

    def _posted(
        self, at: datetime, message: int, by: Member, visibility: str, delivery: str, said_in: int | None = None
    ) -> None:
        data = {"message": message, "visibility": visibility, "delivery": delivery}
        self._record(at, "message.posted", by.who, *self._everybody(), ("interaction", said_in), data=data)

    def _record(self, at: datetime, kind: str, by: Who, *about: Subject, data: dict[str, Any] | None = None) -> None:
        self.desk.ledger.record(at, kind, by=by, about=[self.subject, *about], data=data)


def _is_spoken(contact: dict[str, Any]) -> bool:
    return contact["channel"] in SPOKEN and bool(contact.get("staff_id")) and not contact.get("is_abandoned")


def _not_entitled(requester: Customer, topic: Topic, at: datetime) -> bool:
    return requester.organization is not None and not requester.is_covered(topic.service, at.astimezone(ZONE).date())
