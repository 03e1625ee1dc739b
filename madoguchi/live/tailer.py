"""One thread per process that follows the journal and hands on what it reads."""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection

from madoguchi.journal import tail
from madoguchi.journal.tail import Position, Tailed

_PAUSE = 0.05
_SLOWEST_RETRY = 5.0
_BATCH = 500
log = logging.getLogger(__name__)


class Tailer:
    """Calls ``deliver(position, entries)`` in its own thread: once with the place where it begins, then per batch."""

    def __init__(self, deliver: Callable[[Position, list[Tailed]], None]) -> None:
        self._deliver = deliver
        self._position: Position | None = None
        self._version: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-tail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            try:
                self._step()
                wait = _PAUSE
            except (DatabaseError, InterfaceError) as error:
                wait = min(max(wait * 2, 0.2), _SLOWEST_RETRY)
                log.warning("the journal cannot be read, next try in %.1f s: %s", wait, error)
                self._again()
            except Exception:
                # A bug must not leave a process whose live line is deaf for ever.
                wait = _SLOWEST_RETRY
                log.exception("the journal could not be handed on, next try in %.1f s", wait)
                self._again()
        connection.close()

    def _again(self) -> None:
        self._version = None
        connection.close()

    def _step(self) -> None:
        """Hand on everything that is new; the position moves only past what was handed on."""
        if self._position is None:
            self._position = tail.now()
            self._deliver(self._position, [])
        if not self._changed():
            return
        while entries := tail.read_after(self._position, limit=_BATCH):
            self._deliver(entries[-1].position, entries)
            self._position = entries[-1].position
            if len(entries) < _BATCH:
                return

    def _changed(self) -> bool:
        """On SQLite, whether another connection has written since the last look: a read of one page, no lock."""
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            version: int = cursor.fetchone()[0]
        changed, self._version = version != self._version, version
        return changed
