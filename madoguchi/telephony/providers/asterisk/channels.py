"""What is known of the channels of an Asterisk while its events go by: whose they are, which call, which bridge."""

from dataclasses import dataclass, field


@dataclass
class Leg:
    """One channel. ``agent`` is our extension, None for the outside; ``half`` is 1 or 2 of a Local channel, else 0."""

    uniqueid: str
    channel: str
    call: str
    agent: str | None
    half: int = 0
    bridge: str = ""
    number: str = ""
    exten: str = ""
    cause: str = ""
    originated: bool = False


@dataclass
class Line:
    """One call as the translation follows it."""

    call: str
    first: str
    direction: str
    legs: set[str] = field(default_factory=set)
    joined: dict[str, float] = field(default_factory=dict)
    ringing: dict[str, str] = field(default_factory=dict)
    answered: bool = False
    talking_since: float = 0.0
    abandoning: bool = False
    hung_up_by: str = ""
    request: str = ""
    called: str = ""
    consultation_of: str = ""
