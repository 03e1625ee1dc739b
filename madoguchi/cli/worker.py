"""``madoguchi worker``: the background work, until SIGTERM."""

import argparse

from madoguchi.worker.loop import run_until_stopped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    run_until_stopped()
    return 0
