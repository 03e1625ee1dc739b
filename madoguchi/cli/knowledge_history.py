"""``madoguchi knowledge history``: texts that an article solved."""

import argparse
from pathlib import Path

from madoguchi.cli.knowledge_report import tell
from madoguchi.knowledge.commands import import_history


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.jsonl", type=Path, help='one {"text", "article"} a line')


def run(arguments: argparse.Namespace) -> int:
    return tell(import_history(arguments.file))
