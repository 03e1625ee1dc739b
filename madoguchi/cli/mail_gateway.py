"""``madoguchi mail-gateway``: takes in mail by SMTP and IMAP, until SIGTERM."""

import argparse

from madoguchi.gateways.mail import run as take_in_mail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    take_in_mail()
    return 0
