"""A script as a picture: its steps below each other, where each leads beside them. Measures are pixels."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from madoguchi.scripts import words
from madoguchi.scripts.definition import ENDS, Branch, Definition

ROW = 46
BOX = 34
WIDTH = 300
LANE = 12
FIRST_LANE = WIDTH + 16
WIDEST = 34  # half-width signs in a box


@dataclass(frozen=True)
class Box:
    """A step; ``y`` is its top."""

    key: str
    kind: str
    number: int
    said: str
    text: str
    y: int
    faulty: bool


@dataclass(frozen=True)
class Line:
    """From one step to another: straight down, or round by a lane at the right. ``path`` is SVG."""

    path: str
    straight: bool


@dataclass(frozen=True)
class Drawing:
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def drawn(definition: Definition, labels: Mapping[str, str], faulty: Collection[str] = ()) -> Drawing:
    """The picture; ``faulty`` are the keys of steps with something wrong."""
    places = {step.key: place for place, step in enumerate(definition.steps)}
    boxes = [
        Box(
            step.key,
            step.kind,
            place + 1,
            str(words.KINDS[step.kind]),
            _clipped(words.short(step, labels)),
            place * ROW,
            step.key in faulty,
        )
        for place, step in enumerate(definition.steps)
    ]
    jumps = []
    lines = []
    for place, step in enumerate(definition.steps):
        for key in [] if isinstance(step, ENDS) else definition.ways(step):
            if key not in places:
                continue
            if places[key] == place + 1:
                lines.append(Line(f"M{WIDTH // 2} {place * ROW + BOX}V{(place + 1) * ROW - 2}", straight=True))
            else:
                jumps.append((place, places[key], isinstance(step, Branch)))
    lanes = _lanes(jumps)
    for (start, end, _branch), lane in zip(jumps, lanes, strict=True):
        x = FIRST_LANE + lane * LANE
        lines.append(
            Line(f"M{WIDTH} {start * ROW + BOX // 2 + 5}H{x}V{end * ROW + BOX // 2 - 5}H{WIDTH + 3}", straight=False)
        )
    width = FIRST_LANE + LANE * (max(lanes, default=-1) + 1)
    return Drawing(boxes, lines, width, max(len(boxes) * ROW - (ROW - BOX), BOX))


def _lanes(jumps: list[tuple[int, int, bool]]) -> list[int]:
    """For each jump the innermost lane in which it meets no other."""
    taken: list[list[tuple[int, int]]] = []
    found = []
    for start, end, _branch in jumps:
        low, high = min(start, end), max(start, end)
        lane = next((nr for nr, spans in enumerate(taken) if all(high <= a or low >= b for a, b in spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found.append(lane)
    return found


def _clipped(text: str) -> str:
    """As much as fits into a box: full-width signs count twice."""
    width = 0
    for place, sign in enumerate(text):
        width += 2 if unicodedata.east_asian_width(sign) in "WFA" else 1
        if width > WIDEST:
            return text[:place] + "…"
    return text
