"""What a browser may ask to hear: ``ticket:12``, ``staff:4``, or ``*:handoff`` for all entries of one first word."""

import re
from dataclasses import dataclass

from madoguchi.journal.tail import Tailed

MOST = 500
_WRITTEN = re.compile(r"(?P<kind>[a-z_]{1,24}):(?P<ref>[0-9]{1,18})|\*:(?P<word>[a-z_]{1,64})", re.ASCII)


@dataclass(frozen=True)
class Topic:
    """One subject (``kind`` and ``ref``) or, when ``ref`` is None, all entries whose kind begins with ``kind``."""

    written: str
    kind: str
    ref: int | None


def parse(written: str) -> tuple[list[Topic], list[str]]:
    """The topics of a comma-separated list, each once, and the texts that are none or are too many."""
    topics: list[Topic] = []
    refused: list[str] = []
    for text in dict.fromkeys(part for part in written.split(",") if part):
        match = _WRITTEN.fullmatch(text)
        if match is None or len(topics) == MOST:
            refused.append(text[:100])
        elif match["word"]:
            topics.append(Topic(text, match["word"], None))
        else:
            topics.append(Topic(text, match["kind"], int(match["ref"])))
    return topics, refused


def topics_of(entry: Tailed) -> list[str]:
    """Everything an entry rings."""
    return [f"{kind}:{ref}" for kind, ref in entry.subjects] + [f"*:{entry.kind.partition('.')[0]}"]
