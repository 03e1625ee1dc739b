"""One desk at one size, and how it is measured."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from madoguchi.bench.house import House
from madoguchi.bench.report import MILLI, Result, percentiles

AT_ONCE = 8
WARM = 24


@dataclass
class Run:
    """One desk at one size; ``scale`` shrinks the number of requests (tests)."""

    desk: House
    engine: str
    tickets: int
    scale: float = 1.0

    def times(self, number: int) -> int:
        return max(2, int(number * self.scale))

    def result(self, bench: str, **measured: Any) -> Result:
        return Result(bench, self.engine, self.tickets, **measured)

    def beside(self, bench: str, taken: Sequence[float], floor: Sequence[float] = (), **more: Any) -> Result:
        """What was taken beside what the floor took, in seconds; without a floor there is no ratio."""
        p50, p99 = percentiles(taken)
        bare = percentiles(floor)[0] if floor else None
        ratio = round(p50 / max(bare, 0.01), 1) if bare is not None else None
        return self.result(bench, p50=p50, p99=p99, floor_p50=bare, ratio=ratio, **more)

    def inside(self, module: str, **order: Any) -> Any:
        """What a module of the bench answers that works within the desk."""
        return self.desk.helper("inside", {"module": module} | order, tells=True)

    def load(self, port: int, paths: list[str], requests: int, *, at_once: int, **order: Any) -> dict[str, Any]:
        """One load; an answer that is not the expected one fails the bench."""
        found: dict[str, Any] = self.desk.helper(
            "load",
            {"port": port, "paths": paths, "requests": requests, "at_once": at_once, "first": time.time_ns(), **order},
        )
        if found["wrong"]:
            raise RuntimeError(f"{paths[0]} answered {found['wrong'][0]}")
        return found

    def measure(
        self,
        bench: str,
        paths: list[str],
        *,
        alone: int,
        busy: int,
        floor: Mapping[str, Any] | None = None,
        **order: Any,
    ) -> Result:
        """Warm up, then one at a time, then eight at a time with the processor time of the whole tree."""
        port = self.desk.port
        self.load(port, paths, self.times(WARM), at_once=AT_ONCE, **order)
        single = self.load(port, paths, self.times(alone), at_once=1, **order)
        used = self.desk.cpu()
        many = self.load(port, paths, self.times(busy), at_once=AT_ONCE, **order)
        used = self.desk.cpu() - used
        p50, p99 = percentiles(single["taken"])
        rate = round(len(many["taken"]) / many["seconds"], 1)
        floor = floor or {}
        return self.result(
            bench,
            p50=p50,
            p99=p99,
            at_once=AT_ONCE,
            rate=rate,
            busy_p50=percentiles(many["taken"])[0],
            cpu=round(used / len(many["taken"]) * MILLI, 2),
            floor_rate=floor.get("rate"),
            floor_p50=floor.get("p50"),
            ratio=round(floor["rate"] / rate, 2) if floor else None,
            size=many["bytes"],
        )
