"""Collection from a real Dovecot: each mail once, flagged after it is kept, nothing skipped."""

import imaplib
from typing import Any
from urllib.parse import SplitResult

import pytest
from django.db import OperationalError

from madoguchi.files import store
from madoguchi.gateways import imap
from madoguchi.gateways.imap import collect_once
from madoguchi.journal import record as journal
from madoguchi.mail.models import CollectedMailbox, IncomingMail
from tests.mail.samples import mail, outlook_jis
from tests.servers import needs_dovecot, put, signed_in

pytestmark = [pytest.mark.django_db, needs_dovecot]


@pytest.fixture(autouse=True)
def _nothing_upstairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_reactions", dict)


def unseen(server: SplitResult) -> int:
    client = signed_in(server)
    found = client.search(None, "UNSEEN")[1][0]
    client.logout()
    return len(found.split())


def letter(number: int) -> bytes:
    headers: dict[str, str | bytes] = {
        "Return-Path": "<a@example.co.jp>",
        "Delivered-To": "desk@localhost",
        "Message-ID": f"<{number}@a>",
    }
    return mail(headers, outlook_jis(f"①件目 {number}") + b"\r\n\xff\r\n")


def test_each_mail_is_taken_once_and_marked_as_seen(mailbox: SplitResult) -> None:
    put(mailbox, letter(1), letter(2))
    assert collect_once(mailbox) == 2
    assert collect_once(mailbox) == 0
    put(mailbox, letter(3))
    assert collect_once(mailbox) == 1
    assert [store.read(row.raw) for row in IncomingMail.objects.order_by("id")] == [letter(1), letter(2), letter(3)]
    first = IncomingMail.objects.order_by("id")[0]
    assert (first.source, first.envelope_from, first.envelope_to) == ("imap", "a@example.co.jp", ["desk@localhost"])
    assert unseen(mailbox) == 0


def test_a_mail_that_somebody_read_first_is_not_skipped(mailbox: SplitResult) -> None:
    collect_once(mailbox)
    put(mailbox, letter(1), flags=r"(\Seen)")
    assert collect_once(mailbox) == 1


def test_old_read_mail_of_a_mailbox_that_is_new_to_us_stays_where_it_is(mailbox: SplitResult) -> None:
    put(mailbox, letter(1), flags=r"(\Seen)")
    put(mailbox, letter(2))
    assert collect_once(mailbox) == 1


def test_nothing_is_marked_before_it_is_kept(mailbox: SplitResult, monkeypatch: pytest.MonkeyPatch) -> None:
    put(mailbox, letter(1), letter(2), letter(3))
    real = imap.take_in
    taken: list[bytes] = []

    def fail_at_the_second(raw: bytes, **named: Any) -> IncomingMail:
        if taken:
            raise OperationalError("the database is gone")
        taken.append(raw)
        return real(raw, **named)

    with monkeypatch.context() as during:
        during.setattr(imap, "take_in", fail_at_the_second)
        with pytest.raises(OperationalError):
            collect_once(mailbox)
    assert (IncomingMail.objects.count(), unseen(mailbox)) == (1, 2)
    assert collect_once(mailbox) == 2
    assert IncomingMail.objects.count() == 3


def test_a_crash_after_keeping_doubles_nothing(mailbox: SplitResult) -> None:
    put(mailbox, letter(1), letter(2))
    collect_once(mailbox)
    CollectedMailbox.objects.update(uid=0)
    collect_once(mailbox)
    assert IncomingMail.objects.count() == 2


def test_a_mailbox_that_was_numbered_anew_doubles_and_skips_nothing(mailbox: SplitResult) -> None:
    put(mailbox, letter(1))
    collect_once(mailbox)
    put(mailbox, letter(2), flags=r"(\Seen)")
    CollectedMailbox.objects.update(uid_validity=1, uid=999)
    assert collect_once(mailbox) == 2
    assert IncomingMail.objects.count() == 2
    assert collect_once(mailbox) == 0


def test_a_mail_that_the_server_will_not_give_out_is_asked_for_again(
    mailbox: SplitResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(mailbox, letter(1), letter(2))
    real = imap._fetch

    def not_the_first(client: imaplib.IMAP4, uid: int) -> bytes | None:
        if uid == 1:
            raise imap.UnreadableError("NO")
        return real(client, uid)

    with monkeypatch.context() as during:
        during.setattr(imap, "_fetch", not_the_first)
        assert collect_once(mailbox) == 1
    assert collect_once(mailbox) == 1
    assert IncomingMail.objects.count() == 2
