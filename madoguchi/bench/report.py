"""What was measured, as a table and as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

MILLI = 1000.0


@dataclass(frozen=True)
class Result:
    """One bench at one size on one engine. Times in milliseconds; None where it does not apply.

    ``p50`` and ``p99`` are one at a time, ``busy_*`` with ``at_once`` at a time. ``ratio`` says how many times the
    floor's rate (for wake-ups: its time) the product needs; ``cpu`` is the processor time of one request in the tree.
    """

    bench: str
    engine: str
    tickets: int
    p50: float | None = None
    p99: float | None = None
    at_once: int | None = None
    rate: float | None = None
    busy_p50: float | None = None
    cpu: float | None = None
    floor_rate: float | None = None
    floor_p50: float | None = None
    ratio: float | None = None
    size: int | None = None
    note: str = ""


def percentiles(seconds: Iterable[float]) -> tuple[float, float]:
    """(p50, p99) in milliseconds."""
    values = sorted(seconds)
    if len(values) < 2:
        return (values[0] * MILLI, values[0] * MILLI) if values else (0.0, 0.0)
    cuts = quantiles(values, n=100, method="inclusive")
    return round(cuts[49] * MILLI, 2), round(cuts[98] * MILLI, 2)


def growth(results: Iterable[Result], *, of_cpu: bool = False) -> dict[str, float]:
    """By ``bench engine``: the time (or processor time) at the largest size as a multiple of that at the smallest."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(f"{result.bench} {result.engine}", []).append(result)
    grown = {}
    for name, rows in found.items():
        first, last = min(rows, key=_size), max(rows, key=_size)
        before, after = (first.cpu, last.cpu) if of_cpu else (_time(first), _time(last))
        if first.tickets < last.tickets and before and after:
            grown[name] = round(after / before, 2)
    return grown


def _size(result: Result) -> int:
    return result.tickets


def _time(result: Result) -> float | None:
    return result.p50 or (MILLI / result.rate if result.rate else None)


def as_json(results: list[Result], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        **about,
        "results": [asdict(result) for result in results],
        "growth": growth(results),
        "growth_cpu": growth(results, of_cpu=True),
    }


_HEADS = ("bench", "engine", "tickets", "p50 ms", "p99 ms", "rate/s", "at once", "cpu ms", "floor", "ratio", "note")


def as_table(results: list[Result]) -> str:
    """Lines for people; then how each bench grew."""
    rows = [_HEADS, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    cpu = growth(results, of_cpu=True)
    for name, factor in growth(results).items():
        more = f", {cpu[name]}× of processor time" if name in cpu else ""
        lines.append(f"growth {name}: {factor}× by the clock{more}")
    return "\n".join(lines)


def _cells(result: Result) -> tuple[str, ...]:
    floor = f"{result.floor_rate:.0f}/s" if result.floor_rate else _number(result.floor_p50, " ms")
    return (
        result.bench,
        result.engine,
        f"{result.tickets:,}",
        _number(result.p50),
        _number(result.p99),
        f"{result.rate:.0f}" if result.rate else "–",
        str(result.at_once or "–"),
        _number(result.cpu),
        floor,
        _number(result.ratio, "×"),
        result.note,
    )


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:.1f}{unit}" if value >= 1 else f"{value:.2f}{unit}"
