"""The figures of the "Anonymous Bank" day straight from the file: nothing of the product, nor of ``bank_day``."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[3] / "shared/data/technion-bank-aug1999/august1999_calls.csv.gz"
_IN_TIME = 20
_SHORT = 5


def lines() -> list[dict[str, str]]:
    """Everything the file says about 1 August 1999, which it calls 2010."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as text:
        return [line for line in csv.DictReader(text) if line["date"] in ("1999-08-01", "2010-08-01")]


def key(line: dict[str, str]) -> str:
    """What names a call: the line and its number there."""
    return line["vru+line"] + "-" + line["call_id"]


def figures(calls: Iterable[dict[str, str]]) -> dict[str, float | None]:
    """As ``GET /reports/calls`` names them. A call that was served at once waited 0 seconds, none less."""
    n: Counter[str] = Counter()
    for call in calls:
        queued, served = call["q_start"] != "0:00:00", call["ser_start"] != "0:00:00"
        if call["outcome"] == "HANG" and queued:
            n["offered"] += 1
            n["abandoned"] += 1
            n["short"] += int(call["q_time"]) < _SHORT
        elif call["outcome"] == "AGENT":
            n["offered"] += 1
            n["answered"] += 1
            # When it was not noted when the service began, the end of the queue says how long they waited.
            answer = _clock(call["ser_start"] if served else call["q_exit"])
            wait = max(0, answer - _clock(call["q_start"])) if queued else 0
            n["in_time"] += wait <= _IN_TIME
            n["wait"] += wait
            n["talks"] += served
            n["talk"] += max(0, int(call["ser_time"])) if served else 0
    return {name: n[name] for name in ("offered", "answered", "abandoned", "short")} | {
        "lost": n["abandoned"] - n["short"],
        "answer_rate": _share(n["answered"], n["offered"] - n["short"]),
        "service_level": _share(n["in_time"], n["offered"] - n["short"]),
        "wait_mean_s": _share(n["wait"], n["answered"], 3),
        "talk_mean_s": _share(n["talk"], n["talks"], 3),
    }


def by_half_hour(calls: Iterable[dict[str, str]]) -> dict[str, dict[str, float | None]]:
    """The figures by the half hour (``08:30``) of arrival; half hours in which nothing was offered are left out."""
    slots: dict[str, list[dict[str, str]]] = {}
    for call in calls:
        entry = _clock(call["vru_entry"])
        slots.setdefault(f"{entry // 3600:02}:{entry % 3600 // 1800 * 30:02}", []).append(call)
    found = {slot: figures(those) for slot, those in slots.items()}
    return {slot: figure for slot, figure in sorted(found.items()) if figure["offered"]}


def differences(told: dict[str, Any], calls: list[dict[str, str]]) -> list[str]:
    """What an answer of ``GET /reports/calls?by=half_hour`` says otherwise than the file."""
    said = {row["key"]: row["figures"] for row in told["items"]} | {"all": told["total"]["figures"]}
    meant = by_half_hour(calls) | {"all": figures(calls)}
    return [
        f"{slot} {name}: {said.get(slot, {}).get(name)} instead of {meant.get(slot, {}).get(name)}"
        for slot in sorted(said.keys() | meant.keys())
        for name in figures([])
        if _far(said.get(slot, {}).get(name), meant.get(slot, {}).get(name))
    ]


def _far(said: float | None, meant: float | None) -> bool:
    return said is not meant and (said is None or meant is None or abs(said - meant) > 0.0015)


def _clock(written: str) -> int:
    hours, minutes, seconds = written.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _share(part: int, whole: int, places: int = 9) -> float | None:
    return round(part / whole, places) if whole else None
