"""Read a mail: any bytes give a result, with warnings where they were odd. No database, no settings."""

import hashlib
import html as html_module
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from madoguchi.mail.addresses import Address, parse_addresses
from madoguchi.mail.bounces import Bounce, answers_by_itself, find_bounce, is_automatic, is_feedback
from madoguchi.mail.charsets import ASCII, canonical
from madoguchi.mail.decode import decode_text
from madoguchi.mail.flowed import unflow
from madoguchi.mail.headers import Headers, clean, message_ids, parse_date, raw_text
from madoguchi.mail.html import html_to_text
from madoguchi.mail.mime import Part, read_tree, transfer_decode, uuencoded

LOOP_HEADER = "X-Loop"
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_EXTENSIONS = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/html": ".html", "text/plain": ".txt"}


@dataclass(frozen=True)
class ParsedAttachment:
    name: str
    content_type: str
    content: bytes = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.content).hexdigest()
        return {"name": self.name, "type": self.content_type, "size": len(self.content), "sha256": digest}


@dataclass
class ParsedMail:
    """What a mail says. ``auto_submitted``: sent by a machine; ``is_reply_of_machine``: and as an answer to a mail.

    ``is_feedback``: a complaint about a mail that arrived.
    """

    subject: str = ""
    senders: list[Address] = field(default_factory=list)
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    date: datetime | None = None
    message_id: str | None = None
    in_reply_to: str | None = None
    references: list[str] = field(default_factory=list)
    text: str = ""
    html: str | None = None
    attachments: list[ParsedAttachment] = field(default_factory=list)
    auto_submitted: bool = False
    is_reply_of_machine: bool = False
    is_feedback: bool = False
    bounce: Bounce | None = None
    delivered_to: list[Address] = field(default_factory=list)
    authentication_results: list[str] = field(default_factory=list)
    loop_marks: set[str] = field(default_factory=set)
    return_path: str | None = None
    charset_used: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def sender(self) -> Address | None:
        """The first From address, None when nobody signed."""
        return self.senders[0] if self.senders else None

    def as_json(self) -> dict[str, Any]:
        """The form of ``madoguchi mail parse --json``."""
        result: dict[str, Any] = {
            "subject": self.subject,
            "from": str(self.sender) if self.sender else None,
            "to": [str(address) for address in self.to],
            "cc": [str(address) for address in self.cc],
            "date": self.date.isoformat() if self.date else None,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "references": self.references,
            "text": self.text,
            "html": self.html,
            "attachments": [attachment.as_json() for attachment in self.attachments],
            "auto_submitted": self.auto_submitted,
            "charset_used": self.charset_used,
            "warnings": self.warnings,
        }
        if self.bounce:
            result["bounce"] = self.bounce.as_json()
        return result


def parse(raw: bytes, *, envelope_from: str | None = None) -> ParsedMail:
    """Read a mail. Whatever the bytes, a result comes back; ``envelope_from`` is empty for a null sender."""
    mail = ParsedMail()
    try:
        _read(raw, mail, envelope_from)
    except Exception as error:  # noqa: BLE001 (a mail that we cannot read is kept and shown too)
        mail.warnings.append(f"could not be read: {type(error).__name__}: {clean(str(error))[:200]}")
        if not mail.text:
            mail.text = clean(decode_text(raw[:1_000_000], None).text)
    mail.warnings = list(dict.fromkeys(mail.warnings))
    return mail


def _read(raw: bytes, mail: ParsedMail, envelope_from: str | None) -> None:
    root = read_tree(raw, mail.warnings)
    headers = root.headers
    reader = _Bodies(mail)
    headers.charset_hint = reader.charset_hint(root)
    mail.subject = headers.text("subject")
    mail.senders = parse_addresses(headers.all("from"), headers.charset_hint) or parse_addresses(headers.all("sender"))
    mail.to = parse_addresses(headers.all("to"), headers.charset_hint)
    mail.cc = parse_addresses(headers.all("cc"), headers.charset_hint)
    mail.reply_to = parse_addresses(headers.all("reply-to"), headers.charset_hint)
    mail.delivered_to = parse_addresses(headers.all("delivered-to") or headers.all("x-original-to"))
    mail.authentication_results = [clean(raw_text(value)) for value in headers.all("authentication-results")]
    _read_ids(headers, mail)
    date = headers.text("date")
    mail.date = parse_date(date) if date else None
    if mail.date is None:
        mail.warnings.append(f"unreadable date {date[:60]!r}" if date else "no date")
    if not mail.senders:
        mail.warnings.append("no sender")
    reader.read(root)
    mail.text, mail.html = reader.text(), reader.html()
    mail.charset_used = reader.charset
    _read_nature(root, mail, envelope_from)


def _read_ids(headers: Headers, mail: ParsedMail) -> None:
    own = message_ids(headers.text("message-id"))
    answered = message_ids(headers.text("in-reply-to"))
    mail.message_id = own[0] if own else None
    mail.in_reply_to = answered[0] if answered else None
    mail.references = message_ids(" ".join(headers.text("references").split()))
    mail.loop_marks = {value.strip().decode("latin-1").lower() for value in headers.all(LOOP_HEADER.lower())}


def _read_nature(root: Part, mail: ParsedMail, envelope_from: str | None) -> None:
    headers = root.headers
    return_path = headers.raw("return-path")
    mail.return_path = return_path.strip().strip(b"<> ").decode("latin-1") if return_path is not None else None
    empty = envelope_from == "" if envelope_from is not None else mail.return_path == ""
    sender = (mail.sender.address or mail.sender.name) if mail.sender else ""
    leaves = list(_leaves(root))
    mail.bounce = find_bounce(root, leaves, mail.text, mail.subject, sender)
    mail.is_feedback = mail.bounce is None and is_feedback(root, leaves, mail.subject[:1000])
    report = root.content_type == "multipart/report" or mail.is_feedback
    mail.auto_submitted = bool(mail.bounce) or report or is_automatic(headers, mail.subject, empty_return_path=empty)
    mail.is_reply_of_machine = report or answers_by_itself(headers, mail.subject, empty_return_path=empty)


