"""``madoguchi mail parse``: what the mail door reads in a mail. Needs no database."""

import argparse
import json

from madoguchi.cli.files import read_bytes
from madoguchi.mail.parse import parse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.eml", help="the mail as it came; - reads standard input")
    parser.add_argument("--json", action="store_true", help="all of it as JSON (else the main lines)")


def run(arguments: argparse.Namespace) -> int:
    mail = parse(read_bytes(arguments.file)).as_json()
    if arguments.json:
        print(json.dumps(mail, ensure_ascii=False, indent=2))
        return 0
    for name in ("from", "to", "date", "subject"):
        value = mail[name]
        print(f"{name}: {', '.join(value) if isinstance(value, list) else value or ''}")
    print(f"\n{mail['text']}")
    return 0
