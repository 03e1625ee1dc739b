"""The tree of parts of a mail, from its bytes; broken structure gives a warning and a tree all the same."""

import binascii
import re
from dataclasses import dataclass, field

from madoguchi.mail.headers import Headers, parse_parameters, split_message, unbase64

DEEPEST = 30
MOST_PARTS = 1000
_TYPE = re.compile(r"^[!-.0-~]+/[!-.0-~]+$")
_BROKEN_QP = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_ODD_ENCODING = re.compile(r"[^a-z0-9]")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,500})\r?\n", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


@dataclass
class Part:
    """A leaf has ``body`` still encoded; a branch has ``children``."""

    headers: Headers
    body: bytes
    content_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    children: list["Part"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file name as the sender wrote it, without folders; empty when there is none."""
        name = self.disposition_parameters.get("filename") or self.parameters.get("name") or ""
        return re.split(r"[/\\]", name)[-1].strip()

    @property
    def encoding(self) -> str:
        return _ODD_ENCODING.sub("", self.headers.text("content-transfer-encoding").lower().partition(";")[0])


def read_tree(data: bytes, warnings: list[str]) -> Part:
    """The whole mail as a tree of parts."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return _read(data, warnings, depth=0, count=[0], default="text/plain")


def _read(data: bytes, warnings: list[str], *, depth: int, count: list[int], default: str) -> Part:
    headers, body, notes = split_message(data)
    warnings += notes
    count[0] += 1
    content_type, parameters = parse_parameters(headers.raw("content-type"))
    if not _TYPE.match(content_type):
        if content_type:
            warnings.append(f"unreadable content type {content_type[:60]!r}")
        content_type = "text/html" if content_type == "html" else default
    disposition, disposition_parameters = parse_parameters(headers.raw("content-disposition"))
    part = Part(headers, body, content_type, parameters, disposition, disposition_parameters)
    if content_type.startswith("multipart/"):
        _open(part, warnings, depth=depth, count=count)
    return part


def _open(part: Part, warnings: list[str], *, depth: int, count: list[int]) -> None:
    """Fill ``children``; without usable boundaries the part becomes plain text."""
    boundary = part.parameters.get("boundary", "").rstrip()
    body = part.body
    pieces = _split(body, boundary.encode("utf-8", "replace")) if boundary else None
    if pieces is None and part.encoding in {"base64", "quotedprintable"}:
        body = transfer_decode(body, part.encoding, [])
        pieces = _split(body, boundary.encode("utf-8", "replace")) if boundary else None
    if pieces is None and (guessed := _guess_boundary(body)):
        warnings.append("the boundary between the parts was missing or wrong, and guessed")
        pieces = _split(body, guessed)
    if pieces is None or depth >= DEEPEST:
        warnings.append("a multipart without parts is read as text" if pieces is None else "parts are nested too deep")
        part.content_type, part.body = "text/plain", body
        return
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for piece in pieces:
        if count[0] >= MOST_PARTS:
            warnings.append(f"more than {MOST_PARTS} parts; the rest is only in the original")
            break
        part.children.append(_read(piece, warnings, depth=depth + 1, count=count, default=default))


def _split(body: bytes, boundary: bytes) -> list[bytes] | None:
    """The bytes between boundary lines, None when the boundary does not occur. A missing end is no harm."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    for found in line.finditer(body):
        if start is not None:
            pieces.append(_after_line_end(body[start : found.start()]))
        start = found.end()
        if found[1]:
            start = None
            break
    if start is not None:
        pieces.append(_after_line_end(body[start:]))
    return pieces or None


def _after_line_end(piece: bytes) -> bytes:
    """The line end belongs to the boundary line; one more stays and means: no headers."""
    return piece[2:] if piece.startswith(b"\r\n") else piece[1:] if piece.startswith(b"\n") else piece


def _guess_boundary(body: bytes) -> bytes | None:
    """The first ``--…`` line that part headers follow."""
    found = re.search(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=Content-[A-Za-z-]+:)", body, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def transfer_decode(body: bytes, encoding: str, warnings: list[str]) -> bytes:
    """Undo base64, quoted-printable or uuencode; what is broken is skipped with a warning."""
    match encoding:
        case "base64":
            compact = re.sub(rb"\s", b"", body)
            if re.search(rb"[^A-Za-z0-9+/=]", compact) or len(compact.rstrip(b"=")) % 4 == 1:
                warnings.append("broken base64")
            return unbase64(body.decode("latin-1"))
        case "quotedprintable" | "quoteprintable" | "qp":
            if _BROKEN_QP.search(body):
                warnings.append("broken quoted-printable")
            return binascii.a2b_qp(body)
        case "xuuencode" | "uuencode" | "xuue" | "uue":
            blocks = uuencoded(body)
            if not blocks:
                warnings.append("broken uuencode")
            return blocks[0][1] if blocks else body
        case "" | "7bit" | "8bit" | "7bits" | "8bits" | "binary" | "plain" | "none":
            return body
        case _:
            warnings.append(f"unknown transfer encoding {encoding[:40]!r}")
            return body


def uuencoded(text: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Uuencoded files inside a text: (name, content, the block as it stands there)."""
    found: list[tuple[bytes, bytes, bytes]] = []
    place = 0
    while (begin := _UU_BEGIN.search(text, place)) and (end := _UU_END.search(text, begin.end())):
        lines = text[begin.end() : end.start()].splitlines()
        content = b"".join(_unuu(line) for line in lines if line.strip())
        found.append((begin[1].strip(), content, text[begin.start() : end.end()]))
        place = end.end()
    return found


def _unuu(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad the last line wrongly; take the bytes it says it has.
        count = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:count])
        except binascii.Error:
            return b""
