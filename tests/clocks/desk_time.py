"""A week at the desk for the tests of clocks: 9–12 and 13–17:30 in Tokyo, one holiday, and what is promised."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from madoguchi.calendars.working_time import ALWAYS, Period, Version, WorkingTime
from madoguchi.clocks.function import read
from madoguchi.clocks.history import Row, facts_of
from madoguchi.clocks.life import Circumstances
from madoguchi.clocks.reading import DUE, Kind, Policy, Reading

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, MINUTE = 3600, 60
_DAY = (Period(9 * HOUR, 12 * HOUR), Period(13 * HOUR, 17 * HOUR + 30 * MINUTE))
DESK = WorkingTime(
    TOKYO,
    (Version(date(2020, 1, 1), (*(_DAY,) * 5, (), ()), holidays=True),),
    holidays=lambda year: {date(2026, 10, 12): "スポーツの日"} if year == 2026 else {},
)
ROUND_THE_CLOCK = ALWAYS
CALL_CENTRE, SERVICE_DESK, NETWORK = 1, 2, 3
TICKET = 7


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0, month: int = 10) -> datetime:
    """A moment of October 2026 in Tokyo; the 2nd is a Friday."""
    return datetime(2026, month, day, hour, minute, second, tzinfo=TOKYO)


class Hand:
    """The time of the desk, moved by hand: what ``timezone.now`` says."""

    def __init__(self) -> None:
        self.now = at(1, 9, 0)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Promises:
    """A book that asks for kind, priority and team only: the most specific promise made wins."""

    made: dict[tuple[Kind, str | None, int | None], Policy] = field(default_factory=dict)

    def promise(
        self, kind: Kind, hours: float, *, priority: str | None = None, team: int | None = None, **more: Any
    ) -> None:
        policy = Policy(len(self.made) + 1, kind, int(hours * HOUR), more.pop("calendar", DESK))
        self.made[kind, priority, team] = replace(policy, **more)

    def choose(
        self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None
    ) -> Policy | None:
        for priority in (now.priority, None):
            for team in (now.team, None):
                if found := self.made.get((kind, priority, team)):
                    return found
        return None

    def hours_of(self, team: int, at: datetime) -> WorkingTime:
        return ROUND_THE_CLOCK if team == NETWORK else DESK


@dataclass
class Story:
    """The journal of one ticket, told entry by entry."""

    book: Promises
    rows: list[Row] = field(default_factory=list)

    def tell(self, kind: str, moment: datetime, /, **data: Any) -> "Story":
        self.rows.append((len(self.rows) + 1, kind, moment, data))
        return self

    def opened(
        self, moment: datetime, *, team: int = CALL_CENTRE, priority: str = "normal", spoken: bool = False
    ) -> "Story":
        return self.tell(
            "ticket.opened", moment, team=team, category_id=None, priority=priority, service_class="", spoken=spoken
        )

    def priority(self, moment: datetime, priority: str) -> "Story":
        return self.tell("ticket.changed", moment, clocks={"priority": priority})

    def waits(self, moment: datetime, whom: str = "requester", until: datetime | None = None) -> "Story":
        return self.tell("ticket.waiting", moment, **{"for": whom, "until": until.isoformat() if until else None})

    def goes_on(self, moment: datetime) -> "Story":
        return self.tell("ticket.went_on", moment)

    def answered(self, moment: datetime, delivery: str = "mail", visibility: str = "public") -> "Story":
        return self.tell("message.posted", moment, message=1, visibility=visibility, delivery=delivery)

    def written(self, moment: datetime) -> "Story":
        return self.tell("message.received", moment, message=1)

    def offered(self, moment: datetime, handoff: int, to: int) -> "Story":
        return self.tell("handoff.offered", moment, handoff=handoff, to_id=to)

    def accepted(self, moment: datetime, handoff: int, to: int) -> "Story":
        return self.tell("handoff.accepted", moment, handoff=handoff, to_id=to)

    def returned(self, moment: datetime, handoff: int, to: int, *, after: bool) -> "Story":
        return self.tell("handoff.returned", moment, handoff=handoff, to_id=to, after_acceptance=after)

    def demanded(
        self,
        moment: datetime,
        minutes: int,
        kind: Kind = Kind.NEXT_UPDATE,
        *,
        working: bool = True,
        team: int = CALL_CENTRE,
        text: str = "",
    ) -> "Story":
        target = {"clock": kind.value, "target_s": minutes * MINUTE, "working": working, "team": team}
        rule = {"rule": 5, "names": {"ja": "規則", "en": "Rule"}, "text": text}
        return self.tell("clock.started", moment, **target, **rule)

    def swept(self, moment: datetime) -> "Story":
        """The sweep passes: what clocks have reached by then is told."""
        for reading in read(facts_of(self.rows, TICKET), self.book):
            for percent in (*reading.policy.warn_at, DUE):
                reached = reading.mark(percent)
                if reached is not None and reached < moment:
                    told = {"clock": reading.kind.value, "subject": reading.subject, "target": reading.target}
                    self.tell("clock.breached" if percent == DUE else "clock.warned", moment, percent=percent, **told)
        return self

    def resolved(self, moment: datetime) -> "Story":
        return self.tell("ticket.resolved", moment)

    def reopened(self, moment: datetime) -> "Story":
        return self.tell("ticket.reopened", moment)

    def clocks(self, kind: Kind) -> list[Reading]:
        return [reading for reading in read(facts_of(self.rows, TICKET), self.book) if reading.kind is kind]

    def clock(self, kind: Kind) -> Reading:
        """The only clock of this kind."""
        (reading,) = self.clocks(kind)
        return reading
