"""Benches of what is known: suggested articles, similar tickets, gaps, and what came of a script."""

from statistics import quantiles

from madoguchi.bench.measuring import Run
from madoguchi.bench.report import MILLI, Result, percentiles

_ARTICLES = (2_000, 20_000)
_GROUPED = 2_000  # texts, as many as the product groups
_WALKS = 100_000


def suggest(run: Run) -> list[Result]:
    """Articles for what is typed, at 2,000 and 20,000 of them, without and with the encoder where it is installed.

    An operator asks, and staff of a partner; the time of both together is the result, the note tells them apart.
    """
    results = []
    try:
        for articles in _ARTICLES:
            run.inside("suggesting", what="write", articles=run.times(articles))
            for encoder in (False, True):
                found = run.inside("suggesting", what="ask", times=run.times(200), encoder=encoder)
                if encoder and not found["encoder"]:
                    continue
                note = (
                    f"p95 operator {_p95(found['operator']):.1f} ms, partner {_p95(found['partner']):.1f} ms;"
                    f" index built in {found['built']:.1f} s, {found['held'] / 2**20:.0f} MB of a process of"
                    f" {found['resident'] / 2**20:.0f} MB; random vectors"
                )
                bench = f"suggest {run.times(articles):,}{', encoder' if encoder else ''}"
                taken = found["operator"] + found["partner"]
                results.append(run.beside(bench, taken, found["floor"], note=note, size=found["held"]))
    finally:
        run.inside("suggesting", what="remove")
    return results


def similar(run: Run) -> list[Result]:
    """Tickets like what is typed and like a whole ticket, while twenty texts a second go into the index."""
    run.desk.settle()
    found = run.inside("suggesting", what="similar", times=run.times(100))
    inserts = percentiles(found["inserts"])
    note = f"index with its terms {found['size'] / 2**20:.1f} MB, an insert {inserts[0]:.1f} ms"
    return [
        run.beside(f"similar, {name}", found[name], found["floor"], note=f"p95 {_p95(found[name]):.1f} ms; {note}")
        for name in ("typed", "whole")
    ]


def gaps(run: Run) -> list[Result]:
    """Grouping after one more text that nobody has touched, and the list."""
    found = run.inside("gapping", texts=run.times(_GROUPED), times=run.times(20))
    note = f"{found['texts']:,} texts in {found['groups']:,} gaps"
    return [
        run.beside("gaps, grouping", found["grouping"], note=note),
        run.beside("gaps, list", found["list"], found["floor"], note=note),
    ]


def script_figures(run: Run) -> list[Result]:
    """What a script's page counts, of a version that very many calls went along."""
    found = run.inside("walking", walks=run.times(_WALKS), times=run.times(20))
    note = f"{found['walks']:,} walks, the latest {found['counted']:,} counted"
    return [run.beside("script figures", found["figures"], found["floor"], note=note)]


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[18] * MILLI if len(seconds) > 1 else sum(seconds) * MILLI
