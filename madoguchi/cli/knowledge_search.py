"""``madoguchi knowledge search``: what the first line would be shown."""

import argparse
import json
from pathlib import Path

from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.commands import search, search_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", help="what to look for")
    parser.add_argument("--queries", type=Path, metavar="FILE.jsonl", help='one {"id", "text"} a line')
    parser.add_argument("--limit", type=int, default=5, help="most articles a text (5)")
    parser.add_argument("--json", action="store_true", help="as a JSON list")


def run(arguments: argparse.Namespace) -> int:
    if (arguments.text is None) == (arguments.queries is None):
        raise Refused("Give either a text or --queries FILE.")
    if arguments.limit < 1:
        raise Refused("--limit must be at least 1.")
    if arguments.queries:
        for answer in search_file(arguments.queries, limit=arguments.limit):
            print(json.dumps(answer, ensure_ascii=False), flush=True)
        return 0
    found = search(arguments.text, limit=arguments.limit)
    if arguments.json:
        rows = [{"key": one.article.key, "question": one.article.question} for one in found]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for one in found:
        print(one.article.key, one.article.question, sep="\t")
    return 0
