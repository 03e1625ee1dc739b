"""One article as a Markdown file: a front matter that any YAML reader understands, and the answer. Pure.

---
key: "mail-001"
question: "メールが送信できない"
category: mail
state: validated
audience: first_line
governance: open
owner: service-desk
review_on: 2027-04-01
---

1. 送信サーバーのポートを確かめる
![設定の画面](pictures/0123456789abcdef01234567.png)
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from madoguchi.foundation.kept import one_line
from madoguchi.foundation.refusal import Refused

NAMES = ("key", "question", "category", "category_text", "state", "audience", "governance", "owner", "review_on")
_QUOTED = frozenset({"key", "question", "category_text"})
_CODE = re.compile(r"(!\[[^\]\n]*\]\()picture:([0-9a-f]{24})\)")
_FILE = re.compile(r"(!\[[^\]\n]*\]\()(?:\./)?pictures/([^\s()/\\]{1,120})\)")
_END = re.compile(r"\n---[ \t]*(?:\n|$)")
_SAFE = re.compile(r"[A-Za-z0-9_.ぁ-んァ-ヶー一-龠々-]")


@dataclass(frozen=True)
class Written:
    """What a file says: only the fields that stand in it, and the answer."""

    fields: Mapping[str, str]
    answer: str


def write(fields: Mapping[str, str], answer: str, ending_of: Callable[[str], str]) -> str:
    """The file. ``ending_of`` tells the ending of a picture's file by its code; empty fields are left out."""
    lines = [
        f"{name}: {json.dumps(fields[name], ensure_ascii=False) if name in _QUOTED else fields[name]}"
        for name in NAMES
        if fields.get(name)
    ]
    body = _CODE.sub(lambda match: f"{match[1]}pictures/{match[2]}.{ending_of(match[2])})", answer)
    return "\n".join(["---", *lines, "---", "", body, ""])


def read(text: str) -> Written:
    """The other way round; refuses a file without a front matter, and a line in it that says nothing."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith("---\n"):
        raise Refused(_("The file does not begin with a front matter (---)."), code="no_front_matter")
    end = _END.search(text, 3)
    if end is None:
        raise Refused(_("The front matter does not end (---)."), code="no_front_matter")
    head, body = text[4 : end.start()], text[end.end() :]
    fields: dict[str, str] = {}
    for line in head.split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z_]+", name.strip()):
            raise Refused(_("This line of the front matter cannot be read: %(line)s") % {"line": line[:80]}, code="bad")
        fields[name.strip().lower()] = one_line(_plain(value.strip()))
    return Written(fields, body.strip())


def _plain(value: str) -> str:
    if value.startswith('"'):
        try:
            read_value = json.loads(value)
        except ValueError as error:
            raise Refused(_("This value cannot be read: %(line)s") % {"line": value[:80]}, code="bad") from error
        return str(read_value)
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    return "" if value in {"null", "~"} else value


def with_pictures(answer: str, code_of: Callable[[str], str]) -> str:
    """The answer with pictures by code. ``code_of`` gives the code of a file in ``pictures/``, ``""`` for none."""

    def named(match: re.Match[str]) -> str:
        code = code_of(match[2])
        return f"{match[1]}picture:{code})" if code else match[0]

    return _FILE.sub(named, answer)


def file_name(key: str) -> str:
    """A name for the file of an article: its key, with what no file system takes as ``%XX``; told apart by the key."""
    name = "".join(sign if _SAFE.match(sign) else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in key)
    name = name[:180] if name[:1] != "." else f"%2E{name[1:180]}"
    return f"{name}.md"
