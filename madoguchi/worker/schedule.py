"""One page: what runs when. Each job works off due rows, which it claims, and says whether there is more to do."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """``function`` handles a batch and returns whether more waits; ``every`` is the pause in seconds when none does."""

    name: str
    function: Callable[[], bool]
    every: float


SCHEDULE: tuple[Job, ...] = ()
