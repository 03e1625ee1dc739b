"""``madoguchi simulate``: a history in bulk for the sample company, to look at or to measure with."""

import argparse
import time

from madoguchi.clocks.actions import tell_from_now_on
from madoguchi.clocks.rebuild import rebuild
from madoguchi.demo import company, history, mass
from madoguchi.foundation.refusal import Refused
from madoguchi.tickets.models import Ticket


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tickets", type=int, required=True, metavar="N", help="how many tickets")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="the same seed gives the same history")
    parser.add_argument("--years", action="store_true", help="some years instead, for a desk that has no tickets yet")
    parser.add_argument("--days", type=int, default=90, help="how far it goes back (90)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.tickets < 1 or arguments.days < 1:
        raise Refused("Give at least one ticket and one day.")
    began = time.monotonic()
    if arguments.years:
        if Ticket.objects.exists():
            raise Refused("This desk has tickets already.")
        company.build(tickets=0)
        mass.write(arguments.tickets, seed=arguments.seed, say=lambda line: print(line, flush=True))
        return 0
    history.write(arguments.tickets, seed=arguments.seed, days=arguments.days)
    tell_from_now_on()
    rebuild()
    print(f"{arguments.tickets} tickets of {arguments.days} days in {time.monotonic() - began:.1f} s.")
    return 0
