"""``madoguchi import directory``: people, departments and contacts from a CSV file."""

import argparse
from pathlib import Path

from django.utils.translation import gettext as _

from madoguchi.cli.directory_report import tell
from madoguchi.directory.actions import apply
from madoguchi.directory.csv_read import read
from madoguchi.directory.plan import plan
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import SYSTEM


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE.csv", type=Path, help="columns department,department_name,topic,order,name,…"
    )
    parser.add_argument("--preview", action="store_true", help="show what would change, and change nothing")
    parser.add_argument(
        "--complete", action="store_true", help="who is not in the file is no longer asked, in the departments it names"
    )
    parser.add_argument("--confirm", action="store_true", help="even if more than a fifth of the contacts would vanish")
    parser.add_argument("--requesters", action="store_true", help="they phone the desk, too: know them when they call")


def run(arguments: argparse.Namespace) -> int:
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        message = _("%(file)s cannot be read: %(error)s.") % {"file": arguments.file, "error": error.strerror}
        raise Refused(message, code="unreadable") from error
    made = plan(read(content, requesters=arguments.requesters), complete=arguments.complete)
    if not arguments.preview:
        made = apply(made, by=SYSTEM, confirmed=arguments.confirm)
    return tell(made, changes=arguments.preview)
