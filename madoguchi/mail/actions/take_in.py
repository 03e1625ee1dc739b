"""A mail has reached the desk: keep it, read it, find its thread, and tell the rooms upstairs."""

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from madoguchi.files import store
from madoguchi.files.models import StoredFile
from madoguchi.foundation.prepared import Prepared, insert, update
from madoguchi.journal.record import Actor, record
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.mail.parse import ParsedMail, parse
from madoguchi.mail.threads import find_thread
from madoguchi.problems.set_aside import set_aside

KINDS = {
    IncomingMail.Nature.ORDINARY: "mail.received",
    IncomingMail.Nature.AUTO_REPLY: "mail.auto_reply_received",
    IncomingMail.Nature.BOUNCE: "mail.bounce_received",
    IncomingMail.Nature.LOOP: "mail.ignored",
}


_known = Prepared(lambda key: IncomingMail.objects.select_related("raw").filter(dedupe_key=key))


def take_in(
    raw: bytes, *, source: str, envelope_from: str | None, envelope_to: Sequence[str], by: Actor
) -> IncomingMail:
    """Keep ``raw`` as it came and let the desk have it; the same mail again gives the row that exists already.

    When the rooms upstairs fail, the mail stays, set aside with its error. Only trouble with the database or the disk
    is raised: then nothing is kept and the sender must try again. ``envelope_from`` is empty for a null sender, None
    when it is not known.
    """
    mail = parse(raw, envelope_from=envelope_from)
    key = _dedupe_key(raw, mail, envelope_from, envelope_to)
    if earlier := _known.first(key):
        return _again(earlier, raw, by)
    # The bytes reach the disk before the transaction begins, which on SQLite would hold up every other writer.
    digest = store.write(raw)
    try:
        with transaction.atomic():
            file = store.enter(digest, len(raw))
            incoming = _keep(file, mail, key, source=source, envelope_from=envelope_from, envelope_to=envelope_to)
            _tell(incoming, by)
    except IntegrityError:
        if earlier := IncomingMail.objects.filter(dedupe_key=key).first():
            return earlier
        raise
    return incoming


def _again(earlier: IncomingMail, raw: bytes, by: Actor) -> IncomingMail:
    """The same mail by another way is one mail, but its bytes (other trace headers) are kept as well."""
    digest = store.write(raw)
    if digest != earlier.raw.sha256 and not StoredFile.objects.filter(sha256=digest).exists():
        with transaction.atomic():
            store.keep(raw)
            record("mail.repeated", by=by, about=[earlier], data={"sha256": digest})
    return earlier


@transaction.atomic
def retry(mail: IncomingMail, *, by: Actor) -> IncomingMail:
    """Give a mail that was set aside (or never got further than its arrival) to the desk again."""
    incoming = IncomingMail.objects.select_for_update(of=("self",)).select_related("raw", "thread").get(pk=mail.pk)
    if incoming.state in {IncomingMail.State.RECEIVED, IncomingMail.State.SET_ASIDE}:
        incoming.thread = incoming.thread or find_thread(incoming.parsed, incoming.envelope_to)
        incoming.state, incoming.error = _state_of(incoming.nature), ""
        incoming.save(update_fields=["thread", "state", "error"])
        _tell(incoming, by)
    return incoming


def begin_thread(incoming: IncomingMail) -> MailThread:
    """The thread of a mail, a new one when it has none. For the act that opens a ticket from it."""
    if incoming.thread is None:
        incoming.thread = insert(MailThread())
        update(incoming, ["thread"])
    return incoming.thread


def _keep(
    raw: StoredFile, mail: ParsedMail, key: str, *, source: str, envelope_from: str | None, envelope_to: Sequence[str]
) -> IncomingMail:
    nature = _nature(mail)
    sender = mail.sender
    incoming = insert(
        IncomingMail(
            state=_state_of(nature),
            raw=raw,
            source=source,
            envelope_from=_fit(envelope_from or "", 998),
            envelope_to=[_storable(address) for address in envelope_to],
            received_at=timezone.now(),
            nature=nature,
            dedupe_key=key,
            message_id=_fit_index(_fit(mail.message_id or "", 998)),
            in_reply_to=_fit(mail.in_reply_to or "", 998),
            references=mail.references,
            subject=mail.subject,
            from_address=_fit(sender.address if sender else "", 320),
            from_name=_fit(sender.name if sender else "", 320),
            auto_submitted=mail.auto_submitted,
            bounce=mail.bounce.as_json() if mail.bounce else None,
            thread=find_thread(mail, envelope_to),
        )
    )
    incoming.__dict__["parsed"] = mail
    return incoming


def _tell(incoming: IncomingMail, by: Actor) -> None:
    """Record the arrival; what the reactions do stands or falls as a whole, the mail stays either way."""
    try:
        with transaction.atomic():
            record(
                KINDS[IncomingMail.Nature(incoming.nature)],
                by=by,
                about=[incoming, incoming.thread],
                data={"subject": incoming.subject[:200]},
            )
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever fails upstairs, the mail is kept)
        incoming.refresh_from_db(fields=["thread"])
        incoming.state = IncomingMail.State.SET_ASIDE
        incoming.error = f"{type(error).__name__}: {error}"
        incoming.save(update_fields=["state", "error"])
        record("mail.set_aside", by=by, about=[incoming, incoming.thread], data={"error": incoming.error[:500]})
        set_aside("mail.incoming", error, mail=incoming.pk, sha256=incoming.raw.sha256)


def _state_of(nature: str) -> "IncomingMail.State":
    return IncomingMail.State.IGNORED if nature == IncomingMail.Nature.LOOP else IncomingMail.State.TAKEN


def _nature(mail: ParsedMail) -> IncomingMail.Nature:
    if mail.bounce is not None:
        return IncomingMail.Nature.BOUNCE
    if mail.loop_marks & {settings.MAIL_ADDRESS.lower()}:
        return IncomingMail.Nature.LOOP
    own = mail.message_id and mail.message_id.endswith(f"@{settings.MAIL_ADDRESS.rpartition('@')[2]}>")
    if own and OutgoingMail.objects.filter(message_id=mail.message_id).exists():
        return IncomingMail.Nature.LOOP
    return IncomingMail.Nature.AUTO_REPLY if mail.is_reply_of_machine else IncomingMail.Nature.ORDINARY


def _dedupe_key(raw: bytes, mail: ParsedMail, envelope_from: str | None, envelope_to: Sequence[str]) -> str:
    """Equal for one mail on two ways (retry, IMAP, a second recipient of ours), whose trace headers differ.

    Without a Message-ID only the same bytes in the same envelope are the same mail.
    """
    if mail.message_id:
        sender = mail.sender.address if mail.sender else ""
        body = b"\n".join(raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2:]).rstrip()
        parts = [mail.message_id.encode(), sender.encode(), mail.subject.encode(), body]
    else:
        parts = [
            raw,
            (envelope_from or "").encode(errors="replace"),
            *(to.encode(errors="replace") for to in envelope_to),
        ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def _storable(text: str) -> str:
    """Without the code points that PostgreSQL cannot keep."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def _fit_index(text: str) -> str:
    """PostgreSQL refuses the whole row when an indexed value is longer than a third of a page."""
    return text.encode()[:2000].decode(errors="ignore")


def _fit(text: str, length: int) -> str:
    return _storable(text)[:length]
