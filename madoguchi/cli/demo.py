"""``madoguchi demo``: the sample company in a throw-away folder, with traffic through the real doors, until Ctrl-C."""

import argparse

from madoguchi.demo.run import run as play


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def run(arguments: argparse.Namespace) -> int:
    return play(arguments.host, arguments.port)
