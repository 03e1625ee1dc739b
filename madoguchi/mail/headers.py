"""Mail headers: unfolding, encoded words, parameters, dates, message ids. Nothing here raises."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from madoguchi.mail.charsets import canonical
from madoguchi.mail.decode import decode_text

_LONGEST_VALUE = 100_000
_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:(?!\?=).)*?)(?:\?=|$)", re.DOTALL)
_ESCAPED = re.compile(rb"=([0-9A-Fa-f]{2})")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SECTION = re.compile(r"^(.+?)\*(\d{1,4})?(\*)?$")


@dataclass
class Headers:
    """The fields of one header block, in order, as raw bytes."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    charset_hint: str | None = None

    def raw(self, name: str) -> bytes | None:
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str:
        """The decoded value of the first such field, empty when there is none."""
        value = self.raw(name)
        return decode_header(value, self.charset_hint) if value is not None else ""

    def all(self, name: str) -> list[bytes]:
        return [value for key, value in self.fields if key == name]


def split_message(data: bytes) -> tuple[Headers, bytes, list[str]]:
    """Header block and body of a message or part; a missing blank line, ``From `` lines and broken folds do no harm."""
    start = 0
    while start < len(data) and data[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    if start == len(data):
        return Headers(), b"", []
    first_line_end = data.find(b"\n", 0)
    if start and first_line_end >= 0 and not _NAME.match(data, start):
        return Headers(), data[start:], []
    blank = re.compile(rb"\r?\n[ \t]*\r?\n|\r?\n\Z").search(data, start)
    block = data[start : blank.start()] if blank else data[start:]
    body = data[blank.end() :] if blank else b""
    warnings: list[str] = []
    fields: list[tuple[str, list[bytes]]] = []
    lines = re.split(rb"\r?\n", block)
    for index, line in enumerate(lines):
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1].append(line)
        elif match := _NAME.match(line):
            fields.append((match[0][:-1].strip().decode("ascii").lower(), [line[match.end() :]]))
        elif line.startswith((b"From ", b">From ")) and not fields:
            continue
        elif not fields or not blank:
            warnings.append("the header ends without a blank line")
            body = b"\n".join(lines[index:]) + (data[blank.start() :] if blank else b"")
            break
        else:
            warnings.append(f"broken header line after {fields[-1][0]}")
            fields[-1][1].append(b" " + line)
    return Headers([(name, b"\n".join(values)) for name, values in fields]), body, warnings


