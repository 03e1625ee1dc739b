"""The line of writers before one SQLite file: threads at a lock, processes at ``flock``, nobody without end."""

import fcntl
import os
import threading
import time


class Line:
    """Who stands in front may write. ``flock`` knows no time limit, so behind another process a thread of ours waits.

    That thread keeps the process's place: who gives up leaves it to whoever of the process comes next, and when its
    turn comes and nobody wants it any more it lets the next process go on.
    """

    def __init__(self, path: str) -> None:
        self._path = f"{path}-queue"
        self._threads = threading.Lock()
        self._turn = threading.Condition()
        self._waits = self._has_come = self._is_wanted = False
        self._file: int | None = None

    def enter(self, timeout: float) -> bool:
        """Whether it is our turn within so many seconds; then ``leave`` afterwards."""
        until = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            return False
        try:
            entered = self._before_processes(until)
        except BaseException:
            self.leave()
            raise
        if not entered:
            self._threads.release()
        return entered

    def leave(self) -> None:
        """The next one may write."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def _before_processes(self, until: float) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with self._turn:
            if not self._waits:
                if _locked_at_once(self._file):
                    return True
                threading.Thread(target=self._wait, args=(self._file,), name="sqlite-line", daemon=True).start()
                self._waits, self._has_come = True, False
            self._is_wanted = True
            try:
                return self._turn.wait_for(self._comes, timeout=until - time.monotonic())
            finally:
                self._is_wanted = False
                if self._has_come:
                    self._waits = False

    def _comes(self) -> bool:
        return self._has_come

    def _wait(self, file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        with self._turn:
            if self._is_wanted:
                self._has_come = True
                self._turn.notify()
            else:
                self._waits = False
                fcntl.flock(file, fcntl.LOCK_UN)


def _locked_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_lines: dict[str, Line] = {}
# A child of fork shares our open file, and with it our place: it opens one of its own.
os.register_at_fork(after_in_child=_lines.clear)


def line_of(path: str) -> Line:
    """The process's line for the database at ``path``."""
    return _lines.setdefault(path, Line(path))
