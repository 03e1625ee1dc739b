"""The worker: runs what the schedule says, each job in a thread of its own, until it is told to stop."""

import logging
import signal
import threading
from collections.abc import Sequence

from django.db import close_old_connections, connections

from madoguchi.foundation.busy import Busy
from madoguchi.problems.set_aside import set_aside
from madoguchi.worker.schedule import SCHEDULE, Job

_SLOWEST_RETRY = 300.0
log = logging.getLogger(__name__)


class Turns:
    """One job's turns: at once while there is more to do, then every so often, ever later while it fails."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.failures = 0

    def take(self) -> float:
        """Run the job once; the seconds until its next turn. Never raises."""
        close_old_connections()
        try:
            more = self.job.function()
        except Busy:
            # Somebody writes for long: nothing was done, nothing is wrong with the job, and a row could not be written.
            log.warning("%s waited in vain for its turn to write", self.job.name)
            return self.job.every
        except Exception as error:  # noqa: BLE001 (a bad job must not stop the others, nor itself for ever)
            if self.failures == 0:  # one row per spell: a database that is away must not fill the list
                set_aside(f"worker.{self.job.name}", error)
            else:
                log.warning("%s failed again (%s times): %s", self.job.name, self.failures + 1, error)
            self.failures += 1
            return min(self.job.every * 2.0 ** min(self.failures, 20), max(_SLOWEST_RETRY, self.job.every))
        finally:
            close_old_connections()
        self.failures = 0
        return 0.0 if more else self.job.every

    def until(self, stopping: threading.Event) -> None:
        """Take turns until ``stopping`` is set; the batch at hand is finished first."""
        while not stopping.is_set():
            stopping.wait(self.take())
        connections.close_all()


def run_until_stopped(schedule: Sequence[Job] = SCHEDULE) -> None:
    """Run the schedule until SIGTERM or SIGINT. Call from the main thread; several processes may run at once."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threads = [threading.Thread(target=Turns(job).until, args=(stopping,), name=job.name) for job in schedule]
    for thread in threads:
        thread.start()
    log.info("working at: %s", ", ".join(job.name for job in schedule))
    stopping.wait()
    for thread in threads:
        thread.join()
