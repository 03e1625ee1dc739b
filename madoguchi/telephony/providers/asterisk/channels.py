"""What is known of the channels of an Asterisk while its events go by: whose they are, which call, which bridge."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self

type Moment = tuple[float, float]


@dataclass
class Kept:
    """Something that is remembered as JSON: what is as it was at first is left out."""

    def to_json(self) -> dict[str, Any]:
        said = {part.name: getattr(self, part.name) for part in fields(self)}
        return {name: value for name, value in said.items() if value not in ("", 0, None, False, [], {})}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        return cls(**saved)


@dataclass
class Leg(Kept):
    """One channel. ``agent`` is our extension, None for the outside; ``half`` is 1 or 2 of a Local channel, else 0.

    ``dialled`` is what it asked for at first, ``exten`` where it is now and ``exten_before`` before this message.
    Moments are a time of the PBX and ours of receipt: ``going`` since it was asked to hang up, ``left`` since it left
    a bridge, ``moved`` since its Linkedid became ``linked``.
    """

    uniqueid: str
    channel: str
    call: str
    linked: str
    agent: str | None = None
    half: int = 0
    state: str = ""
    bridge: str = ""
    number: str = ""
    dialled: str = ""
    exten: str = ""
    exten_before: str = ""
    cause: str = ""
    heard: float = 0.0
    held: bool = False
    music: bool = False
    retrieved: float = 0.0
    rung: bool = False
    recorded: bool = False
    recording: str = ""
    going: list[float] | None = None
    left: list[float] | None = None
    moved: list[float] | None = None


@dataclass
class Line(Kept):
    """One call as the translation follows it.

    ``every``: all its channels so far, ``legs``: those that live. ``joined``: agent → since when with the customer (0:
    nobody knows). ``ringing``: agent → leg. ``connected``: agent → leg, when the PBX said that it would bridge them.
    ``results``: leg → what was told of its offer. ``doubts``: what was told to be incomplete.
    ``gap``: the line was cut while it ran (``before_gap``: who spoke then) and it was not looked at since, ``gapped``
    ever. ``lossy``: messages of it are missing that should have been heard. ``menu``: ``in``, or ``told`` when a choice
    was heard. ``talk_guessed``: ``talking_since`` is only when they were found in talk after a cut. ``withheld``: the
    caller's number may not be shown.
    """

    call: str
    first: str
    direction: str = ""
    begun: bool = False
    lossy: bool = False
    legs: list[str] = field(default_factory=list)
    every: list[str] = field(default_factory=list)
    joined: dict[str, float] = field(default_factory=dict)
    ringing: dict[str, str] = field(default_factory=dict)
    connected: dict[str, list[Any]] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    queue: str = ""
    left_queue: float = 0.0
    left_reason: str = ""
    answered: bool = False
    answered_at: float = 0.0
    talking_since: float = 0.0
    talk_guessed: bool = False
    talked_until: float = 0.0
    agents: int = 0
    leaver: str = ""
    abandoning: bool = False
    cancelled: bool = False
    hung_up_by: str = ""
    ordered: bool = False
    reason: str = ""
    cause: str = ""
    request: str = ""
    picked_up: bool = False
    reached: bool = False
    called: str = ""
    consultation_of: str = ""
    menu: str = ""
    transferred: float = 0.0
    parked: str = ""
    gap: bool = False
    before_gap: list[str] = field(default_factory=list)
    gapped: bool = False
    withheld: bool = False

    @property
    def is_feature(self) -> bool:
        """Begun by a feature code (call pick-up): no call of its own."""
        return self.called.startswith("*")


def others(legs: Iterable[Leg], leg: Leg) -> list[Leg]:
    return [other for other in legs if other is not leg]
