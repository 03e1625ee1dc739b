"""``madoguchi serve``: everything in one command, on one port."""

import argparse
import os
import signal
import threading
import time
from http import HTTPStatus
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from madoguchi.cli.granian_server import check_port
from madoguchi.cli.processes import SIGNALS, prepare, supervise
from madoguchi.config import settings
from madoguchi.config.environment import IN_FORCE

_PAUSE = 0.2
_DIRECTLY = build_opener(ProxyHandler({}))  # whatever proxy the environment names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def run(arguments: argparse.Namespace) -> int:
    check_port(arguments.host, arguments.port)
    if code := prepare():
        return code
    parts = [["web", "--with-live", "--prepared", "--host", arguments.host, "--port", str(arguments.port)], ["worker"]]
    if settings.SMTP_LISTEN or settings.IMAP:
        parts.append(["mail-gateway"])
    if settings.ASTERISK:
        parts.append(["asterisk"])
    if IN_FORCE["MADOGUCHI_PUBLIC_URL"][1] == "default":
        os.environ["MADOGUCHI_PUBLIC_URL"] = f"http://localhost:{arguments.port}"
    threading.Thread(target=announce, args=(arguments.host, arguments.port), daemon=True).start()
    return supervise(parts)


def announce(host: str, port: int) -> None:
    """Say where the desk is, as soon as it answers there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they are for the supervisor
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    bracketed = f"[{asked}]" if ":" in asked else asked
    while not _is_ready(f"http://{bracketed}:{port}/readyz"):
        time.sleep(_PAUSE)
    shown = f"[{host}]" if ":" in host else host
    print(f"Madoguchi runs at http://{shown}:{port}/ (Ctrl-C ends it).", flush=True)


def _is_ready(url: str) -> bool:
    try:
        with _DIRECTLY.open(url, timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
