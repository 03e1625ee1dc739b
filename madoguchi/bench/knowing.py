"""Two benches of what the seat is shown: suggested articles and similar tickets, in a process of their own."""

from statistics import quantiles
from typing import Any

from madoguchi.bench.report import MILLI, Result, percentiles

_ARTICLES = (2_000, 20_000)


def suggest(run: Any) -> list[Result]:
    """Articles for what is typed, at 2,000 and 20,000 of them, without and with the encoder where it is installed.

    An operator asks, and staff of a partner; the time of both together is the result, the note tells them apart.
    """
    results = []
    try:
        for articles in _ARTICLES:
            _inside(run, "write", articles=run.times(articles))
            for encoder in (False, True):
                found = _inside(run, "ask", times=run.times(200), encoder=encoder)
                if encoder and not found["encoder"]:
                    continue
                note = (
                    f"p95 operator {_p95(found['operator']):.1f} ms, partner {_p95(found['partner']):.1f} ms;"
                    f" index built in {found['built']:.1f} s, {found['held'] / 2**20:.0f} MB of a process of"
                    f" {found['resident'] / 2**20:.0f} MB; random vectors"
                )
                bench = f"suggest {run.times(articles):,}{', encoder' if encoder else ''}"
                taken = found["operator"] + found["partner"]
                results.append(_beside(run, bench, taken, found["floor"], note=note, size=found["held"]))
    finally:
        _inside(run, "remove")
    return results


def similar(run: Any) -> list[Result]:
    """Tickets like what is typed and like a whole ticket, while twenty texts a second go into the index."""
    run.desk.settle()
    found = _inside(run, "similar", times=run.times(100))
    inserts = percentiles(found["inserts"])
    note = f"index with its terms {found['size'] / 2**20:.1f} MB, an insert {inserts[0]:.1f} ms"
    return [
        _beside(run, f"similar, {name}", found[name], found["floor"], note=f"p95 {_p95(found[name]):.1f} ms; {note}")
        for name in ("typed", "whole")
    ]


def _inside(run: Any, what: str, **order: Any) -> Any:
    return run.desk.helper("inside", {"module": "suggesting", "what": what} | order, tells=True)


def _beside(run: Any, bench: str, taken: list[float], floor: list[float], **more: Any) -> Result:
    p50, p99 = percentiles(taken)
    bare = percentiles(floor)[0]
    result: Result = run.result(bench, p50=p50, p99=p99, floor_p50=bare, ratio=round(p50 / max(bare, 0.01), 1), **more)
    return result


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[18] * MILLI if len(seconds) > 1 else sum(seconds) * MILLI
