"""Two benches of what the seat is shown: suggested articles and similar tickets, in a process of their own."""

from statistics import quantiles
from typing import Any

from madoguchi.bench.report import MILLI, Result, percentiles

_ARTICLES = (2_000, 20_000)


def suggest(run: Any) -> list[Result]:
    """Articles for what is typed, at 2,000 and 20,000 of them, without and with the encoder where it is installed."""
    results = []
    for articles in _ARTICLES:
        for encoder in (False, True):
            order = {"module": "suggesting", "what": "articles", "times": run.times(200), "encoder": encoder}
            found = run.desk.helper("inside", order | {"articles": run.times(articles)})
            if encoder and not found["encoder"]:
                continue
            note = (
                f"p95 {_p95(found['taken']):.1f} ms; index built in {found['built']:.1f} s,"
                f" {found['held'] / 2**20:.0f} MB a process"
            )
            bench = f"suggest {run.times(articles):,}{', encoder' if encoder else ''}"
            results.append(_beside(run, bench, found["taken"], found["floor"], note=note, size=found["held"]))
    return results


def similar(run: Any) -> list[Result]:
    """Tickets like what is typed and like a whole ticket, while twenty texts a second go into the index."""
    run.desk.settle()
    found = run.desk.helper("inside", {"module": "suggesting", "what": "similar", "times": run.times(100)})
    inserts = percentiles(found["inserts"])
    note = f"index {found['size'] / 2**20:.1f} MB, an insert {inserts[0]:.1f} ms"
    return [
        _beside(run, f"similar, {name}", found[name], found["floor"], note=f"p95 {_p95(found[name]):.1f} ms; {note}")
        for name in ("typed", "whole")
    ]


def _beside(run: Any, bench: str, taken: list[float], floor: list[float], **more: Any) -> Result:
    p50, p99 = percentiles(taken)
    bare = percentiles(floor)[0]
    result: Result = run.result(bench, p50=p50, p99=p99, floor_p50=bare, ratio=round(p50 / max(bare, 0.01), 1), **more)
    return result


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[18] * MILLI if len(seconds) > 1 else sum(seconds) * MILLI
