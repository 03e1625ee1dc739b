"""Collection from a real Dovecot: each mail once, flagged after it is kept, nothing skipped."""

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest
from django.db import OperationalError

from madoguchi.files import store
from madoguchi.gateways import imap
from madoguchi.gateways.imap import collect_once
from madoguchi.journal import record as journal
from madoguchi.mail.models import CollectedMailbox, IncomingMail
from tests.mail.samples import mail, outlook_jis

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        shutil.which("dovecot") is None or os.geteuid() != 0,
        reason="Dovecot (dovecot-imapd) is missing, or we are not root",
    ),
]


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Dovecot of our own; every user has the password ``secret``."""
    folder = tmp_path_factory.mktemp("dovecot")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    nobody = pwd.getpwnam("nobody")
    (folder / "mail").mkdir()
    os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    config = folder / "dovecot.conf"
    config.write_text(f"""
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")
    process = subprocess.Popen(["dovecot", "-F", "-c", str(config)], stderr=subprocess.PIPE)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    else:
        process.kill()
        pytest.fail(f"Dovecot does not start: {(folder / 'log').read_text() if (folder / 'log').exists() else ''}")
    yield port
    process.terminate()
    process.wait(20)


@pytest.fixture
def mailbox(dovecot: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> SplitResult:
    """A mailbox of this test alone. Nothing happens upstairs."""
    monkeypatch.setattr(journal, "_reactions", dict)
    return urlsplit(f"imap://user{abs(hash(request.node.name))}:secret@127.0.0.1:{dovecot}/INBOX")


def signed_in(server: SplitResult) -> imaplib.IMAP4:
    assert server.hostname
    assert server.username
    client = imaplib.IMAP4(server.hostname, server.port or 143)
    client.login(server.username, server.password or "")
    client.select("INBOX")
    return client


def put(server: SplitResult, *mails: bytes, flags: str = "") -> None:
    client = signed_in(server)
    for raw in mails:
        assert client.append("INBOX", flags, "", raw)[0] == "OK"
    client.logout()


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