def clean(text: str) -> str:
    """Without code points that no database and no JSON can carry."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", "\ufffd"))


def raw_text(value: bytes, hint: str | None = None) -> str:
    """A header value as text with its encoded words still in it; raw 8-bit and raw ISO-2022-JP bytes are read."""
    unfolded = re.sub(rb"\r?\n[ \t]*", b" ", value[:_LONGEST_VALUE]).strip()
    if unfolded.isascii() and b"\x1b" not in unfolded:
        return clean(unfolded.decode("ascii"))
    # A fold inside raw ISO-2022-JP leaves a blank between two escape sequences that was never meant.
    unfolded = re.sub(rb"(\x1b\([BJ]) (\x1b\$)", rb"\1\2", unfolded)
    return clean(decode_text(unfolded, hint if hint and b"\x1b" not in unfolded else None).text)


def decode_header(value: bytes, hint: str | None = None) -> str:
    """The value as a person reads it, on one line."""
    return " ".join(_CONTROL.sub("", decode_words(raw_text(value, hint))).split(" ")).strip()


def decode_words(text: str) -> str:
    """Decode the encoded words of RFC 2047. Neighbours in one charset are joined as bytes before they are decoded."""
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[tuple[str, str, str]] = []
    place = 0
    for word in _WORD.finditer(text):
        between = text[place : word.start()]
        if between.strip() or not run:
            out += [_decode_run(run), between]
            run = []
        run.append((word[1], word[2].lower(), word[3]))
        place = word.end()
    return clean("".join([*out, _decode_run(run), text[place:]]))


def _decode_run(run: list[tuple[str, str, str]]) -> str:
    """Neighbouring words: one decoding per stretch of equal charset."""
    out: list[str] = []
    joined, current = b"", None
    open_base64 = ""
    for name, encoding, content in run:
        charset = name.partition("*")[0]
        if current is not None and canonical(charset) != canonical(current):
            out.append(decode_text(joined + unbase64(open_base64), current).text)
            joined, open_base64 = b"", ""
        current = charset
        if encoding == "q":
            joined += unbase64(open_base64) + _unquote(content)
            open_base64 = ""
            continue
        # Some senders cut the base64 text itself; a piece that is no multiple of four goes on in the next word.
        open_base64 += "".join(content.split())
        if len(open_base64) % 4 == 0 or open_base64.endswith("="):
            joined += unbase64(open_base64)
            open_base64 = ""
    if current is not None:
        out.append(decode_text(joined + unbase64(open_base64), current).text)
    return "".join(out)


def unbase64(text: str) -> bytes:
    """Base64 without complaint: foreign characters are skipped, missing padding is added."""
    out: list[bytes] = []
    for piece in re.split("=+", re.sub(r"[^A-Za-z0-9+/=]", "", text)):
        usable = piece[: len(piece) - 1] if len(piece) % 4 == 1 else piece
        try:
            out.append(base64.b64decode(usable + "=" * (-len(usable) % 4)))
        except binascii.Error:
            continue
    return b"".join(out)


def _unquote(text: str) -> bytes:
    data = text.replace("_", " ").encode("utf-8", "replace")
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), data)


def parse_parameters(value: bytes | None, hint: str | None = None) -> tuple[str, dict[str, str]]:
    """``text/plain; charset=…`` as the lower-case value and its parameters, RFC 2231 and MIME words undone."""
    if value is None:
        return "", {}
    text = raw_text(value, hint)
    main, _, rest = text.partition(";")
    if " " in main.strip() and "=" in main:
        main, _, forgotten = main.strip().partition(" ")  # no semicolon after the value
        rest = f"{forgotten};{rest}"
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, content in _pairs(rest):
        if section := _SECTION.match(name):
            number = int(section[2] or 0)
            sections.setdefault(section[1], {}).setdefault(number, (content, bool(section[3]) or section[2] is None))
        else:
            plain.setdefault(name, decode_words(content))
    for name, parts in sections.items():
        plain[name] = _join_sections([parts[number] for number in sorted(parts)])
    return main.strip().lower(), {name: _CONTROL.sub("", clean(content)) for name, content in plain.items()}


def _pairs(text: str) -> list[tuple[str, str]]:
    """``name=value`` pairs between semicolons; values may be quoted, badly quoted or not at all."""
    found: list[tuple[str, str]] = []
    place, end = 0, len(text)
    while place < end:
        equals = text.find("=", place)
        if equals < 0:
            break
        name = text[place:equals].rpartition(";")[2].strip().lower()
        place = equals + 1
        while place < end and text[place] in " \t":
            place += 1
        if place < end and text[place] == '"':
            content, place = _quoted(text, place + 1)
        else:
            stop = text.find(";", place)
            stop = end if stop < 0 else stop
            content, place = text[place:stop].strip(), stop
        if name:
            found.append((name, content))
    return found


def _quoted(text: str, place: int) -> tuple[str, int]:
    out: list[str] = []
    while place < len(text) and text[place] != '"':
        if text[place] == "\\" and text[place + 1 : place + 2] in {'"', "\\"}:
            place += 1
        out.append(text[place])
        place += 1
    return "".join(out), place + 1


def _join_sections(parts: list[tuple[str, bool]]) -> str:
    """RFC 2231: the first extended section names the charset; bytes are joined before they are decoded."""
    charset: str | None = None
    first, extended = parts[0]
    if extended and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        parts = [(first, True), *parts[1:]]
    data = b"".join(
        unquote_to_bytes(content) if extended else content.encode("utf-8", "replace") for content, extended in parts
    )
    if charset is None and data.isascii() and b"\x1b" not in data:
        return decode_words(data.decode("ascii"))
    return decode_text(data, charset).text


def message_ids(text: str) -> list[str]:
    """All ``<…>`` of a field; a bare id is given its brackets."""
    found = _MESSAGE_ID.findall(text)
    if not found and "@" in text:
        found = [f"<{word.strip('<>,;')}>" for word in text.split() if "@" in word]
    return list(dict.fromkeys(message_id[:998] for message_id in found))


_ZONES = {"JST": "+0900", "KST": "+0900", "CST-8": "+0800", "CET": "+0100", "CEST": "+0200", "BST": "+0100"}
_NUMERIC = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]*(?:\([^)]*\)\s*)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(.*)"
)


def parse_date(text: str) -> datetime | None:
    """The moment a Date field names, as far as it can be understood."""
    for name, offset in _ZONES.items():
        text = re.sub(rf"(?<![\w(]){re.escape(name)}\b", offset, text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _numeric_date(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _numeric_date(text: str) -> datetime | None:
    if not (found := _NUMERIC.search(text)):
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    offset = re.match(r"([+-]\d{2}):?(\d{2})", zone)
    try:
        return datetime.fromisoformat(
            f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second or '00'}"
            + (f"{offset[1]}:{offset[2]}" if offset else "+00:00")
        )
    except ValueError:
        return None
