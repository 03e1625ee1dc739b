"""The second line of the demo: accepts what is offered to its team, sometimes sends it back, works on it, answers."""

import time
from typing import Any

from madoguchi.demo import cases
from madoguchi.demo.actors import Actor, Stage, solution

_MOST_AT_ONCE = 6


class Engineer(Actor):
    """One engineer of a team. ``work`` are the tickets in hand: when to go on, which step comes, and the words."""

    def __init__(self, stage: Stage, seed: int, login: str, team: str) -> None:
        super().__init__(stage, seed)
        self.door, self.team = stage.doors[login], team
        self.seen: dict[int, float] = {}
        self.work: list[tuple[float, int, str, cases.Text]] = []

    def turn(self) -> float:
        self._inbox()
        now = time.monotonic()
        due = [job for job in self.work if job[0] <= now]
        for job in due[:1]:
            self.work.remove(job)
            self._go_on(*job[1:])
        return self.random.uniform(4.0, 7.0)

    def _inbox(self) -> None:
        """An offer lies some seconds before somebody looks at it."""
        found = self.door.get("/handoffs", state="offered", to_team=self.team, limit=10)
        now = time.monotonic()
        for offer in (found or {}).get("items", ()):
            look_at = self.seen.setdefault(offer["id"], now + self.random.uniform(8, 35))
            if now >= look_at and len(self.work) < _MOST_AT_ONCE:
                self._decide(offer)
                return

    def _decide(self, offer: dict[str, Any]) -> None:
        self.seen.pop(offer["id"], None)
        if self.random.random() < 0.12:
            why = {"reason": "first_line_can_solve", "note": "FAQに手順があります。まず一次で案内をお願いします。"}
            self.door.post(f"/handoffs/{offer['id']}/return", why)
        elif self.door.post(f"/handoffs/{offer['id']}/accept", {}) is not None:
            self._plan(offer["ticket"], 0, self._words(offer["ticket"]))

    def _words(self, number: str) -> cases.Text:
        ticket = self.door.get(f"/tickets/{number}") or {}
        fitting = [case for case in cases.all_cases()[0] if case.category == ticket.get("category")]
        case = self.random.choice(fitting) if fitting else None
        return self.text(self.random.choice(self.stage.callers), case)

    def _plan(self, number: str, step: int, text: cases.Text) -> None:
        self.work.append((time.monotonic() + self.random.uniform(15, 60), step, number, text))

    def _go_on(self, step: int, number: str, text: cases.Text) -> None:
        if step == 0:
            self.door.post(f"/tickets/{number}/messages", {"body": text.one_of("notes"), "visibility": "internal"})
            if self.random.random() < 0.2:
                waiting_for = self.random.choice(("requester", "vendor"))
                self.door.post(f"/tickets/{number}/wait", {"waiting_for": waiting_for})
                return
        elif step == 1:
            body = f"調査が完了しましたのでご報告いたします。\n\n{text.answer()}"
            self.door.post(f"/tickets/{number}/messages", {"body": body, "visibility": "public"})
        else:
            self.door.post(f"/tickets/{number}/resolve", solution(text))
            return
        self._plan(number, step + 1, text)
