"""``madoguchi knowledge import``: articles from a CSV file."""

import argparse
from pathlib import Path

from madoguchi.cli.knowledge_report import tell
from madoguchi.knowledge.commands import import_csv


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.csv", type=Path, help="columns key,question,answer,category")


def run(arguments: argparse.Namespace) -> int:
    return tell(import_csv(arguments.file))