def _leaves(part: Part) -> Iterator[Part]:
    pending = [part]
    while pending:
        current = pending.pop(0)
        if current.children:
            pending = [*current.children, *pending]
        else:
            yield current


@dataclass
class _Body:
    plain: str | None = None
    html: str | None = None


def _joined(texts: list[str | None]) -> str | None:
    present = [text for text in texts if text is not None]
    return "\n".join(present) if present else None


class _Bodies:
    """Sorts the leaves of a mail into what is read and what is attached."""

    def __init__(self, mail: ParsedMail) -> None:
        self.mail = mail
        self.bodies: list[_Body] = []
        self.charset: str | None = None

    def charset_hint(self, root: Part) -> str | None:
        """The charset the first text part declares, to read raw 8-bit headers with."""
        for leaf in _leaves(root):
            declared = canonical(leaf.parameters.get("charset"))
            if leaf.content_type.startswith("text/") and declared not in {None, ASCII}:
                return declared
        return None

    def read(self, part: Part) -> None:
        if not part.children:
            self._leaf(part)
        elif part.content_type == "multipart/alternative":
            self._alternative(part)
        elif part.content_type == "multipart/related":
            root = part.children[0]
            self.read(root)
            for child in part.children[1:]:
                self._attach(child) if not child.children else self.read(child)
        else:
            for child in part.children:
                self.read(child)

    def _alternative(self, part: Part) -> None:
        """The same words several times: keep the plainest text and the richest HTML of them as one body."""
        outer, versions = self.bodies, []
        for child in part.children:
            self.bodies = []
            self.read(child)
            versions.append(self.bodies)
        self.bodies = outer
        plain = [_joined([body.plain for body in bodies]) for bodies in versions]
        html = [_joined([body.html for body in bodies]) for bodies in versions]
        words = next((text for text in plain if text and text.strip()), None)
        self.bodies.append(_Body(words, next((text for text in reversed(html) if text), None)))

    def _leaf(self, part: Part) -> None:
        readable = part.content_type in {"text/plain", "text/html", "text/enriched", "text/x-amp-html"}
        named = bool(part.name) and (bool(self.bodies) or part.content_type != "text/plain")
        if not readable or part.disposition == "attachment" or (named and part.disposition != "inline"):
            if part.content_type.startswith("multipart/"):
                return
            self._attach(part)
        elif part.content_type != "text/x-amp-html":
            self._text(part)

    def _text(self, part: Part) -> None:
        data = transfer_decode(part.body, part.encoding, self.mail.warnings)
        blocks = uuencoded(data) if part.content_type == "text/plain" else []
        for name, content, block in blocks:
            decoded = clean(decode_text(name, part.parameters.get("charset")).text)
            self.mail.attachments.append(ParsedAttachment(decoded, "application/octet-stream", content))
            data = data.replace(block, b"", 1)
        declared = part.parameters.get("charset")
        if part.content_type == "text/html" and canonical(declared) in {None, ASCII}:
            meta = _META_CHARSET.search(data[:4096])
            declared = meta[1].decode("ascii") if meta else declared
        read = decode_text(data, declared)
        self.mail.warnings += read.warnings
        if self.charset is None or self.charset == ASCII:
            self.charset = read.charset
        text = clean(read.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
        if part.content_type == "text/html":
            self.bodies.append(_Body(html=text))
        else:
            flowed = part.parameters.get("format", "").lower() == "flowed"
            delete = part.parameters.get("delsp", "").lower() == "yes"
            self.bodies.append(_Body(plain=unflow(text, delete_space=delete) if flowed else text))

    def _attach(self, part: Part) -> None:
        content = transfer_decode(part.body, part.encoding, self.mail.warnings)
        kind = part.content_type
        if kind == "application/ms-tnef" or part.name.lower() == "winmail.dat":
            self.mail.warnings.append("winmail.dat: Outlook packed its attachments in a form of its own")
        if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or kind == "application/pgp-encrypted":
            self.mail.warnings.append("signed or encrypted as a whole; its text cannot be read here")
        self.mail.attachments.append(
            ParsedAttachment(clean(part.name)[:255] or self._default_name(part), kind[:100], content)
        )

    def _default_name(self, part: Part) -> str:
        if part.content_type == "message/rfc822":
            inner = read_tree(part.body[:65536].partition(b"\n\n")[0] + b"\n\n", []).headers.text("subject")
            return (re.sub(r"[/\\:*?\"<>|]", "_", inner)[:100] or "mail") + ".eml"
        stem = {"message/delivery-status": "delivery-status", "text/rfc822-headers": "headers"}.get(part.content_type)
        extension = _EXTENSIONS.get(part.content_type, ".txt" if stem else "")
        return f"{stem or f'part-{len(self.mail.attachments) + 1}'}{extension}"

    def text(self) -> str:
        """All plain texts in order; where there is only HTML, its text."""
        texts = [body.plain if body.plain is not None else html_to_text(body.html or "") for body in self.bodies]
        return "\n".join(text for text in texts if text)

    def html(self) -> str | None:
        """All HTML in order, plain parts between them escaped; None when there is no HTML at all."""
        if not any(body.html is not None for body in self.bodies):
            return None
        return "\n".join(
            body.html if body.html is not None else f"<pre>{html_module.escape(body.plain or '')}</pre>"
            for body in self.bodies
        )
