"""``madoguchi clocks rebuild``: every ticket's deadlines worked out anew from the journal."""

import argparse

from madoguchi.clocks.rebuild import rebuild


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    done = rebuild()
    print(f"{done.tickets} tickets looked at, {done.clocks} clocks were not as the journal has them and are now.")
    return 0
