r"""How often the right article is suggested, measured by the product's own commands on a set of judged questions.

    python tools/faq_quality.py FOLDER [--half A] [--keep FOLDER] [--encoder off]

FOLDER holds ``corpus.json.gz`` (id → "Question: …\nAnswer: …"), ``queries_dev.json.gz`` (id → text) and
``qrels_dev.json.gz`` (id → {article: grade}), as localgovFAQ does. Each run makes throw-away data folders and calls
``init``, ``knowledge import``, ``knowledge history`` and ``knowledge search --queries --json`` in them; about a
minute of one processor. *With history* the questions are split in two halves by a digest of their id: one half is given
as solved texts, each with all articles of its best grade, the other half is asked; then the other way round.
``--half A`` asks only that half, so that what was tuned on A is confirmed on B. Right is any judged article; the
second table counts only grade 2, for the questions that have one. SR@k: a right one among the first k; MRR: the mean
of 1/rank of the first right one, 0 beyond the first 20.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import jaconv
from sudachipy import Dictionary, SplitMode

DEEP = 20
TYPED = 0.4
WRITINGS = ("whole", "typed 40 %", "hiragana")

type Ranks = dict[str, list[str]]
type Judged = dict[str, dict[str, int]]


def half_of(query: str) -> str:
    """A or B, the same on every machine and day."""
    return "AB"[hashlib.sha256(query.encode()).digest()[0] & 1]


def written(queries: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Each question whole, its beginning only, and as it sounds in hiragana."""
    tokenizer = Dictionary(dict="core").tokenizer(SplitMode.A)
    return {
        "whole": dict(queries),
        "typed 40 %": {key: text[: max(1, round(TYPED * len(text)))] for key, text in queries.items()},
        "hiragana": {
            key: jaconv.kata2hira("".join(word.reading_form() for word in tokenizer.tokenize(text)))
            for key, text in queries.items()
        },
    }


class Desk:
    """A data folder that nobody keeps."""

    def __init__(self, folder: Path, *, encoder: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environment = os.environ | {"MADOGUCHI_DATA_DIR": str(self.data), "MADOGUCHI_ENCODER": encoder}
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *words: str) -> str:
        command = [str(Path(sys.executable).with_name("madoguchi")), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def ask(self, texts: Mapping[str, Mapping[str, str]], keys: Iterable[str]) -> dict[str, Ranks]:
        """For each writing, the articles of each question, best first."""
        lines = [json.dumps({"id": [name, key], "text": texts[name][key]}) for key in keys for name in texts]
        asked = self.folder / "asked.jsonl"
        asked.write_text("\n".join(lines), "utf-8")
        found: dict[str, Ranks] = {name: {} for name in texts}
        answers = self.run("knowledge", "search", "--queries", str(asked), "--limit", str(DEEP))
        for row in map(json.loads, answers.splitlines()):
            name, key = row["id"]
            found[name][key] = row["articles"]
        return found


def tell(title: str, ranks: Ranks, judged: Judged) -> None:
    """One line of the table: any judged article, then grade 2 only."""
    figures = []
    for least in (1, 2):
        rows = []
        for key, found in ranks.items():
            right = {article for article, grade in judged[key].items() if grade >= least}
            if right:
                rows.append(next((place for place, article in enumerate(found, 1) if article in right), 0))
        count = max(1, len(rows))
        first, five = (sum(0 < row <= most for row in rows) / count for most in (1, 5))
        mean = sum(1 / row for row in rows if row) / count
        figures.append(f"{len(rows):5d}  {first:.3f}  {five:.3f}  {mean:.3f}")
    print(f"{title:26} {figures[0]}   |{figures[1]}")


def main() -> None:
    """Build the desks, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="with corpus, queries_dev and qrels_dev as .json.gz")
    parser.add_argument("--half", choices=["A", "B"], help="ask only the questions of this half")
    parser.add_argument("--keep", type=Path, help="where the imported articles are kept for the next run")
    parser.add_argument("--encoder", choices=["on", "off"], default="on")
    options = parser.parse_args()
    started = time.monotonic()
    corpus, queries, judged = (
        json.loads(gzip.decompress((options.folder / f"{name}.json.gz").read_bytes()))
        for name in ("corpus", "queries_dev", "qrels_dev")
    )
    texts = written(queries)
    with tempfile.TemporaryDirectory(prefix="faq-quality-") as scratch:
        desk = Desk(options.keep or Path(scratch) / "articles", encoder=options.encoder)
        if not (desk.folder / "articles.csv").exists():
            build(desk, corpus)
        desk.run("init")
        print(f"{'':26}  {'any judged article':26}  | grade 2 only")
        print(f"{'':26} {'n':>5}  {'SR@1':5}  {'SR@5':5}  {'MRR':5}   |{'n':>5}  {'SR@1':5}  {'SR@5':5}  {'MRR':5}")
        asked = [key for key in queries if options.half in (None, half_of(key))]
        found = desk.ask(texts, asked)
        for name in WRITINGS:
            tell(f"without history, {name}", found[name], judged)
        learned: dict[str, Ranks] = {name: {} for name in WRITINGS}
        for half in [options.half] if options.half else ["A", "B"]:
            copy = Desk(Path(scratch) / half, encoder=options.encoder)
            shutil.copytree(desk.data, copy.data)
            history = copy.folder / "history.jsonl"
            history.write_text("\n".join(solved(queries, judged, without=half)), "utf-8")
            copy.run("knowledge", "history", str(history))
            for name, ranks in copy.ask(texts, [key for key in queries if half_of(key) == half]).items():
                learned[name] |= ranks
        for name in WRITINGS:
            tell(f"with history, {name}", learned[name], judged)
    print(f"{time.monotonic() - started:.0f} s")


def build(desk: Desk, corpus: Mapping[str, str]) -> None:
    """The desk with every article of the corpus."""
    password = desk.folder / "password"
    password.write_text("faq-quality-0123456789", "utf-8")
    desk.run("init", "--admin-email", "keeper@example.jp", "--admin-password-file", str(password))
    articles = desk.folder / "articles.csv"
    with articles.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["key", "question", "answer", "category"])
        for key, text in corpus.items():
            question, _mark, answer = text.removeprefix("Question: ").partition("\nAnswer: ")
            rows.writerow([key, question, answer.strip(), ""])
    desk.run("knowledge", "import", str(articles))


def solved(queries: Mapping[str, str], judged: Judged, *, without: str) -> Iterable[str]:
    """The lines of the history: every question of the other half with all articles of its best grade."""
    for key, text in queries.items():
        if half_of(key) != without:
            best = max(judged[key].values())
            for article in sorted(article for article, grade in judged[key].items() if grade == best):
                yield json.dumps({"text": text, "article": article})


if __name__ == "__main__":
    main()
