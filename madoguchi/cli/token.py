"""``madoguchi token create``: prints an API token, and nothing else, once."""

import argparse

from madoguchi.foundation.refusal import Refused
from madoguchi.people.models import Staff
from madoguchi.people.tokens import SCOPES, issue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--email", required=True, metavar="E", help="whose token it is")
    parser.add_argument("--scope", required=True, action="append", choices=SCOPES, metavar="S", help=", ".join(SCOPES))
    parser.add_argument("--name", default="", help="what it is for")


def run(arguments: argparse.Namespace) -> int:
    staff = Staff.objects.filter(email=arguments.email.strip().lower(), is_active=True).first()
    if staff is None:
        raise Refused(f"Nobody active works here as {arguments.email}.")
    print(issue(staff=staff, scopes=sorted(set(arguments.scope)), name=arguments.name))
    return 0
