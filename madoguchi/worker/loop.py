"""The worker's loop: runs what the schedule says, each job apart, until it is told to stop."""

import logging
import signal
import threading
import time

from django.db import close_old_connections

from madoguchi.problems.set_aside import set_aside
from madoguchi.worker.schedule import SCHEDULE, Job

_SLOWEST_RETRY = 300.0
log = logging.getLogger(__name__)


class Worker:
    """Runs each job of ``jobs`` when it is due; several workers may run, since jobs claim their rows."""

    def __init__(self, jobs: tuple[Job, ...] = SCHEDULE) -> None:
        self._jobs = jobs
        self._due = dict.fromkeys(jobs, 0.0)
        self._failures = dict.fromkeys(jobs, 0)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until ``stopping`` is set; the job that runs then finishes first."""
        while not self.stopping.is_set():
            self.run_due(time.monotonic())
            self.stopping.wait(max(0.0, min(self._due.values(), default=60.0) - time.monotonic()))

    def run_due(self, now: float) -> None:
        """Run every job whose time has come (``now`` in seconds of any clock that only goes forward)."""
        for job in self._jobs:
            if self._due[job] <= now and not self.stopping.is_set():
                self._due[job] = now + self._run(job)

    def _run(self, job: Job) -> float:
        """Run one job; the seconds until its next turn: at once while there is more, later and later while it fails."""
        close_old_connections()
        try:
            more = job.function()
        except Exception as error:  # noqa: BLE001 (one bad job never stops the loop)
            failures = self._failures[job]
            if failures == 0:  # once per spell: a database that is away must not fill the list of problems
                set_aside(f"worker.{job.name}", error)
            else:
                log.warning("%s failed again (%s times): %s", job.name, failures + 1, error)
            self._failures[job] += 1
            return min(job.every * 2 ** min(failures, 20), _SLOWEST_RETRY)
        finally:
            close_old_connections()
        self._failures[job] = 0
        return 0.0 if more else job.every


def run_until_stopped() -> None:
    """Run the schedule in the main thread until SIGTERM or SIGINT; the row at hand is finished first."""
    worker = Worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    log.info("worker started: %s", ", ".join(job.name for job in SCHEDULE) or "nothing to do yet")
    worker.run()
