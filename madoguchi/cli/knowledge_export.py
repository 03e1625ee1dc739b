"""``madoguchi knowledge export``: all articles as Markdown files with their pictures."""

import argparse
from pathlib import Path

from madoguchi.knowledge.folder.give_out import to_folder, to_zip
from madoguchi.knowledge.models import Article


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER|FILE.zip", type=Path, help="made when it is not there")


def run(arguments: argparse.Namespace) -> int:
    target: Path = arguments.folder
    if target.suffix.lower() == ".zip":
        with target.open("wb") as file:
            count = to_zip(Article.objects.all(), file)
    else:
        count = to_folder(Article.objects.all(), target)
    print(f"{count} articles in {target}")
    return 0
