"""``madoguchi directory-sync``: departments and contacts from the directory server, or only what would change."""

import argparse
import sys

from madoguchi.directory.models import Run
from madoguchi.directory.sync import run_here

_SHOWN = 50
_HELD = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preview", action="store_true", help="only show what would change")
    parser.add_argument(
        "--accept-vanishing", action="store_true", help="go on although more than the set share would be removed"
    )


def run(arguments: argparse.Namespace) -> int:
    """0: done or shown, 1: failed, 3: stopped because too many would vanish."""
    done = run_here(preview=arguments.preview, any_may_vanish=arguments.accept_vanishing, progress=_told)
    if done.state == Run.State.FAILED:
        print(done.error, file=sys.stderr)
        return 1
    for change in done.changes.all()[:_SHOWN]:
        fields = ", ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in change.fields)
        print(f"{change.kind:<8} {change.name}  {change.reason or fields}".rstrip())
    if (more := done.changes.count() - _SHOWN) > 0:
        print(f"… and {more:,} more, on the page of run {done.pk}")
    counts = ", ".join(f"{number:,} {kind}" for kind, number in sorted(done.counts.items())) or "nothing changes"
    print(f"{done.read:,} entries read, {done.refused:,} set aside; {counts}.")
    if done.state == Run.State.HELD:
        print(
            f"Stopped: {done.vanishing:,} of {done.known:,} would be removed. Nothing has been changed; if it is right,"
            " repeat with --accept-vanishing.",
            file=sys.stderr,
        )
        return _HELD
    return 0


def _told(read: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{read:,} entries", end="", file=sys.stderr, flush=True)
