"""``madoguchi web``: the pages and the API; with ``--with-live`` the live line on the same port."""

import argparse

from granian.constants import Interfaces

from madoguchi.cli.granian_server import check_port, run_server
from madoguchi.cli.processes import prepare
from madoguchi.config import settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument("--with-live", action="store_true", help="answer /live too")
    parser.add_argument("--prepared", action="store_true", help="skip the checks before the start")


def run(arguments: argparse.Namespace) -> int:
    check_port(arguments.host, arguments.port)
    if not arguments.prepared and (code := prepare()):
        return code
    target, interface = "madoguchi.config.wsgi:application", Interfaces.WSGI
    if arguments.with_live:
        target, interface = "madoguchi.config.rsgi:application", Interfaces.RSGI
    return run_server(
        target,
        interface,
        host=arguments.host,
        port=arguments.port,
        workers=settings.WEB_WORKERS,
        threads=settings.WEB_THREADS,
    )
