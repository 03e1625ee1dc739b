"""The one Japanese catalogue: extracted from Python, Jinja2 and Django templates, merged, compiled.

    python tools/catalogues.py                      extract, merge, compile; print what has no translation
    python tools/catalogues.py madoguchi/web/board  the same, printing only what these files and folders lack
    python tools/catalogues.py --add FILE.json      take over translations {"msgid": "訳"}, plurals {"one": ["訳"]},
                                                    with a context {"context|msgid": "訳"} (U+0004 for |)
    python tools/catalogues.py --prune              drop what the code no longer says
    python tools/catalogues.py --compile            only the .mo, when the .po is newer
    python tools/catalogues.py --check              change nothing; fail unless the catalogue is complete

Several people may run it at once: it takes a lock. No line numbers and no dates, so that merges stay quiet.
"""

import argparse
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "madoguchi"
PO = SOURCE / "locale" / "ja" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
DJANGO_TEMPLATES = SOURCE / "web" / "shell" / "accounts"
CONTEXT = "\u0004"

KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
JINJA_OPTIONS = {
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
    "silent": "false",
    **dict.fromkeys(("trimmed", "newstyle_gettext", "trim_blocks", "lstrip_blocks"), "true"),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sdif]|\{(\w*)\}|%([sd])")
_CODE = re.compile(r"\]\([^()]*\)|\(\)")  # a Markdown link, a call
_JAPANESE = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff]")

type Key = tuple[str, str]  # context ("" for none), msgid (of a plural: the singular)
type Translation = str | tuple[str, ...]


@dataclass
class Found:
    """A message in the code: its plural form, if it has one, and the files that say it."""

    plural: str = ""
    files: set[str] = field(default_factory=set)


@dataclass
class Extracted:
    messages: dict[Key, Found] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def extracted() -> Extracted:
    """Every message that the product's code and templates ask a translation for; paths relative to the root."""
    result = Extracted()
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or not path.is_file():
            continue
        name = path.relative_to(ROOT).as_posix()
        try:
            for _line, message, _comments, context in _messages(path):
                singular, plural = message if isinstance(message, tuple) else (message, "")
                if not singular:
                    continue
                found = result.messages.setdefault((context or "", singular), Found())
                found.plural = found.plural or plural
                found.files.add(name)
        except Exception as error:  # a half-written file must not hide what the others say
            result.unreadable.append(f"{name}: {error}")
    return result


def _messages(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    if path.suffix == ".py":
        yield from extract("python", BytesIO(path.read_bytes()), KEYWORDS)
    elif path.is_relative_to(DJANGO_TEMPLATES):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        yield from extract("python", BytesIO(source.encode()), KEYWORDS)
    else:
        yield from extract("jinja2", BytesIO(path.read_bytes()), KEYWORDS, options=JINJA_OPTIONS)


def stored() -> dict[Key, Translation]:
    """The catalogue's non-empty translations, of messages no longer said too."""
    if not PO.exists():
        return {}
    with PO.open("rb") as file:
        catalog = read_po(file, locale="ja")
    found: dict[Key, Translation] = {}
    for message in [*catalog.obsolete.values(), *catalog]:
        text = message.string
        if message.id and (any(text) if isinstance(text, (tuple, list)) else text):
            found[_key(message)] = tuple(text) if isinstance(text, (tuple, list)) else text
    return found


def current() -> set[Key]:
    """The translated messages that the catalogue holds as being said."""
    if not PO.exists():
        return set()
    with PO.open("rb") as file:
        return {_key(message) for message in read_po(file, locale="ja") if message.id and message.string}


def _key(message: Message) -> Key:
    return message.context or "", message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def merged(messages: Mapping[Key, Found], translations: Mapping[Key, Translation], *, prune: bool) -> Catalog:
    """The catalogue to write: what is said, translated as far as known; the rest as obsolete unless ``prune``."""
    fixed = datetime(2026, 1, 1, tzinfo=UTC)
    catalog = Catalog(
        locale="ja",
        project="Madoguchi",
        version="1",
        header_comment="# Japanese catalogue. Do not edit by hand: tools/catalogues.py --add",
        creation_date=fixed,
        revision_date=fixed,
        last_translator="Madoguchi",
        language_team="ja",
        msgid_bugs_address="",
        fuzzy=False,
    )
    for (context, msgid), found in messages.items():
        text = translations.get((context, msgid), "")
        if found.plural:
            forms = text if isinstance(text, tuple) else (text,)
            catalog.add((msgid, found.plural), forms[:1], context=context or None)
        else:
            catalog.add(msgid, text[0] if isinstance(text, tuple) else text, context=context or None)
    if not prune:
        for (context, msgid), text in translations.items():
            if (context, msgid) not in messages:
                single = text[0] if isinstance(text, tuple) else text
                old = Message(msgid, single, context=context or None)
                catalog.obsolete[(msgid, context) if context else msgid] = old
    return catalog


def mismatches(messages: Mapping[Key, Found], translations: Mapping[Key, Translation]) -> list[str]:
    """Translations whose placeholders are not those of their message."""
    wrong = []
    for key, text in translations.items():
        plural = messages[key].plural if key in messages else ""
        wanted = {_placeholders(key[1]), _placeholders(plural or key[1])}
        wrong += [
            f"{key[1]!r} → {form!r}: the placeholders differ"
            for form in (text if isinstance(text, tuple) else (text,))
            if _placeholders(form) not in wanted
        ]
    return wrong


def half_width_brackets(translations: Mapping[Key, Translation]) -> list[str]:
    """Translations with half-width brackets in Japanese text; what a placeholder puts in is taken for Japanese."""
    wrong = []
    for key, text in translations.items():
        for form in text if isinstance(text, tuple) else (text,):
            rest = _CODE.sub("", _PLACEHOLDER.sub("語", form))
            if _JAPANESE.search(rest) and any(bracket in rest for bracket in "()"):
                wrong.append(f"{key[1]!r} → {form!r}: half-width brackets; Japanese text has （ and ）")
    return wrong


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted({match.group() for match in _PLACEHOLDER.finditer(text)}))


