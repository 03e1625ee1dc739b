"""Send what is due: claim rows by conditional update, deliver, mark; whatever happens, no mail is forgotten."""

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, unquote

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from madoguchi.files import store
from madoguchi.foundation.claims import CLAIM, claim, mark
from madoguchi.journal.record import SYSTEM, record
from madoguchi.mail.compose import build
from madoguchi.mail.models import OutgoingMail
from madoguchi.mail.queries import mails_waiting
from madoguchi.problems.set_aside import set_aside

State = OutgoingMail.State
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60))
LONGEST_WAIT_FOR_SERVER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=5)
ALARM_AT_ATTEMPT = 5
TIMEOUT_SECONDS = 60

type Replies = Mapping[str, tuple[int, bytes | str]]


def deliver_due(limit: int = 50) -> int:
    """Deliver up to ``limit`` mails that are due, over one connection; how many were claimed.

    A crash between sending and marking sends again under the same Message-ID once the claim has run out.
    """
    now = timezone.now()
    claimed = claim(mails_waiting(), now=now, limit=limit)
    if claimed is None:
        return 0
    mails = list(claimed.select_related("thread").prefetch_related("attachments__file"))
    if settings.SMTP is None:
        _lay_down(mails)
        return len(mails)
    with _Line(settings.SMTP) as line:
        for mail in mails:
            if timezone.now() >= now + CLAIM:
                break  # the rest belongs to whoever claims it next
            mine = mail.claimed_by
            try:
                _deliver(mail, line)
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 (what its failure set off failed: the others go on)
                set_aside("mail.outbox", error, mail=mail.pk)
                mail.claimed_by = mine  # what was marked meanwhile was rolled back
                mark(mail, state=State.FAILED, last_error=f"{type(error).__name__}: {error}")
    return len(mails)


def _deliver(mail: OutgoingMail, line: "_Line") -> None:
    """One mail: sent, written, put off or failed. A fault of its own is never the queue's fault."""
    try:
        refused = line.send(mail, build(mail))
    except smtplib.SMTPRecipientsRefused as error:
        _settle(mail, error.recipients)
    except smtplib.SMTPResponseException as error:
        _settle(mail, dict.fromkeys(mail.pending, (error.smtp_code, error.smtp_error)))
    except smtplib.SMTPNotSupportedError as error:
        _settle(mail, dict.fromkeys(mail.pending, (550, str(error))))
    except (OperationalError, InterfaceError):
        raise
    except (smtplib.SMTPException, OSError, EOFError) as error:
        if isinstance(error, FileNotFoundError):
            _fail_for_good(mail, error)
        else:
            line.hang_up()
            _put_off(mail, f"{type(error).__name__}: {error}", longest=LONGEST_WAIT_FOR_SERVER)
    except Exception as error:  # noqa: BLE001 (one bad row must not stop the others)
        _fail_for_good(mail, error)
    else:
        _settle(mail, refused)


def _lay_down(mails: Sequence[OutgoingMail]) -> None:
    """Without a server each mail becomes a file that a person can open.

    They are marked in one transaction: to write one again after a crash changes nothing.
    """
    folder = Path(settings.DATA_DIR) / "outbox"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for mail in mails:
        try:
            store.write_safely(folder / f"{mail.pk}.eml", build(mail))
        except Exception as error:  # noqa: BLE001 (one bad row must not stop the others)
            _fail_for_good(mail, error)
        else:
            written.append(mail)
    store.settle(folder)
    with transaction.atomic():
        for mail in written:
            _finish(mail, State.WRITTEN)


