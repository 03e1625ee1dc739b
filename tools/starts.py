"""Could a desk start? Each process imports what it runs, the addresses are whole, and every template compiles.

    python tools/starts.py

Each is tried in a process of its own, as `serve` would start it: what one imports is no help to another. No database
is asked.
"""

import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import django
from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.template import engines

from madoguchi.foundation.starting import starting


def main() -> int:
    with starting():
        django.setup()
        children = {_begun(part): name for name, part in PARTS.items()}
    ended = {child: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    failed = [children[child] for child, code in ended.items() if code]
    if failed:
        print(f"Would not start: {', '.join(failed)}.", file=sys.stderr)
    return bool(failed)


def imported(*modules: str) -> None:
    for module in modules:
        import_module(module)


def pages() -> None:
    """What answers requests, with all addresses; then the commands around it, and Django's own look at it all."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # without it WhiteNoise warns
    imported(
        "madoguchi.config.rsgi", *(f"madoguchi.cli.{name}" for name in ("serve", "web", "live", "prepare", "init"))
    )
    if wrong := [str(one) for one in run_checks() if one.level >= WARNING]:
        raise SystemExit("\n".join(wrong))


def templates() -> None:
    """As they are compiled for the first visitor: in the desk's language, with its words in them."""
    env = cast(Any, engines["pages"]).env.spoken(settings.LANGUAGE_CODE)
    accounts = cast(Any, engines["accounts"]).dirs[0]
    for name in env.list_templates(extensions=["html"]):
        source, file, _is_fresh = env.loader.get_source(env, name)
        if Path(file).is_relative_to(accounts):
            engines["accounts"].get_template(str(Path(file).relative_to(accounts)))
        else:
            env.compile(source, name, file, raw=True)


PARTS: dict[str, Callable[[], None]] = {
    "the pages": pages,
    "their templates": templates,
    "the worker": partial(imported, "madoguchi.cli.worker"),
    "the mail gateway": partial(imported, "madoguchi.cli.mail_gateway"),
    "the lines to the telephone systems": partial(imported, "madoguchi.cli.asterisk"),
}


def _begun(part: Callable[[], None]) -> int:
    """A child that tries the part and tells by its exit code."""
    if child := os.fork():
        return child
    try:
        part()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