def _read_additions(path: Path) -> dict[Key, Translation]:
    additions: dict[Key, Translation] = {}
    for written, text in json.loads(path.read_text(encoding="utf-8")).items():
        context, separator, msgid = written.partition(CONTEXT)
        value = tuple(text) if isinstance(text, list) else text
        if not value or not all(
            isinstance(form, str) and form for form in (value if isinstance(value, tuple) else [value])
        ):
            raise SystemExit(f"{path}: {written!r} has no translation.")
        additions[(context, msgid) if separator else ("", written)] = value
    return additions


def compile_catalogue() -> None:
    """Write the .mo beside the .po, in one step, so that a running desk never reads half of it."""
    with PO.open("rb") as file:
        catalog = read_po(file, locale="ja")
    temporary = MO.with_suffix(".mo.new")
    with temporary.open("wb") as file:
        write_mo(file, catalog)
    temporary.replace(MO)


def _write(catalog: Catalog) -> None:
    buffer = BytesIO()
    write_po(buffer, catalog, no_location=True, sort_output=True, width=0)
    if not PO.exists() or PO.read_bytes() != buffer.getvalue():
        temporary = PO.with_suffix(".po.new")
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(PO)


@contextmanager
def _lock() -> Iterator[None]:
    PO.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(PO.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _report(messages: Mapping[Key, Found], translations: Mapping[Key, Translation], prefixes: list[str]) -> int:
    """Print the untranslated messages as JSON ready for ``--add`` and return how many there are."""
    missing = {key: found for key, found in messages.items() if key not in translations}
    shown = [
        key
        for key, found in sorted(missing.items())
        if not prefixes or any(file.startswith(prefix) for file in found.files for prefix in prefixes)
    ]
    if shown:
        written = {(f"{c}{CONTEXT}{m}" if c else m): [""] if messages[c, m].plural else "" for c, m in shown}
        print(json.dumps(written, ensure_ascii=False, indent=0))
    print(
        f"{len(messages)} messages, {len(missing)} without translation"
        + (f", {len(shown)} of them here." if prefixes else ".")
    )
    return len(shown)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("paths", nargs="*", help="print only what these files and folders lack")
    arguments.add_argument("--add", action="append", type=Path, default=[], metavar="FILE.json")
    arguments.add_argument("--prune", action="store_true")
    arguments.add_argument("--compile", action="store_true")
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    prefixes = [Path(path).resolve().relative_to(ROOT).as_posix() for path in options.paths]

    with _lock():
        if options.compile and not options.add:
            if PO.exists() and (not MO.exists() or MO.stat().st_mtime < PO.stat().st_mtime):
                compile_catalogue()
            return 0
        said = extracted()
        for line in said.unreadable:
            print(f"Unreadable: {line}", file=sys.stderr)
        translations = stored()
        if options.check:
            kept = current()
            stale = kept - said.messages.keys()
            wrong = mismatches(said.messages, translations) + half_width_brackets(translations)
            for line in wrong:
                print(line, file=sys.stderr)
            if stale:
                print(f"No longer said (--prune drops them): {sorted(msgid for _, msgid in stale)}", file=sys.stderr)
            missing = {key: found for key, found in said.messages.items() if key not in kept}
            untranslated = _report(
                said.messages, {key: text for key, text in translations.items() if key not in missing}, prefixes
            )
            return 1 if untranslated or stale or wrong or said.unreadable else 0
        for path in options.add:
            additions = _read_additions(path)
            if wrong := mismatches(said.messages, additions) + half_width_brackets(additions):
                print("\n".join(wrong), file=sys.stderr)
                return 1
            for key in sorted(additions.keys() - said.messages.keys()):
                print(f"Nothing says it yet: {key[1]!r}", file=sys.stderr)
            translations |= additions
        _write(merged(said.messages, translations, prune=options.prune))
        compile_catalogue()
        _report(said.messages, translations, prefixes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
