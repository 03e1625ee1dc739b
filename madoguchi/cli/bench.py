"""``madoguchi bench``: how fast the ordinary acts are, each beside its floor, in throw-away desks of several sizes."""

import argparse
import json
from pathlib import Path

from madoguchi.bench.benches import BENCHES
from madoguchi.bench.report import as_table
from madoguchi.bench.run import SIZES, engines, measure, report
from madoguchi.foundation.refusal import Refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHES)} (all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--tickets", type=int, metavar="N", help=f"how many tickets there are ({SIZES[0]:,})")
    parser.add_argument("--sizes", metavar="N,N", help="several sizes, to see the growth: 10000,100000,1000000")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="one engine (all that are here)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="build desks there once and use them again")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="fewer or more requests than usual (1)")


def run(arguments: argparse.Namespace) -> int:
    if unknown := [name for name in arguments.names if name not in BENCHES]:
        raise Refused(f"There is no bench {unknown[0]}; there are {', '.join(BENCHES)}.")
    sizes = _sizes(arguments)
    if arguments.engine and arguments.engine not in engines():
        raise Refused("PostgreSQL is not installed here (Debian: apt-get install postgresql).")
    on = [arguments.engine] if arguments.engine else engines()
    results = measure(arguments.names, on=on, sizes=sizes, scale=arguments.scale, keep=arguments.keep)
    if arguments.json:
        print(json.dumps(report(results, on=on, sizes=sizes), ensure_ascii=False, indent=1))
    else:
        print(as_table(results))
    return 0


def _sizes(arguments: argparse.Namespace) -> list[int]:
    if arguments.sizes is None:
        return [arguments.tickets] if arguments.tickets else list(SIZES)
    try:
        sizes = [int(size) for size in arguments.sizes.split(",")]
    except ValueError:
        raise Refused("--sizes takes whole numbers, separated by commas.") from None
    return sorted(sizes)
