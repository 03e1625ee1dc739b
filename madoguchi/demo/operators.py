"""The first line of the demo: they take calls, raise tickets, solve or hand over, and tidy up what is left over."""

import queue
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from madoguchi.demo import cases
from madoguchi.demo.actors import Actor, Caller, Stage, solution


class Operator(Actor):
    """One of the extensions that the demo plays. A call comes as (call id, caller, seconds of talk)."""

    def __init__(self, stage: Stage, seed: int, login: str) -> None:
        super().__init__(stage, seed)
        self.door = stage.doors[login]
        self.calls: queue.Queue[tuple[str, Caller, float]] = queue.Queue()

    def pick_up(self, call: str, caller: Caller, talk: float) -> None:
        self.calls.put((call, caller, talk))

    def turn(self) -> float:
        """The next call."""
        with suppress(queue.Empty):
            self._talk(*self.calls.get(timeout=1.0))
        return 0.1

    def _talk(self, call: str, caller: Caller, talk: float) -> None:
        began = time.monotonic()
        if self.stage.stop.wait(min(12.0, talk * 0.35)):
            return
        if self.random.random() < 0.07:
            self._dismiss(call)
            return
        text = self.text(caller)
        details = text.details(1.0) | {"callback_number": caller.number}
        ticket = self.door.post(
            "/tickets",
            {
                "subject": text.subject(),
                "body": text.spoken(),
                "category": text.case.category,
                "priority": text.case.priority,
                "channel": "phone",
                "requester": caller.requester,
                "details": {
                    key: value for key, value in details.items() if key in text.case.details or "callback" in key
                },
            },
        )
        if ticket is None:
            return
        if contact := self._contact(call):
            self.door.post(f"/interactions/{contact}/link", {"ticket": ticket["number"]})
        self.stage.stop.wait(max(1.0, talk * 0.8 - (time.monotonic() - began)))
        self._decide(ticket["number"], text, caller)

    def _decide(self, number: str, text: cases.Text, caller: Caller) -> None:
        destination = self.stage.destinations[text.case.category]
        way = self.random.random()
        if not destination or way < text.case.first * 0.85:
            self.door.post(f"/tickets/{number}/resolve", solution(text))
        elif way < text.case.first * 0.85 + 0.06:
            due = (datetime.now(UTC) + timedelta(minutes=self.random.choice((10, 20, 30)))).isoformat()
            promise = {"due_at": due, "number": caller.number, "name": caller.name, "note": text.one_of("notes")}
            self.door.post(f"/tickets/{number}/call-backs", promise)
        else:
            offer_ticket(self, number, destination, text)

    def _dismiss(self, call: str) -> None:
        if contact := self._contact(call):
            reason = self.random.choice(("wrong_number", "sales_call", "passed_on"))
            self.door.post(f"/interactions/{contact}/dismiss", {"reason": reason})

    def _contact(self, call: str) -> int | None:
        """The contact of a call, which the desk knows by its own number."""
        calls = self.door.get("/calls", limit=20)
        row = next((each["id"] for each in (calls or {}).get("items", ()) if each["call_id"] == call), None)
        contacts = self.door.get("/interactions", channel="phone", limit=30) if row else None
        return next((each["id"] for each in (contacts or {}).get("items", ()) if each["call"] == row), None)


