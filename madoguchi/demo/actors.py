"""What all of the demo's traffic has in common: a loop that ends at once when told to, and customers to speak for."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import Any

from madoguchi.demo import cases, source
from madoguchi.demo.client import Door, log


@dataclass(frozen=True)
class Caller:
    """A customer's person as the demo knows them: from the data file, not from the database."""

    name: str
    family: str
    given: str
    organization: str
    email: str
    mobile: str
    number: str

    @property
    def requester(self) -> dict[str, str]:
        """How the API is told who it is; what is not known is left out."""
        known = {"name": self.name, "email": self.email, "phone": self.mobile}
        return {key: value for key, value in known.items() if value}


@dataclass
class Stage:
    """The running desk: its doors by login, when it ends, how fast time goes."""

    doors: dict[str, Door]
    stop: threading.Event
    speed: float
    smtp: tuple[str, int]
    address: str
    callers: list[Caller] = field(default_factory=list)
    destinations: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = {row["key"]: row for row in source.table("catalogue")["categories"]}
        for key, row in rows.items():
            node = row
            while "destination" not in node and "parent" in node:
                node = rows[node["parent"]]
            self.destinations[key] = node.get("destination", "")
        for customer in source.table("customers")["customers"]:
            for family, given, _, _, _, mobile, mail in customer["people"]:
                if mobile or mail:
                    address = f"{mail}@{customer['slug']}.example" if mail else ""
                    number = mobile or customer["main_number"]
                    self.callers.append(
                        Caller(f"{family} {given}", family, given, customer["name"], address, mobile, number)
                    )


class Actor(ABC, threading.Thread):
    """One thread of the traffic. ``turn`` does one thing and returns how many seconds to rest."""

    def __init__(self, stage: Stage, seed: int) -> None:
        super().__init__(name=f"{type(self).__name__}-{seed}", daemon=True)
        self.stage, self.random = stage, Random(seed)

    def run(self) -> None:
        while not self.stage.stop.is_set():
            try:
                pause = self.turn()
            except Exception:  # noqa: BLE001  one bad turn must not end the traffic
                log.exception("%s stumbles and goes on", self.name)
                pause = 5.0
            self.stage.stop.wait(max(0.05, pause))

    @abstractmethod
    def turn(self) -> float: ...

    def text(self, caller: Caller, case: cases.Case | None = None) -> cases.Text:
        """New words for an inquiry of this caller."""
        filled = {"org": caller.organization, "family": caller.family, "given": caller.given}
        return cases.Text(self.random, case or cases.choose(self.random), filled)


def solution(text: cases.Text) -> dict[str, Any]:
    """The body of a resolve: with the article, or why there was none."""
    if text.case.article and text.random.random() < 0.85:
        return {"resolution": text.answer(), "article": text.case.article}
    return {"resolution": text.answer(), "no_article_reason": text.one_of("no_article")}
