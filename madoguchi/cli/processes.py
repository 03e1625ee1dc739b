"""Starting, watching and ending child processes on Linux."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
_SLOWEST_RESTART = 30.0
_SETTLED = 60.0
_GRACE = 20.0


def die_with_parent(parent: int, with_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent, whose id is given, ends however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), with_signal)


@dataclass
class Part:
    """One child: a madoguchi command that is kept running."""

    words: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 1.0
    due: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        parent = os.getpid()

        def in_child() -> None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            die_with_parent(parent)

        self.started = time.monotonic()
        # A session of its own: Ctrl-C reaches the supervisor only, which then ends all in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "madoguchi", *self.words],
            preexec_fn=in_child,  # noqa: PLW1509 (no threads here)
            start_new_session=True,
        )

    def reap(self) -> None:
        """Note an ended child and when to start it again: 1 s later, doubling to 30 s while it keeps dying."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        self.wait = 1.0 if now - self.started > _SETTLED else min(self.wait * 2, _SLOWEST_RESTART)
        code = self.process.returncode
        print(f"madoguchi {self.words[0]} ended ({code}); again in {self.wait / 2:g} s.", file=sys.stderr, flush=True)
        self.due = now + self.wait / 2
        self.process = None


def prepare() -> int:
    """Run ``madoguchi prepare`` apart, so that a long-lived parent need not load Django; returns its exit code."""
    return subprocess.run([sys.executable, "-m", "madoguchi", "prepare"], check=False).returncode


def supervise(commands: Sequence[Sequence[str]]) -> int:
    """Keep the commands running until SIGTERM or SIGINT, then end them all; blocks. Call from the main thread."""
    parts = [Part(words) for words in commands]
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        while True:
            for part in parts:
                part.reap()
                if part.process is None and part.due <= time.monotonic():
                    part.start()
            pause = min((max(0.0, p.due - time.monotonic()) for p in parts if p.process is None), default=3600.0)
            caught = signal.sigtimedwait(SIGNALS, pause)
            if caught is not None and caught.si_signo != signal.SIGCHLD:
                return 0
    finally:
        _end([part.process for part in parts if part.process is not None])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    limit = time.monotonic() + _GRACE
    for process in processes:
        try:
            process.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
