"""``madoguchi serve``: everything in one command, on one port."""

import argparse
import os

from madoguchi.cli.granian_server import check_port
from madoguchi.cli.processes import prepare, supervise
from madoguchi.config import settings
from madoguchi.config.environment import IN_FORCE


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
    if IN_FORCE["MADOGUCHI_PUBLIC_URL"][1] == "default":
        os.environ["MADOGUCHI_PUBLIC_URL"] = f"http://localhost:{arguments.port}"
    print(f"Madoguchi runs at http://{arguments.host}:{arguments.port}/ (Ctrl-C ends it).", flush=True)
    return supervise(parts)
