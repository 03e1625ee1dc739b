"""``madoguchi live``: the live line alone, for a proxy that sends ``/live`` here."""

import argparse

from granian.constants import Interfaces

from madoguchi.cli.granian_server import check_port, run_server
from madoguchi.cli.processes import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (8001)")


def run(arguments: argparse.Namespace) -> int:
    check_port(arguments.host, arguments.port)
    if code := prepare():
        return code
    target = "madoguchi.config.rsgi:live_only"
    return run_server(target, Interfaces.RSGI, host=arguments.host, port=arguments.port, workers=1)
