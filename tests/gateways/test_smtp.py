"""The real SMTP door: its own event loop and threads, a real database, a real client."""

import smtplib
import socket
import threading
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from madoguchi.files import store
from madoguchi.gateways import smtp
from madoguchi.journal import record as journal
from madoguchi.mail.models import IncomingMail
from tests.mail.samples import ARCHIVES, mail, mails_of
from tests.servers import send_raw

pytestmark = pytest.mark.django_db(transaction=True)
FROM, TO = "yamada@example.co.jp", "desk@localhost"


@pytest.fixture
def door(smtp_door: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """The port of a running door. Nothing happens upstairs."""
    monkeypatch.setattr(journal, "_reactions", dict)
    return smtp_door


def kept() -> bytes:
    return store.read(IncomingMail.objects.select_related("raw").get().raw)


def test_what_came_over_the_wire_is_kept_byte_for_byte(door: int) -> None:
    raw = mail({"Subject": b"\x1b$B-!\x1b(B"}, b".dot\r\n..dots\r\nbare\nline feed\rand return\x00\xff\r\n\r\n")
    assert send_raw(door, raw)[0] == 250
    assert kept() == raw
    incoming = IncomingMail.objects.get()
    assert (incoming.source, incoming.envelope_from, incoming.envelope_to) == ("smtp", FROM, [TO])


def test_a_null_sender_marks_the_answer_of_a_machine(door: int) -> None:
    assert send_raw(door, mail({"Subject": "x"}, b"y\r\n"), sender="")[0] == 250
    incoming = IncomingMail.objects.get()
    assert (incoming.envelope_from, incoming.nature) == ("", "auto_reply")


def test_a_line_longer_than_the_standard_allows_is_taken(door: int) -> None:
    raw = mail({"Subject": "x"}, b"x" * 300_000 + b"\r\n")
    assert send_raw(door, raw)[0] == 250
    assert kept() == raw


def test_the_door_takes_mail_for_the_desk_only(door: int) -> None:
    with smtplib.SMTP("127.0.0.1", door) as client:
        client.ehlo("test")
        client.mail(FROM)
        assert client.rcpt("somebody@elsewhere.example")[0] == 550
        assert client.rcpt("desk+abc@LOCALHOST")[0] == 250
        assert client.rcpt("postmaster@localhost")[0] == 250


def test_a_mail_that_is_too_large_is_refused_for_good(door: int, settings: LazySettings) -> None:
    with smtplib.SMTP("127.0.0.1", door) as client:
        client.ehlo("test")
        assert client.docmd(f"MAIL FROM:<{FROM}> SIZE=6000000")[0] == 552
    assert send_raw(door, mail({"Subject": "x"}, b"line\r\n" * 900_000))[0] == 552
    assert not IncomingMail.objects.exists()


def test_trouble_with_the_database_asks_the_sender_to_try_again(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **named: Any) -> None:
        raise OperationalError("the database is gone")

    with monkeypatch.context() as during:
        during.setattr(smtp, "take_in", fail)
        assert send_raw(door, mail({"Subject": "x"}))[0] == 451
    assert send_raw(door, mail({"Subject": "x"}))[0] == 250


def test_a_retry_after_a_lost_answer_is_the_same_mail(door: int) -> None:
    raw = mail({"Subject": "x", "Message-ID": "<1@a>"}, b"body\r\n")
    assert [send_raw(door, raw)[0], send_raw(door, raw)[0]] == [250, 250]
    assert IncomingMail.objects.count() == 1


def test_many_connections_at_once_lose_nothing(door: int) -> None:
    def work(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", door) as client:
            for part in range(5):
                client.sendmail(FROM, [TO], mail({"Message-ID": f"<{number}.{part}@a>"}, b"body\r\n"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert IncomingMail.objects.filter(state="taken").count() == 100


def test_a_client_that_breaks_off_leaves_nothing_and_stops_nothing(door: int) -> None:
    with socket.create_connection(("127.0.0.1", door)) as line:
        line.sendall(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<desk@localhost>\r\nDATA\r\nSubject: half")
    with socket.create_connection(("127.0.0.1", door)) as line:
        line.sendall(b"\xff\x00\r\n" * 50 + b"MAIL\r\nRCPT\r\n" + b"x" * 5000 + b"\r\n")
    assert send_raw(door, mail({"Subject": "after"}))[0] == 250
    assert IncomingMail.objects.get().subject == "after"


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_mail_of_the_collections_goes_through_without_losing_a_byte(door: int, name: str) -> None:
    files = [(file, raw) for file, raw in mails_of(name) if raw]
    with smtplib.SMTP("127.0.0.1", door) as client:
        client.ehlo("test")
        for number, (file, raw) in enumerate(files):
            client.mail(f"{number}@example.co.jp")
            client.rcpt(TO)
            client.docmd("DATA")
            wire = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
            stuffed = wire.replace(b"\r\n.", b"\r\n..")
            client.send((b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n")
            assert client.getreply()[0] == 250, file
            incoming = IncomingMail.objects.select_related("raw").order_by("-id")[0]
            same = incoming.envelope_from == f"{number}@example.co.jp"
            assert store.read(incoming.raw) == wire if same else store.path_of(incoming.raw.sha256).exists(), file
    assert not IncomingMail.objects.exclude(state__in=["taken", "ignored"]).exists()
