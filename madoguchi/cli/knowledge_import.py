"""``madoguchi knowledge import``: articles from a CSV file, or from a folder or zip of Markdown files."""

import argparse
import sys
from pathlib import Path

from madoguchi.cli.knowledge_report import tell
from madoguchi.journal.record import SYSTEM
from madoguchi.knowledge.commands import import_csv
from madoguchi.knowledge.folder.source import Folder, Source, Zip
from madoguchi.knowledge.folder.take_in import Outcome, plan, take_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE.csv|FOLDER|FILE.zip",
        type=Path,
        help="columns key,question,answer,category; or Markdown files with a front matter",
    )
    parser.add_argument("--preview", action="store_true", help="Markdown: say what would change, and change nothing")


def run(arguments: argparse.Namespace) -> int:
    path: Path = arguments.file
    if path.is_dir():
        return _markdown(Folder(path), preview=arguments.preview)
    if path.suffix.lower() == ".zip":
        with path.open("rb") as file:
            return _markdown(Zip(file), preview=arguments.preview)
    return tell(import_csv(path))


def _markdown(source: Source, *, preview: bool) -> int:
    outcome = plan(source) if preview else take_in(source, by=SYSTEM)
    if preview:
        for step in outcome.steps:
            if step.kind in {"new", "changed"}:
                print(f"{step.kind}: {step.key} {step.question}" + "".join(f" [{name}]" for name in step.fields))
    return _told(outcome)


def _told(outcome: Outcome) -> int:
    counts = {name: outcome.count(kind) for name, kind in _KINDS.items()}
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    for step in outcome.refused():
        print(f"{step.file}: {step.reason}", file=sys.stderr)
    return 1 if outcome.count("refused") else 0


_KINDS = {"new": "new", "changed": "changed", "unchanged": "same", "refused": "refused"}
