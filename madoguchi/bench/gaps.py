"""The bench of the gap list, in a process of its own."""

from typing import Any

from madoguchi.bench.report import Result, percentiles

_TEXTS = 2_000  # as many as are grouped


def gaps(run: Any) -> list[Result]:
    """The bench: grouping after one more text, and the list."""
    found = run.desk.helper("inside", {"module": "gapping", "texts": run.times(_TEXTS), "times": run.times(20)})
    note = f"{found['texts']:,} texts in {found['groups']:,} gaps"
    results = []
    for bench, name in (("gaps, grouping", "grouping"), ("gaps, list", "list")):
        p50, p99 = percentiles(found[name])
        floor = percentiles(found["floor"])[0] if name == "list" else None
        ratio = round(p50 / max(floor, 0.01), 1) if floor is not None else None
        results.append(run.result(bench, p50=p50, p99=p99, floor_p50=floor, ratio=ratio, note=note))
    return results