def _settle(mail: OutgoingMail, refused: Replies) -> None:
    """Some recipients may have been refused: for good (5xx), or for now, and then only they are tried again."""
    last = "; ".join(f"{address}: {code} {_words(words)}" for address, (code, words) in refused.items())
    later = [address for address, (code, _) in refused.items() if code < 500]
    never = [address for address in refused if address not in later]
    delivered = [address for address in mail.pending if address not in refused]
    if never:
        with transaction.atomic():
            record("mail.failed", by=SYSTEM, about=[mail, mail.thread], data={"to": never, "error": last[:500]})
            if not later:
                reached = delivered or len(mail.pending) < len({*mail.to, *mail.cc})
                mark(
                    mail,
                    state=State.SENT if reached else State.FAILED,
                    last_error=last,
                    pending=[],
                    sent_at=timezone.now() if reached else None,
                )
    if later:
        mail.pending = later
        _put_off(mail, last)
    elif not never:
        _finish(mail, State.SENT)


def _finish(mail: OutgoingMail, state: "OutgoingMail.State") -> None:
    with transaction.atomic():
        mark(mail, state=state, sent_at=timezone.now() if state == State.SENT else None, last_error="", pending=[])
        record("mail.sent" if state == State.SENT else "mail.written", by=SYSTEM, about=[mail, mail.thread])


def _put_off(mail: OutgoingMail, error: str, *, longest: timedelta = BACK_OFF[-1]) -> None:
    """Try again later, and say so aloud when it has been refused for a while."""
    now = timezone.now()
    if now - mail.queued_at > GIVE_UP_AFTER:
        with transaction.atomic():
            mark(mail, state=State.FAILED, last_error=error)
            record("mail.failed", by=SYSTEM, about=[mail, mail.thread], data={"to": mail.pending, "error": error[:500]})
        return
    wait = min(BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)], longest)
    mark(mail, state=State.QUEUED, next_attempt_at=now + wait, last_error=error, pending=mail.pending)
    if mail.attempts == ALARM_AT_ATTEMPT:
        set_aside("mail.outbox", error, mail=mail.pk)


def _fail_for_good(mail: OutgoingMail, error: BaseException) -> None:
    with transaction.atomic():
        mark(mail, state=State.FAILED, last_error=f"{type(error).__name__}: {error}")
        record(
            "mail.failed", by=SYSTEM, about=[mail, mail.thread], data={"to": mail.pending, "error": str(error)[:500]}
        )
    set_aside("mail.outbox", error, mail=mail.pk)


def _words(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


class _Line:
    """A connection to the mail server, opened at the first mail and opened anew after it broke."""

    def __init__(self, server: SplitResult | None) -> None:
        self.server = server
        self.smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.smtp is not None:
            try:
                self.smtp.quit()
            except (smtplib.SMTPException, OSError):
                self.smtp.close()

    def send(self, mail: OutgoingMail, content: bytes) -> Replies:
        """Hand the mail over to the outstanding recipients; the replies of those that were refused."""
        smtp = self.smtp or self._connect()
        # RFC 3834: the answer of a machine leaves with a null sender, so that nothing ever comes back.
        sender = "" if mail.is_automatic else mail.reply_to
        options = () if all(map(str.isascii, mail.pending)) else ("SMTPUTF8",)
        return smtp.sendmail(sender, mail.pending, content, mail_options=options)

    def hang_up(self) -> None:
        if self.smtp is not None:
            self.smtp.close()
        self.smtp = None

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        assert server is not None
        assert server.hostname is not None
        own_name = settings.MAIL_ADDRESS.rpartition("@")[2]
        context = ssl.create_default_context()
        if server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.hostname, server.port or 465, local_hostname=own_name, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            port = server.port or (587 if server.scheme == "smtp+starttls" else 25)
            smtp = smtplib.SMTP(server.hostname, port, local_hostname=own_name, timeout=TIMEOUT_SECONDS)
        try:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=context)
            if server.username:
                smtp.login(unquote(server.username), unquote(server.password or ""))
        except smtplib.SMTPResponseException as error:
            # A refused login is our trouble, not the mail's: it waits instead of failing.
            smtp.close()
            raise OSError(f"{error.smtp_code} {_words(error.smtp_error)}") from error
        except BaseException:
            smtp.close()
            raise
        self.smtp = smtp
        return smtp
