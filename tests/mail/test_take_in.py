from typing import Any

import pytest
from django.db import OperationalError
from django.db import models as django_models
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from madoguchi.files import store
from madoguchi.files.models import StoredFile
from madoguchi.journal import record as journal
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.mail.actions import begin_thread, queue_mail, retry, take_in
from madoguchi.mail.models import IncomingMail
from madoguchi.mail.threads import reply_address
from madoguchi.problems.models import Problem
from tests.mail.samples import mail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reactions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the rooms upstairs do when a mail arrives; nothing, unless a test says so."""
    chosen: dict[str, Any] = {}
    monkeypatch.setattr(journal, "_reactions", lambda: chosen)
    return chosen


def arrive(raw: bytes, **envelope: Any) -> IncomingMail:
    envelope = {
        "source": "smtp",
        "envelope_from": "yamada@example.co.jp",
        "envelope_to": ["desk@localhost"],
        **envelope,
    }
    return take_in(raw, by=SYSTEM, **envelope)


def letter(message_id: str = "<1@example.co.jp>", subject: str = "見積の件", **headers: str) -> bytes:
    named: dict[str, str | bytes] = {name.replace("_", "-"): value for name, value in headers.items()}
    return mail(
        {"From": "yamada@example.co.jp", "Subject": subject.encode(), "Message-ID": message_id, **named}, b"body\r\n"
    )


def test_a_mail_is_kept_as_it_came_and_told_upstairs() -> None:
    incoming = arrive(letter())
    assert store.read(incoming.raw) == letter()
    assert (incoming.state, incoming.nature, incoming.subject, incoming.thread) == (
        "taken",
        "ordinary",
        "見積の件",
        None,
    )
    assert Entry.objects.get(kind="mail.received").mentions.get(kind="incomingmail").ref == incoming.pk


@given(st.binary(max_size=400))
@hypothesis(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_kept_byte_for_byte(raw: bytes) -> None:
    incoming = arrive(raw)
    assert store.read(IncomingMail.objects.get(pk=incoming.pk).raw) == raw


def test_the_same_mail_again_is_the_same_mail() -> None:
    first = arrive(letter())
    assert arrive(letter()) == first
    by_imap = b"Received: from elsewhere\r\n" + letter().replace(b"\r\n", b"\n")
    assert arrive(by_imap, source="imap", envelope_from=None, envelope_to=[]) == first
    assert IncomingMail.objects.count() == 1


def test_another_content_under_the_same_message_id_is_another_mail() -> None:
    assert arrive(letter()) != arrive(letter() + b"more")


def test_a_reply_finds_its_thread_by_in_reply_to_or_references() -> None:
    thread = begin_thread(arrive(letter("<1@a>")))
    assert arrive(letter("<2@a>", In_Reply_To="<1@a>")).thread == thread
    assert arrive(letter("<3@a>", In_Reply_To="<unknown@a>", References="<1@a> <unknown@a>")).thread == thread


def test_a_reply_without_references_finds_its_thread_by_the_token() -> None:
    thread = begin_thread(arrive(letter("<1@a>")))
    assert arrive(letter("<2@a>"), envelope_to=[reply_address(thread).upper()]).thread == thread
    assert arrive(letter("<3@a>", To=f"窓口 <{reply_address(thread)}>")).thread == thread
    foreign = reply_address(thread).replace("@localhost", "@elsewhere.example")
    assert arrive(letter("<4@a>", To=foreign)).thread is None


def test_the_subject_alone_never_joins_a_thread() -> None:
    begin_thread(arrive(letter("<1@a>", subject="見積の件")))
    assert arrive(letter("<2@a>", subject="Re: 見積の件")).thread is None


def test_our_own_mail_that_comes_back_is_ignored() -> None:
    ours = queue_mail(thread=begin_thread(arrive(letter())), to=["a@example.co.jp"], subject="x", body="y", by=SYSTEM)
    assert arrive(letter(ours.message_id)).nature == "loop"
    looped = arrive(letter("<other@a>", X_Loop="desk@localhost"))
    assert (looped.nature, looped.state) == ("loop", "ignored")
    assert Entry.objects.filter(kind="mail.received").count() == 1


def test_auto_replies_and_bounces_are_told_apart_and_keep_their_thread() -> None:
    ours = queue_mail(thread=begin_thread(arrive(letter())), to=["a@example.co.jp"], subject="x", body="y", by=SYSTEM)
    away = arrive(letter("<2@a>", Auto_Submitted="auto-replied", In_Reply_To=ours.message_id))
    assert (away.nature, away.thread) == ("auto_reply", ours.thread)
    text = "<a@example.co.jp>: 550 5.1.1 User unknown\r\n\r\n--- Original message ---\r\n"
    text += f"Message-ID: {ours.message_id}\r\n"
    raw = mail({"From": "MAILER-DAEMON@example.co.jp", "Subject": "Undelivered Mail Returned to Sender"}, text.encode())
    bounced = arrive(raw, envelope_from="")
    assert (bounced.nature, bounced.thread) == ("bounce", ours.thread)
    assert bounced.bounce is not None
    assert (bounced.bounce["recipient"], bounced.bounce["status"]) == ("a@example.co.jp", "5.1.1")
    assert list(Entry.objects.filter(kind__startswith="mail.").order_by("id").values_list("kind", flat=True))[-2:] == [
        "mail.auto_reply_received",
        "mail.bounce_received",
    ]


def test_a_failure_upstairs_sets_the_mail_aside_and_retry_takes_it(reactions: dict[str, Any]) -> None:
    def fail(_entry: Entry, subjects: tuple[django_models.Model, ...]) -> None:
        begin_thread(next(subject for subject in subjects if isinstance(subject, IncomingMail)))
        raise ValueError("no team for it")

    reactions["mail.received"] = (fail,)
    incoming = arrive(letter())
    incoming.refresh_from_db()
    assert (incoming.state, incoming.error, incoming.thread) == ("set_aside", "ValueError: no team for it", None)
    assert store.read(incoming.raw) == letter()
    assert Problem.objects.get().where == "mail.incoming"
    assert not Entry.objects.filter(kind="mail.received").exists()

    assert retry(incoming, by=SYSTEM).state == "set_aside"
    reactions.clear()
    retry(incoming, by=SYSTEM)
    incoming.refresh_from_db()
    assert (incoming.state, incoming.error) == ("taken", "")
    retry(incoming, by=SYSTEM)
    assert Entry.objects.filter(kind="mail.received").count() == 1


def test_trouble_with_the_database_keeps_nothing_so_that_the_sender_tries_again(reactions: dict[str, Any]) -> None:
    def fail(_entry: Entry, _subjects: tuple[django_models.Model, ...]) -> None:
        raise OperationalError("database is locked")

    reactions["mail.received"] = (fail,)
    with pytest.raises(OperationalError):
        arrive(letter())
    assert not IncomingMail.objects.exists()
    reactions.clear()
    assert arrive(letter()).state == "taken"


def test_the_bytes_of_a_repeated_mail_are_kept_too(db: None) -> None:
    """The same mail by another way has other trace headers: one mail, two originals."""
    rest = b"\r\nMessage-ID: <one@example.jp>\r\nFrom: a@example.jp\r\n\r\ntext\r\n"
    first, again = b"Received: by a" + rest, b"Received: by b" + rest
    kept = [
        take_in(raw, source="smtp", envelope_from="a@example.jp", envelope_to=["desk@localhost"], by=SYSTEM)
        for raw in (first, again, again)
    ]
    assert len({mail.pk for mail in kept}) == 1
    originals = [store.read(file) for file in StoredFile.objects.order_by("id")]
    assert originals == [first, again]
    assert Entry.objects.filter(kind="mail.repeated").count() == 1
