"""Bytes of Japanese mail to text: what senders declare is a hint, what the bytes say counts."""

import re
from dataclasses import dataclass

from madoguchi.mail.charsets import ASCII, CP932, EUC_JP, ISO_2022_JP, UTF_8, canonical

_REPLACEMENT = "\ufffd"
_ESCAPE = re.compile(rb"\x1b(\([ABHIJ]|\$\([@BCDOPQ]|\$[@AB]|&@|\.[AF]|N.)|([\x0e\x0f])|(\r?\n|\r)", re.DOTALL)
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([@BD]|\(I|\(J)")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_KANA_RUN = re.compile(rb"[\xa1-\xdf]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e\uff61-\uff9f]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_LONE_LETTERS = re.compile(rb"(?:[\x00-\x7f]+[\xc0-\xff](?![\x80-\xff]))+[\x00-\x7f]*|[\xc0-\xff][\x00-\x7f]+")
# Charsets whose text can consist of ASCII bytes and is something else all the same.
_SEVEN_BIT = re.compile(r"utf-?(?:7|16|32)|hz|iso2022")
_PLAUSIBLE_ELSEWHERE = {ASCII, "cp1252", CP932, EUC_JP, None}


@dataclass(frozen=True)
class Decoded:
    """A text, the charset it was read with, and sentences about what was odd."""

    text: str
    charset: str
    warnings: tuple[str, ...] = ()


def decode_text(data: bytes, declared: str | None) -> Decoded:
    """Read ``data``; never fails.

    The order: the declared charset; escape sequences, whatever was declared; UTF-8; CP932; EUC-JP; replacement marks.
    """
    charset = canonical(declared)
    notes: list[str] = []
    if declared and declared.strip() and charset is None:
        notes.append(f"unknown charset {declared.strip()[:40]!r}")
    if charset == ISO_2022_JP or (charset in {None, ASCII, UTF_8, "cp1252"} and _JAPANESE_ESCAPE.search(data)):
        text = decode_iso_2022_jp(data)
        # Mails that say ISO-2022-JP and are something else altogether have no escapes, only high bytes.
        if b"\x1b" in data or not _HIGH_RUN.search(data) or _only_kana(data):
            return _result(text, ISO_2022_JP, notes, declared, charset)
    if data.isascii() and b"\x1b" not in data and not _SEVEN_BIT.match(charset or ""):
        return Decoded(data.decode("ascii"), charset or ASCII, tuple(notes))
    unicode = _strict(data, UTF_8) if charset in _PLAUSIBLE_ELSEWHERE else None
    if unicode is not None and (charset in {None, ASCII, "cp1252"} or len(_JAPANESE.findall(unicode)) >= 2):
        return _result(unicode, UTF_8, notes, declared, charset)
    if charset not in {None, ASCII, ISO_2022_JP} and (as_declared := _strict(data, charset)) is not None:
        if charset == "cp1252" and (japanese := _japanese(data)) and _KANA.search(japanese[0]):
            return _result(*japanese, notes, declared, charset)
        return Decoded(as_declared, charset, tuple(notes))
    return _guess(data, charset, declared, notes)


def _guess(data: bytes, charset: str | None, declared: str | None, notes: list[str]) -> Decoded:
    """The declared charset is missing or does not fit."""
    if (text := _strict(data, UTF_8)) is not None:
        return _result(text, UTF_8, notes, declared, charset)
    if charset not in {None, ASCII, ISO_2022_JP}:
        as_declared = _lossy(data, charset)
        marks = as_declared.count(_REPLACEMENT)
        # What is mostly sound UTF-8 is UTF-8 that was cut or spoilt: other bytes hardly ever look like it.
        sound = sum(char > "\x7f" for char in as_declared) - marks
        if marks <= sound if charset == UTF_8 else marks * 20 <= sound:
            return _result(as_declared, charset or "", notes, declared, charset)
    western = _strict(data, "cp1252") if charset in {None, ASCII, UTF_8} else None
    if western is not None and _LONE_LETTERS.fullmatch(data):
        return _result(western, "cp1252", notes, declared, charset)
    if japanese := _japanese(data):
        return _result(*japanese, notes, declared, charset)
    if western is not None and len(_HIGH_RUN.sub(b"", data)) * 4 > len(data) * 3:
        return _result(western, "cp1252", notes, declared, charset)
    options = {name: _lossy(data, name) for name in (charset, UTF_8, CP932, EUC_JP) if name and name != ASCII}
    best = min(options, key=lambda name: options[name].count(_REPLACEMENT))
    return _result(options[best], best, notes, declared, charset)


def _result(text: str, used: str, notes: list[str], declared: str | None, charset: str | None) -> Decoded:
    if charset is None:
        notes.append(f"no usable charset declared, read as {used}")
    elif charset != used:
        notes.append(f"declared {(declared or '').strip()[:40]!r}, is {used}")
    if marks := text.count(_REPLACEMENT):
        notes.append(f"{marks} undecodable places in {used}")
    return Decoded(text, used, tuple(notes))


def _japanese(data: bytes) -> tuple[str, str] | None:
    """Text and charset when the bytes are CP932 or EUC-JP beyond doubt: they decode, and kana come out."""
    shift, euc = _strict(data, CP932), _strict(data, EUC_JP)
    if shift is not None and _PRIVATE_USE.search(shift):
        shift = None
    if shift is not None and euc is not None:
        # EUC-JP read as CP932 turns into half-width kana.
        return (euc, EUC_JP) if len(_HALF_WIDTH.findall(shift)) > len(_HALF_WIDTH.findall(euc)) else (shift, CP932)
    if shift is not None and (len(_KANA.findall(shift)) >= 2 or len(_HALF_WIDTH.findall(shift)) >= 3):
        return shift, CP932
    if euc is not None and len(_JAPANESE.findall(euc)) >= 2:
        return euc, EUC_JP
    return None


def _strict(data: bytes, charset: str | None) -> str | None:
    text = _lossy(data, charset) if charset == EUC_JP else None
    if text is not None:
        return None if _REPLACEMENT in text else text
    try:
        return data.decode(charset or ASCII)
    except (UnicodeError, LookupError, ValueError):
        return None


def _lossy(data: bytes, charset: str | None) -> str:
    if charset == EUC_JP:
        return decode_euc_jp(data)
    if charset == ISO_2022_JP:
        return decode_iso_2022_jp(data)
    try:
        return data.decode(charset or ASCII, "replace")
    except (UnicodeError, LookupError, ValueError):
        return data.decode(UTF_8, "replace")


def decode_iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP as it is really sent: NEC and IBM characters (①㈱髙), half-width kana, and its extensions.

    Lines begin in ASCII. What has no meaning becomes U+FFFD.
    """
    out: list[str] = []
    state, kana, place = b"(B", False, 0
    for found in _ESCAPE.finditer(data):
        if found.start() > place:
            out.append(_segment(data[place : found.start()], state, kana))
        place = found.end()
        escape, shift, newline = found.groups()
        if newline is not None:
            state, kana = b"(B", False
            out.append(newline.decode("ascii"))
        elif shift is not None:
            kana = shift == b"\x0e"
        elif escape.startswith(b"N"):
            out.append(bytes([escape[1] | 0x80]).decode("latin-1"))
        elif not escape.startswith((b".", b"&")):
            state, kana = escape, False
    if place < len(data):
        out.append(_segment(data[place:], state, kana))
    return "".join(out)


def _segment(data: bytes, state: bytes, kana: bool) -> str:
    if kana or state == b"(I":
        return "".join(
            chr(0xFF40 + (byte & 0x7F)) if 0x21 <= byte & 0x7F <= 0x5F else chr(byte & 0x7F) for byte in data
        )
    match state:
        case b"(A" | b"(B" | b"(H" | b"(J":
            return _single_bytes(data)
        case b"$@" | b"$B" | b"$(@" | b"$(B":
            return _pairs_to_cp932(data)
        case b"$(D":
            return _pairs(data, b"\x8f", "euc_jp")
        case b"$A":
            return _pairs(data, b"", "gb2312")
        case b"$(C":
            return _pairs(data, b"", "euc_kr")
        case b"$(P":
            return _pairs(data, b"\x8f", "euc_jis_2004")
        case _:
            return _pairs(data, b"", "euc_jis_2004")


def _single_bytes(data: bytes) -> str:
    """ASCII; high bytes that strayed in are half-width kana when they can be, else UTF-8 or CP932."""
    if data.isascii():
        return data.decode("ascii").replace("\x1b", "")
    if _only_kana(data):
        return data.decode(CP932)
    text = _strict(data, UTF_8)
    return text if text is not None else data.decode(CP932, "replace")


def _only_kana(data: bytes) -> bool:
    return all(_KANA_RUN.fullmatch(run) for run in _HIGH_RUN.findall(data))


def _pairs_to_cp932(data: bytes) -> str:
    """JIS pairs moved to where Shift_JIS has them; CP932 knows the NEC and IBM rows there, the JIS codecs do not."""
    moved = bytearray()
    place, end = 0, len(data)
    while place < end:
        first = data[place]
        if first < 0x21 or first == 0x7F or (0xA1 <= first <= 0xDF and (place + 1 == end or data[place + 1] < 0x80)):
            moved.append(first)
            place += 1
        elif place + 1 == end or not 0x21 <= data[place + 1] & 0x7F <= 0x7E:
            moved.append(0x80)
            place += 1
        else:
            _move(moved, first if first < 0x98 else first & 0x7F, data[place + 1] & 0x7F)
            place += 2
    return bytes(moved).decode(CP932, "replace").replace("\x80", _REPLACEMENT)


def _move(out: bytearray, first: int, second: int) -> None:
    """One JIS pair as Shift_JIS; rows above 94 are where Microsoft has its IBM extensions."""
    out.append((first + 1) // 2 + (0x70 if first < 0x5F else 0xB0))
    out.append(second + 0x7E if first % 2 == 0 else second + (0x20 if second >= 0x60 else 0x1F))


def _pairs(data: bytes, prefix: bytes, codec: str) -> str:
    out: list[str] = []
    place = 0
    while place < len(data):
        if data[place] < 0x21 or place + 1 == len(data):
            out.append(chr(data[place]) if data[place] < 0x21 else _REPLACEMENT)
            place += 1
        else:
            pair = bytes([data[place] | 0x80, data[place + 1] | 0x80])
            out.append((prefix + pair).decode(codec, "replace")[:2])
            place += 2
    return "".join(out)


_EUC = re.compile(rb"(\x8e[\xa1-\xdf])|(\x8f[\xa1-\xfe]{2})|([\xa1-\xfe]{2})|([\x80-\xff])|[\x00-\x7f]+")


def decode_euc_jp(data: bytes) -> str:
    """EUC-JP with the NEC and IBM rows, as Windows programs send it; U+FFFD for what has no meaning."""
    out: list[str] = []
    for found in _EUC.finditer(data):
        kana, supplement, pair, stray = found.groups()
        if pair is not None:
            moved = bytearray()
            _move(moved, pair[0] & 0x7F, pair[1] & 0x7F)
            out.append(bytes(moved).decode(CP932, "replace"))
        elif kana is not None:
            out.append(kana[1:].decode(CP932))
        elif supplement is not None:
            out.append(supplement.decode("euc_jp", "replace")[:1])
        else:
            out.append(_REPLACEMENT if stray is not None else found[0].decode("ascii"))
    return "".join(out)
