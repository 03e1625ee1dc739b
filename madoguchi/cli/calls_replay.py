"""``madoguchi calls replay``: recorded telephone events into call records. Needs no database."""

import argparse
import json

from madoguchi.cli.files import read_text
from madoguchi.telephony.replay import FORMATS, replay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.jsonl", help="the recording; - reads standard input")
    parser.add_argument("--format", choices=FORMATS, default="neutral", help="how the sender writes (neutral)")
    parser.add_argument("--json", action="store_true", help="all fields as one JSON list (else one line a call)")


def run(arguments: argparse.Namespace) -> int:
    records = replay(read_text(arguments.file).splitlines(), format=arguments.format)
    if arguments.json:
        print(json.dumps(records, ensure_ascii=False, indent=2))
        return 0
    for record in records:
        caller = (record.get("caller") or {}).get("number") or "-"
        outcome = record["outcome"] or "open"
        print(record["call_id"], record["direction"], caller, outcome, record["answered_by"] or "-", sep="\t")
    return 0
