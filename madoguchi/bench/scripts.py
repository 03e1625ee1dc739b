"""The bench of the figures of a script, in a process of its own."""

from typing import Any

from madoguchi.bench.report import Result, percentiles

_WALKS = 100_000


def script_figures(run: Any) -> list[Result]:
    """The bench: what a script's page counts, of a version that very many calls went along."""
    order = {"module": "walking", "walks": run.times(_WALKS), "times": run.times(20)}
    found = run.desk.helper("inside", order)
    p50, p99 = percentiles(found["figures"])
    floor = percentiles(found["floor"])[0]
    note = f"{found['walks']:,} walks, the latest {found['counted']:,} counted"
    ratio = round(p50 / max(floor, 0.01), 1)
    return [run.result("script figures", p50=p50, p99=p99, floor_p50=floor, ratio=ratio, note=note)]
