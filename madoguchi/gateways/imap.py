"""Collect a mailbox by IMAP: every mail once, flagged only after it is committed, from a remembered place."""

import imaplib
import logging
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import SplitResult, unquote

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from madoguchi.journal.record import NamedActor
from madoguchi.mail.actions import take_in
from madoguchi.mail.models import CollectedMailbox, IncomingMail
from madoguchi.mail.parse import parse
from madoguchi.problems.set_aside import set_aside

BY = NamedActor("system", "IMAP")
POLL_SECONDS = 30
LONGEST_PAUSE_SECONDS = 600
TIMEOUT_SECONDS = 60
ALARM_AT_FAILURE = 5
log = logging.getLogger(__name__)


class UnreadableError(Exception):
    """The server would not give out one mail."""


def collect_forever(server: SplitResult, stop: threading.Event, *, pause: float = POLL_SECONDS) -> None:
    """Collect until ``stop`` is set; trouble with the server or the database is waited out, longer each time."""
    failures = 0
    while not stop.is_set():
        try:
            collect_once(server)
            failures = 0
        except (imaplib.IMAP4.error, OSError, EOFError, DatabaseError, InterfaceError) as error:
            failures += 1
            log.warning("the mailbox could not be collected: %s", error)
            connection.close()
            if failures == ALARM_AT_FAILURE:
                set_aside("mail.imap", error)
        except Exception as error:  # noqa: BLE001 (a bug must not end the collection of mail)
            failures += 1
            connection.close()
            set_aside("mail.imap", error)
        stop.wait(min(pause * 2**failures, LONGEST_PAUSE_SECONDS) if failures else pause)


def collect_once(server: SplitResult) -> int:
    """Take in what is new in the mailbox (path of the URL, INBOX by default); how many mails were fetched."""
    folder = unquote(server.path.lstrip("/")) or "INBOX"
    with _signed_in(server) as imap:
        uid_validity = _select(imap, folder)
        place, since = _place(server, folder, uid_validity)
        fetched = 0
        for uid in _new_uids(imap, place, since):
            try:
                raw = _fetch(imap, uid)
            except UnreadableError as error:
                log.warning("mail %s of %s could not be fetched: %s", uid, folder, error)
                place.failed_uids = sorted({*place.failed_uids, uid})
            else:
                if raw is not None:
                    _take(raw)
                    imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
                    fetched += 1
                place.failed_uids = [failed for failed in place.failed_uids if failed != uid]
            place.uid = max(place.uid, uid)
            place.save(update_fields=["uid", "failed_uids"])
        place.uid_validity, place.collected_at = uid_validity, timezone.now()
        place.save(update_fields=["uid_validity", "collected_at"])
        return fetched


@contextmanager
def _signed_in(server: SplitResult) -> Iterator[imaplib.IMAP4]:
    assert server.hostname is not None
    if server.scheme == "imaps":
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            server.hostname, server.port or 993, timeout=TIMEOUT_SECONDS, ssl_context=ssl.create_default_context()
        )
    else:
        imap = imaplib.IMAP4(server.hostname, server.port or 143, timeout=TIMEOUT_SECONDS)
    try:
        imap.login(unquote(server.username or ""), unquote(server.password or ""))
        yield imap
    finally:
        try:
            imap.logout()
        except (imaplib.IMAP4.error, OSError):
            imap.shutdown()


def _select(imap: imaplib.IMAP4, folder: str) -> int:
    """Open the folder; its UIDVALIDITY."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    answer, _ = imap.select(f'"{escaped}"')
    if answer != "OK":
        raise imaplib.IMAP4.error(f"there is no folder {folder!r}")
    _, validity = imap.response("UIDVALIDITY")
    return int(validity[0] or 0) if validity else 0


def _place(server: SplitResult, folder: str, uid_validity: int) -> tuple[CollectedMailbox, str]:
    """The remembered place, and an extra search for the case that the server has numbered its mails anew."""
    name = f"{unquote(server.username or '')}@{server.hostname}:{server.port or ''}/{folder}"[:320]
    place, _ = CollectedMailbox.objects.get_or_create(
        name=name, defaults={"uid_validity": -1, "collected_at": timezone.now()}
    )
    if place.uid_validity == uid_validity:
        return place, ""
    # Old numbers mean nothing now. What is unread or recent is read (again); a mail we have is known by its content.
    since = "UNSEEN"
    if place.uid_validity != -1:
        day = place.collected_at - timedelta(days=2)
        since = f"OR UNSEEN SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"
    place.failed_uids, place.uid = [], 0
    return place, since


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _new_uids(imap: imaplib.IMAP4, place: CollectedMailbox, since: str) -> list[int]:
    """Numbers to fetch, oldest first: above the remembered one, and those that failed before."""
    criteria = since or f"UID {place.uid + 1}:*"
    answer, found = imap.uid("SEARCH", criteria)
    if answer != "OK":
        raise imaplib.IMAP4.error(f"the search {criteria!r} was refused")
    uids = {int(uid) for line in found if line for uid in line.split()}
    # “n:*” always matches the newest mail, even when its number is lower.
    return sorted({uid for uid in uids if since or uid > place.uid} | set(place.failed_uids))


def _fetch(imap: imaplib.IMAP4, uid: int) -> bytes | None:
    """The bytes of one mail without marking it read; None when it has gone in the meantime."""
    answer, data = imap.uid("FETCH", str(uid), "(UID BODY.PEEK[])")
    if answer != "OK":
        raise UnreadableError(str(data))
    return next((part[1] for part in data if isinstance(part, tuple)), None)


def _take(raw: bytes) -> None:
    """Keep the mail; the envelope is what the server wrote into the header on delivery."""
    head = parse(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0] + b"\r\n\r\n")
    delivered_to = [address.address for address in head.delivered_to]
    take_in(
        raw,
        source=IncomingMail.Source.IMAP,
        envelope_from=head.return_path,
        envelope_to=list(dict.fromkeys(delivered_to)),
        by=BY,
    )