class BackOffice(Actor):
    """One operator who answers mail, makes the calls that are owed and settles what the others left."""

    def __init__(self, stage: Stage, seed: int, login: str) -> None:
        super().__init__(stage, seed)
        self.door = stage.doors[login]
        self.taken_back: set[int] = set()

    def turn(self) -> float:
        self._mails()
        self._returned()
        self._call_backs()
        self._unsettled()
        return self.random.uniform(6.0, 11.0)

    def _mails(self) -> None:
        found = self.door.get("/tickets", status="new", channel="mail", team="call-centre", order="newest", limit=5)
        fresh = [row for row in (found or {}).get("items", ()) if _age(row["opened_at"]) > 15]
        for ticket in fresh[:1]:
            text = self._text_for(ticket)
            number = ticket["number"]
            self.door.patch(f"/tickets/{number}", category=text.case.category)
            destination = self.stage.destinations[text.case.category]
            if destination and self.random.random() > text.case.first:
                offer_ticket(self, number, destination, text)
            else:
                body = f"お問い合わせの件、ご案内いたします。\n\n{text.answer()}"
                self.door.post(f"/tickets/{number}/messages", {"body": body, "visibility": "public"})
                if self.random.random() < 0.7:
                    self.door.post(f"/tickets/{number}/resolve", solution(text))

    def _text_for(self, ticket: dict[str, Any]) -> cases.Text:
        """The case whose subject it bears, else any."""
        found = next((case for case in cases.all_cases()[0] if ticket["subject"] in case.subjects), None)
        return self.text(self.random.choice(self.stage.callers), found)

    def _returned(self) -> None:
        """What the second line sent back is solved with the article that it named."""
        found = self.door.get("/handoffs", state="returned", limit=10)
        for row in (found or {}).get("items", ()):
            if row["id"] not in self.taken_back and 20 < _age(row["ended_at"]) < 900:
                self.taken_back.add(row["id"])
                text = self.text(self.random.choice(self.stage.callers))
                why = {
                    "resolution": "差し戻しを受け、記事の手順でご案内して解決。",
                    "no_article_reason": text.one_of("no_article"),
                }
                self.door.post(f"/tickets/{row['ticket']}/resolve", why)
                return

    def _call_backs(self) -> None:
        owed = self.door.get("/call-backs", team="call-centre", limit=3)
        for row in (owed or {}).get("items", ()):
            if _age(row["due_at"]) > -240 and self.random.random() < 0.5:
                self.door.post(f"/call-backs/{row['id']}/done", {"result": "reached"})
                if row.get("ticket"):
                    text = self.text(self.random.choice(self.stage.callers))
                    why = {
                        "resolution": "折り返してご案内し、解決を確認。",
                        "no_article_reason": text.one_of("no_article"),
                    }
                    self.door.post(f"/tickets/{row['ticket']}/resolve", why)
                return

    def _unsettled(self) -> None:
        """Who gave up is called back after a while; what the visitor left alone is settled at last."""
        found = self.door.get("/interactions", state="unsettled", limit=50)
        old = [
            row for row in (found or {}).get("items", ()) if _age(row["ended_at"]) > (70 if row["abandoned"] else 240)
        ]
        for row in old[:1]:
            reason = "called_back" if self.random.random() < 0.8 else "not_reached"
            self.door.post(f"/interactions/{row['id']}/dismiss", {"reason": reason})


def offer_ticket(actor: Operator | BackOffice, number: str, destination: str, text: cases.Text) -> None:
    """Hand over with everything that is asked for; what is still named as missing is added once."""
    offer = {"to_team": destination, "reason": text.reason(), "reason_code": "beyond_knowledge"}
    details = text.details(1.0) | {"callback_number": actor.random.choice(actor.stage.callers).number}
    actor.door.post(f"/tickets/{number}/handoffs", {**offer, "details": _complete(details, text.case.category)})


def _complete(details: dict[str, Any], category: str) -> dict[str, Any]:
    return {**dict.fromkeys(required_items(category), "確認済み"), **details}


def required_items(category: str) -> list[str]:
    """What a category and those above it ask for before a hand-off."""
    rows = {row["key"]: row for row in cases.source.table("catalogue")["categories"]}
    found: list[str] = []
    node: str | None = category
    while node:
        found += [item[0][1:] for item in rows[node].get("items", ()) if item[0].startswith("!")]
        node = rows[node].get("parent")
    return found


def _age(moment: str | None) -> float:
    """Seconds since a moment of the API; before it, negative."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds() if moment else 0.0
