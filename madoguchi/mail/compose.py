"""An outgoing mail as bytes: 7-bit MIME that every mail program reads, the same bytes however often it is built."""

import base64
import hashlib
import re
from email.utils import format_datetime
from operator import attrgetter
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.mail.models import OutgoingMail
from madoguchi.mail.parse import LOOP_HEADER

_PLAIN = re.compile(r"[ -~]*\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_WORD_BYTES = 45  # gives encoded words of 72 characters, 75 being the most
_NAME_PIECE = 50


def build(mail: OutgoingMail) -> bytes:
    """The whole mail, CRLF line ends, without any envelope."""
    mark = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]
    content = _text(mail.body, "plain")
    if mail.html is not None:
        content = _multipart("alternative", f"=_alternative_{mark}", [content, _text(mail.html, "html")])
    attachments = sorted(mail.attachments.all(), key=attrgetter("pk")) if mail.pk else []
    if attachments:
        content = _multipart("mixed", f"=_mixed_{mark}", [content, *map(_attachment, attachments)])
    return "\r\n".join([*_headers(mail), "MIME-Version: 1.0", ""]).encode("ascii") + content


def _headers(mail: OutgoingMail) -> list[str]:
    lines = [
        f"Date: {format_datetime(timezone.localtime(mail.queued_at))}",
        f"From: {address_header(settings.MAIL_NAME, settings.MAIL_ADDRESS)}",
        "To: " + ",\r\n ".join(_idn(address) for address in mail.to),
        *(["Cc: " + ",\r\n ".join(_idn(address) for address in mail.cc)] if mail.cc else []),
        f"Reply-To: {address_header(settings.MAIL_NAME, mail.reply_to)}",
        f"Subject: {encode_words(mail.subject, len('Subject: '))}",
        f"Message-ID: {mail.message_id}",
    ]
    if mail.in_reply_to:
        lines.append(f"In-Reply-To: {_ascii(mail.in_reply_to)}")
    if mail.references:
        lines.append("References: " + "\r\n ".join(_ascii(reference) for reference in mail.references))
    if mail.is_automatic:
        lines += ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: bulk"]
    lines.append(f"{LOOP_HEADER}: {settings.MAIL_ADDRESS}")
    return lines


def address_header(name: str, address: str) -> str:
    """``name <address>`` as a header wants it."""
    if not name:
        return _idn(address)
    if _ATOMS.match(name) and "=?" not in name:
        return f"{name} <{_idn(address)}>"
    if _PLAIN.match(name) and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{_idn(address)}>'
    return f"{encode_words(name, 10)}\r\n <{_idn(address)}>"


def encode_words(text: str, used: int = 0) -> str:
    """RFC 2047: ASCII stays, folded between words; else UTF-8 encoded words that cut no character."""
    text = "".join(char if char >= " " and char != "\x7f" else " " for char in text)
    if _PLAIN.match(text) and "=?" not in text and all(len(word) < 900 for word in text.split(" ")):
        return _fold(text, used)
    pieces: list[bytes] = [b""]
    room = _WORD_BYTES - used
    for char in text:
        data = char.encode("utf-8", "replace")
        if len(pieces[-1]) + len(data) > max(room, 6):
            pieces.append(b"")
            room = _WORD_BYTES
        pieces[-1] += data
    return "\r\n ".join(f"=?UTF-8?B?{base64.b64encode(piece).decode('ascii')}?=" for piece in pieces)


def _fold(text: str, used: int) -> str:
    lines, length = [""], used
    for word in re.split(r"(?<=\S)(?= )", text):
        if length + len(word) > 76 and lines[-1].strip():
            lines.append("")
            length = 0
        lines[-1] += word
        length += len(word)
    return "\r\n".join(lines)


def _text(text: str, kind: str) -> bytes:
    """One text part. A newline is CRLF; what is not short ASCII lines goes as base64."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    data = "\r\n".join(lines).encode("utf-8", "replace")
    if data and not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.isascii() and all(len(line) < 990 for line in lines) and b"\x00" not in data:
        return f"Content-Type: text/{kind}; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n".encode() + data
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + _base64(
        data
    )


def _attachment(attachment: Attachment) -> bytes:
    """One file. A mail inside a mail must not be base64 under its own type, so it travels as plain bytes."""
    kind = attachment.content_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", attachment.content_type, re.ASCII) else ""
    if not kind or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    header = "\r\n".join(
        [
            f"Content-Type: {kind};\r\n name={_quoted(attachment.name)}",
            f"Content-Disposition: attachment;\r\n {_extended('filename', attachment.name)}",
            "Content-Transfer-Encoding: base64",
            "",
            "",
        ]
    )
    return header.encode("ascii") + _base64(store.read(attachment.file))


def _quoted(name: str) -> str:
    """For old programs that look only here: plain, or as encoded words inside the quotes."""
    plain = name.replace("\\", "_").replace('"', "_")
    return f'"{plain}"' if _PLAIN.match(plain) and len(plain) < 60 else f'"{encode_words(name, 7)}"'


def _extended(parameter: str, value: str) -> str:
    """RFC 2231, in sections when it is long; a percent escape is never cut."""
    plain = value.replace("\\", "_").replace('"', "_")
    if _PLAIN.match(plain) and len(plain) < 60:
        return f'{parameter}="{plain}"'
    marks = re.findall(r"%[0-9A-F]{2}|.", quote(value.encode("utf-8", "replace"), safe=""))
    pieces = [""]
    for mark in marks:
        if len(pieces[-1]) + len(mark) > _NAME_PIECE:
            pieces.append("")
        pieces[-1] += mark
    if len(pieces) == 1:
        return f"{parameter}*=UTF-8''{pieces[0]}"
    first, *others = pieces
    sections = [f"{parameter}*0*=UTF-8''{first}"]
    sections += [f"{parameter}*{number}*={piece}" for number, piece in enumerate(others, 1)]
    return ";\r\n ".join(sections)


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + part + (b"" if part.endswith(b"\r\n") else b"\r\n") for part in parts)
    return head + body + line + b"--\r\n"


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _idn(address: str) -> str:
    """The domain of an address in its ASCII form."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{_ascii(local)}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return _ascii(address)
