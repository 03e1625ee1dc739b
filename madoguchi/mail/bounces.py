"""Mails that no person wrote to us: bounces (RFC 3464 and older kinds) and answers of machines (RFC 3834)."""

import re
from dataclasses import dataclass

from madoguchi.mail.addresses import parse_addresses
from madoguchi.mail.decode import decode_text
from madoguchi.mail.headers import Headers, message_ids, raw_text, split_message
from madoguchi.mail.mime import Part, transfer_decode

_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ADDRESS = r"[^\s<>()\[\]\",;:'`@]{1,64}@[^\s<>()\[\]\",;:'`@]{1,250}[^\s<>()\[\]\",;:'`@.]"
_RECIPIENT_LINES = (
    re.compile(rf"^\s*(?:To|Recipient|宛先)?\s*:?\s*<({_ADDRESS})>\s*(?:\([^)]*\)\s*)?(?::|\.{{3}}|…|$)", re.MULTILINE),
    re.compile(
        rf"(?:could not be delivered to|failed recipient|recipient address|user unknown|not found|unable to deliver"
        rf"|following address(?:es)?|宛先|配信できません|送信できません|エラー)[^@]{{0,200}}?<?({_ADDRESS})>?",
        re.IGNORECASE,
    ),
    re.compile(rf"^[\s*・-]*({_ADDRESS})(?: on [^\n]*)?\s*$", re.MULTILINE),
    re.compile(rf"<({_ADDRESS})>"),
)
_REASON_LINE = re.compile(
    r"^.*(?:\b[45]\d\d[ -]|user unknown|unknown user|no such user|does not exist|mailbox (?:is )?full|quota|not found"
    r"|unknown host|rejected|refused|timed out|存在しません|届けられません|配信できません|送信できません|見つかりません"
    r"|容量|いっぱい).*$",
    re.MULTILINE | re.IGNORECASE,
)
_BOUNCE_SENDER = re.compile(
    r"^(?:mailer[-_.]?daemon|post[-_]?master|mail[-_]?daemon|mdaemon|bounce[sd]?)@|^mailer[-_.]?daemon$", re.IGNORECASE
)
_NO_REPLY = re.compile(r"^no[-_.]?reply@", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|report|has failed|problem)|deliver(?:y|able)?.*fail"
    r"|failure notice|fail.*deliver|returned (?:mail|to sender|message)|mail (?:system )?(?:error|delivery)"
    r"|mail could not be delivered|message (?:not )?deliver|nondeliver|non-deliver|mail not delivered"
    r"|could not send message|warning: message|delivery error|user unknown"
    r"|配信不能|配信できません|配信エラー|送信エラー|メールエラー|送信できません|不達|未達|エラーメール|宛先不明|配達不能|返送",
    re.IGNORECASE,
)
_BOUNCE_WORDS = re.compile(
    r"undeliverable|could ?n[o']t be delivered|not delivered|delivery (?:has )?failed|returned to sender"
    r"|did not reach (?:the following|some or all)|no such user|invalid (?:user|recipient) address"
    r"|配信できません|送信できません|お届けできません|届けることができません|配信されません",
    re.IGNORECASE,
)
_STILL_TRIES = re.compile(
    r"will (?:be retried|keep trying|continue to try|retry)|still (?:trying|being retried)|no action is required"
    r"|delivery (?:is |has been |status notification \()?delay|message (?:is )?delayed"
    r"|warning: (?:message|could not send)"
    r"|再送(?:を試み|します|を続け|中)|配信が?遅(?:れて|延)|引き続き(?:送信|配信|再送)",
    re.IGNORECASE,
)
_COMPLAINT = re.compile(r"complaint about message from \d{1,3}\.\d", re.IGNORECASE)
_RETURNED = re.compile(
    r"^ {0,4}(?:--|==)[^\n]{0,200}?(?:original|returned|undelivered|unsent|copy of|included|bounced"
    r"|以下|元の|オリジナル)[^\n]*$|^(?:Received|Return-Path): ",
    re.MULTILINE | re.IGNORECASE,
)
_LONGEST_READ = 100_000
_AUTO_STRONG = re.compile(
    r"^(?:re:\s*)?(?:[【\[(（<＜]\s*)?自動(?:応答|返信|送信)(?:メール|通知|メッセージ)?\s*(?:[】\])）>＞:：]|$)"
    r"|^(?:re:\s*)?\W?auto(?:matic)?[- ]?(?:reply|response|answer)\b|automatische antwort"
    r"|^(?:re:\s*)?\W?out[- ]of[- ](?:the[- ])?office"
    r"|r[ée]ponse automatique|risposta automatica|respuesta autom",
    re.IGNORECASE,
)
_AUTO_WEAK = re.compile(
    r"^(?:re:\s*)?(?:[【\[(（]\s*)?(?:不在|休暇|出張中|ただいま不在|(?:i am )?away\b|on (?:vacation|holiday|leave))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bounce:
    """A delivery of ours (or of somebody) that failed: for whom, with which enhanced status, and the server's words.

    ``is_final``: the server has given up; else it still tries.
    """

    recipient: str | None
    status: str | None
    reason: str | None
    original_message_id: str | None = None
    is_final: bool = True

    def as_json(self) -> dict[str, str | None]:
        return {"recipient": self.recipient, "status": self.status, "reason": self.reason}


def find_bounce(root: Part, leaves: list[Part], text: str, subject: str, sender: str) -> Bounce | None:
    """The bounce that this mail is, or None."""
    text, subject = text[:_LONGEST_READ], subject[:1000]
    headers = root.headers
    original = _original_id(leaves, text)
    report = next(
        (
            leaf
            for leaf in leaves
            if leaf.content_type.startswith("message/") and "delivery-status" in leaf.content_type
        ),
        None,
    )
    if report is not None:
        return _from_report(report, text, original, headers)
    if is_feedback(root, leaves, subject) or root.parameters.get("report-type") == "disposition-notification":
        return None
    failed = headers.text("x-failed-recipients")
    local_sender = _BOUNCE_SENDER.search(sender)
    told = bool(_BOUNCE_SUBJECT.search(subject) or _BOUNCE_WORDS.search(text[:1000]))
    daemon = sender.lower().startswith("mailer")
    if not (failed or daemon or (told and (local_sender or _no_return_path(headers) or _NO_REPLY.search(sender)))):
        return None
    own_words = _RETURNED.split(text, maxsplit=1)[0] or text
    recipient = failed.partition(",")[0].strip() or _recipient(own_words, text, sender)
    status = _STATUS.search(own_words)
    reason = _REASON_LINE.search(own_words)
    return Bounce(
        recipient or None,
        status[1] if status else None,
        _one_line(reason[0] if reason else next((line for line in own_words.splitlines() if line.strip()), "")),
        original,
        is_final=not (_STILL_TRIES.search(subject) or _STILL_TRIES.search(own_words)),
    )


def _from_report(report: Part, text: str, original: str | None, headers: Headers) -> Bounce | None:
    """RFC 3464: the first recipient that failed, else the first that waits; a success is no bounce."""
    body = transfer_decode(report.body, report.encoding, [])
    groups = [split_message(block)[0] for block in re.split(rb"(?:\r?\n){2,}", body.strip())]
    recipients = [
        group
        for group in groups
        if group.raw("final-recipient") or group.raw("original-recipient") or group.raw("action")
    ]
    actions = {_action(group): group for group in reversed(recipients) if _word(group, "action")}
    chosen = actions.get("failed") or actions.get("delayed")
    if chosen is None:
        if recipients and actions:
            return None
        chosen = recipients[0] if recipients else Headers()
    address = (
        _typed(chosen, "final-recipient")
        or _typed(chosen, "original-recipient")
        or _typed(chosen, "x-actual-recipient")
    )
    found = parse_addresses([address.encode()]) if address else []
    status = _STATUS.search(chosen.text("status")) or _STATUS.search(text)
    diagnostic = _typed(chosen, "diagnostic-code")
    if not diagnostic:
        line = _REASON_LINE.search(_RETURNED.split(text, maxsplit=1)[0])
        diagnostic = line[0] if line else ""
    specific = _STATUS.search(diagnostic)
    if specific and (status is None or status[1].endswith(".0.0")):
        status = specific
    recipient = (found[0].address if found else address) or headers.text("x-failed-recipients")
    final = "failed" in actions or ("delayed" not in actions and not (status and status[1].startswith("4")))
    return Bounce(recipient or None, status[1] if status else None, _one_line(diagnostic), original, is_final=final)


def _action(group: Headers) -> str:
    """What happened to a recipient; where a server has a word of its own (expired, deliverable) the status says it."""
    word = _word(group, "action")
    if word in {"failed", "delayed", "delivered", "relayed", "expanded"}:
        return word
    return "delivered" if group.text("status").strip().startswith("2.") else "failed"


def is_feedback(root: Part, leaves: list[Part], subject: str) -> bool:
    """A complaint about a mail that arrived (RFC 5965), not a failure."""
    kinds = {leaf.content_type for leaf in leaves} | {root.parameters.get("report-type", "")}
    return bool({"message/feedback-report", "feedback-report"} & kinds) or bool(_COMPLAINT.match(subject))


def is_automatic(headers: Headers, subject: str, *, empty_return_path: bool) -> bool:
    """Whether a machine sent this (RFC 3834 and what came before it)."""
    return _declared(headers) not in {"", "no"} or answers_by_itself(
        headers, subject, empty_return_path=empty_return_path
    )


def answers_by_itself(headers: Headers, subject: str, *, empty_return_path: bool) -> bool:
    """Whether this is a machine's answer to a mail, and not a report or form that a machine sends of its own accord."""
    subject = subject[:1000]
    declared = _declared(headers)
    answered = bool(headers.raw("in-reply-to") or headers.raw("references"))
    if declared in {"auto-replied", "auto-notified"} or empty_return_path or _AUTO_STRONG.search(subject):
        return True
    if declared == "auto-generated" and (answered or headers.raw("x-auto-response-suppress")):
        return True
    if any(
        headers.raw(name) is not None
        for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply")
    ):
        return headers.text("x-autoreply").lower() not in {"no", "false"}
    precedence = _word(headers, "precedence")
    if precedence in {"auto_reply", "auto-reply", "autoreply"}:
        return True
    weak = bool(_AUTO_WEAK.search(subject))
    return weak and (answered or precedence in {"bulk", "junk"})


def _declared(headers: Headers) -> str:
    return headers.text("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()


def _no_return_path(headers: Headers) -> bool:
    value = headers.raw("return-path")
    return value is not None and (value.strip() in {b"<>", b""} or b"MAILER-DAEMON" in value.upper())


def _recipient(own_words: str, text: str, sender: str) -> str:
    for words in (own_words, text):
        for pattern in _RECIPIENT_LINES:
            for found in pattern.finditer(words):
                if found[1].lower() != sender.lower():
                    return found[1]
    return ""


def _original_id(leaves: list[Part], text: str) -> str | None:
    """The Message-ID of the mail that came back, from whatever of it was returned."""
    for leaf in leaves:
        if leaf.content_type in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"}:
            returned = split_message(transfer_decode(leaf.body, leaf.encoding, []))[0]
            if found := message_ids(returned.text("message-id")):
                return found[0]
    inline = re.search(r"^\s*Message-I[Dd]:\s*(<[^<>\s]+>)", text, re.MULTILINE | re.IGNORECASE)
    return inline[1] if inline else None


def _typed(headers: Headers, name: str) -> str:
    """The value of ``rfc822; value``."""
    raw = headers.raw(name)
    value = raw_text(raw) if raw is not None else ""
    kind, semicolon, rest = value.partition(";")
    return (rest if semicolon and "@" not in kind and " " not in kind.strip() else value).strip()


def _word(headers: Headers, name: str) -> str:
    words = headers.text(name).lower().split()
    return words[0].strip(";,") if words else ""


def _one_line(text: str) -> str | None:
    return " ".join(text.split())[:1000] or None


def read_report_text(leaf: Part) -> str:
    """A status report or returned headers as text, for old bounces that hide their words there."""
    return decode_text(transfer_decode(leaf.body, leaf.encoding, []), leaf.parameters.get("charset")).text
