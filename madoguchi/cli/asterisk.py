"""``madoguchi asterisk``: keeps the lines to the telephone systems, until SIGTERM."""

import argparse

from madoguchi.gateways.asterisk import run as keep_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    keep_lines()
    return 0
