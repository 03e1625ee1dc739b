from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.foundation.claims import CLAIM
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.mail import outbox
from madoguchi.mail.actions import queue_mail, send_again
from madoguchi.mail.compose import build
from madoguchi.mail.models import MailThread, OutgoingMail
from madoguchi.mail.outbox import ALARM_AT_ATTEMPT, deliver_due
from madoguchi.mail.parse import parse
from madoguchi.problems.models import Problem
from tests.servers import Sink

pytestmark = pytest.mark.django_db


def queued(*to: str, thread: MailThread | None = None, **fields: Any) -> OutgoingMail:
    fields = {
        "subject": "【窓口】①㈱みなと商事様：" + "お問い合わせの件" * 6,
        "body": "髙橋様\n\n直りました。\n",
        **fields,
    }
    return queue_mail(
        thread=thread or MailThread.objects.create(), to=list(to) or ["yamada@example.co.jp"], by=SYSTEM, **fields
    )


def state(mail: OutgoingMail) -> str:
    return OutgoingMail.objects.get(pk=mail.pk).state


def test_a_mail_arrives_as_it_was_written(sink: Sink) -> None:
    mail = queued(html="<p>直りました。</p>")
    name = "見積書①" * 20 + ".pdf"
    mail.attachments.add(Attachment.objects.create(file=store.keep(b"%PDF"), name=name, content_type="application/pdf"))
    assert deliver_due() == 1
    ((sender, recipients, raw),) = sink.taken
    read = parse(raw)
    assert (sender, recipients) == (mail.reply_to, ["yamada@example.co.jp"])
    assert (read.subject, read.text.strip()) == (mail.subject, mail.body.strip())
    assert (str(read.senders[0]), read.reply_to[0].address) == ("窓口 <desk@localhost>", mail.reply_to)
    assert read.message_id == mail.message_id
    assert read.html is not None
    assert [(file.name, file.content_type, file.content) for file in read.attachments] == [
        (name, "application/pdf", b"%PDF")
    ]
    assert (read.warnings, read.auto_submitted) == ([], False)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()
    assert state(mail) == "sent"
    assert Entry.objects.filter(kind="mail.sent").count() == 1
    assert deliver_due() == 0


def test_a_thread_is_a_chain_of_references() -> None:
    first = queued()
    second = queued(thread=first.thread)
    third = queued(thread=first.thread)
    assert (third.in_reply_to, third.references) == (second.message_id, [first.message_id, second.message_id])
    assert parse(build(third)).references == third.references


def test_a_mail_of_a_machine_says_so_and_leaves_with_a_null_sender(sink: Sink) -> None:
    queued(automatic=True)
    deliver_due()
    ((sender, _, raw),) = sink.taken
    assert sender == "<>"
    assert parse(raw).is_reply_of_machine


def test_one_connection_serves_many_mails(sink: Sink) -> None:
    for _ in range(5):
        queued()
    assert deliver_due() == 5
    assert (len(sink.taken), sink.connections) == (5, 1)


def test_a_refused_recipient_fails_and_the_others_get_theirs(sink: Sink) -> None:
    sink.replies["gone@example.co.jp"] = "550 5.1.1 No such user"
    both, alone = queued("gone@example.co.jp", "yamada@example.co.jp"), queued("gone@example.co.jp")
    deliver_due()
    assert (state(both), state(alone)) == ("sent", "failed")
    assert [recipients for _, recipients, _ in sink.taken] == [["yamada@example.co.jp"]]
    assert Entry.objects.filter(kind="mail.failed").count() == 2
    assert "5.1.1" in OutgoingMail.objects.get(pk=alone.pk).last_error


def test_a_recipient_who_must_wait_is_tried_again_alone(sink: Sink) -> None:
    sink.replies["busy@example.co.jp"] = "451 4.2.1 Later"
    with freeze_time(timezone.now()) as clock:
        mail = queued("busy@example.co.jp", "yamada@example.co.jp")
        for minutes in (1, 2, 5, 15, 60, 60):
            assert deliver_due() == 1
            assert deliver_due() == 0
            waiting = OutgoingMail.objects.get(pk=mail.pk)
            assert (waiting.state, waiting.pending) == ("queued", ["busy@example.co.jp"])
            assert waiting.next_attempt_at - timezone.now() == timedelta(minutes=minutes)
            clock.tick(timedelta(minutes=minutes))
        sink.replies.clear()
        deliver_due()
    assert state(mail) == "sent"
    assert [recipients for _, recipients, _ in sink.taken] == [["yamada@example.co.jp"], ["busy@example.co.jp"]]
    assert Problem.objects.filter(where="mail.outbox").count() == 1


def test_a_dead_server_costs_nothing_but_time(settings: LazySettings) -> None:
    settings.SMTP = urlsplit("smtp://127.0.0.1:1")
    mail = queued()
    assert deliver_due() == 1
    waiting = OutgoingMail.objects.get(pk=mail.pk)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert "refused" in waiting.last_error


def test_a_server_that_comes_back_gets_each_mail_once_and_in_order(sink: Sink, settings: LazySettings) -> None:
    up, settings.SMTP = settings.SMTP, urlsplit("smtp://127.0.0.1:1")
    mails = [queued(f"{number}@example.co.jp") for number in range(3)]
    with freeze_time(timezone.now()) as clock:
        for _ in range(ALARM_AT_ATTEMPT + 1):
            assert deliver_due() == 3
            clock.tick(timedelta(minutes=61))
        assert {state(mail) for mail in mails} == {"queued"}
        assert Problem.objects.filter(where="mail.outbox").count() == 3
        settings.SMTP = up
        assert deliver_due() == 3
        clock.tick(timedelta(days=1))
        assert deliver_due() == 0
    assert [to for _, to, _ in sink.taken] == [[f"{number}@example.co.jp"] for number in range(3)]
    assert {state(mail) for mail in mails} == {"sent"}


def test_a_worker_killed_between_claim_and_sending_loses_nothing(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = queued()

    def killed(*args: Any) -> None:
        raise SystemExit

    with freeze_time(timezone.now()) as clock:
        with monkeypatch.context() as during:
            during.setattr(outbox, "_deliver", killed)
            with pytest.raises(SystemExit):
                deliver_due()
        assert state(mail) == "sending"
        assert deliver_due() == 0
        clock.tick(CLAIM + timedelta(seconds=1))
        assert deliver_due() == 1
    assert state(mail) == "sent"
    assert len(sink.taken) == 1


def test_what_a_failure_sets_off_may_fail_and_the_others_leave(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = queued(), queued()
    settle = outbox._settle

    def fails(mail: OutgoingMail, refused: outbox.Replies) -> None:
        with transaction.atomic():
            settle(mail, refused)
            if mail == bad:
                raise ValueError("a reaction")

    monkeypatch.setattr(outbox, "_settle", fails)
    deliver_due()
    assert (state(bad), state(good)) == ("failed", "sent")
    assert Problem.objects.get().message == "a reaction"


def test_a_worker_killed_after_sending_sends_under_the_same_message_id(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = queued()

    def killed(*args: Any) -> None:
        raise SystemExit

    with freeze_time(timezone.now()) as clock:
        with monkeypatch.context() as during:
            during.setattr(outbox, "_settle", killed)
            with pytest.raises(SystemExit):
                deliver_due()
        clock.tick(CLAIM + timedelta(seconds=1))
        deliver_due()
    assert [raw for _, _, raw in sink.taken] == [build(mail)] * 2
    assert state(mail) == "sent"


def test_one_mail_that_cannot_be_built_does_not_stop_the_others(sink: Sink) -> None:
    bad, good = queued(), queued()
    attachment = Attachment.objects.create(file=store.keep(b"lost"), name="lost.txt")
    bad.attachments.add(attachment)
    store.path_of(attachment.file.sha256).unlink()
    deliver_due()
    assert (state(bad), state(good)) == ("failed", "sent")
    assert Problem.objects.get().where == "mail.outbox"


def test_without_a_server_the_mail_is_written_to_a_file(settings: LazySettings, tmp_path: Path) -> None:
    settings.SMTP, settings.DATA_DIR = None, tmp_path
    mail = queued()
    assert deliver_due() == 1
    assert state(mail) == "written"
    assert (tmp_path / "outbox" / f"{mail.pk}.eml").read_bytes() == build(mail)
    send_again(mail, by=SYSTEM)
    assert state(mail) == "queued"
    with pytest.raises(Refused):
        send_again(mail, by=SYSTEM)


@pytest.mark.parametrize(
    "to", [[], ["no address"], ["a@example.co.jp\nBcc: b@example.co.jp"], ["a@example.co.jp>"], ["a@b.example"] * 101]
)
def test_bad_recipients_are_refused_at_once(to: list[str]) -> None:
    with pytest.raises(Refused):
        queue_mail(thread=MailThread.objects.create(), to=to, subject="x", body="y", by=SYSTEM)


def test_a_subject_cannot_smuggle_headers_in() -> None:
    raw = build(queued(subject="x\r\nBcc: evil@example.com", body="y"))
    assert b"\nBcc" not in raw


def test_files_that_were_written_before_a_crash_are_the_same_afterwards(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMTP, settings.DATA_DIR = None, tmp_path
    mails = [queued(body="一通目"), queued(body="二通目")]

    def killed(*args: Any) -> None:
        raise SystemExit

    with freeze_time(timezone.now()) as clock:
        with monkeypatch.context() as during:
            during.setattr(outbox, "_finish", killed)
            with pytest.raises(SystemExit):
                deliver_due()
        assert deliver_due() == 0
        clock.tick(CLAIM + timedelta(seconds=1))
        assert deliver_due() == 2
    assert [state(mail) for mail in mails] == ["written", "written"]
    for mail in mails:
        assert (tmp_path / "outbox" / f"{mail.pk}.eml").read_bytes() == build(mail)
    assert Entry.objects.filter(kind="mail.written").count() == 2


def test_a_file_that_cannot_be_written_does_not_stop_the_others(settings: LazySettings, tmp_path: Path) -> None:
    settings.SMTP, settings.DATA_DIR = None, tmp_path
    first, second = queued(body="一通目"), queued(body="二通目")
    (tmp_path / "outbox" / f"{first.pk}.eml").mkdir(parents=True)
    deliver_due()
    assert [state(first), state(second)] == ["failed", "written"]
    assert Problem.objects.get().facts["mail"] == first.pk


def test_files_are_marked_in_one_transaction_and_nothing_is_read_for_each(
    settings: LazySettings, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    settings.SMTP, settings.DATA_DIR = None, tmp_path
    for number in range(3):
        queued(body=f"{number}")
    with django_assert_num_queries(21):  # claim 3, attachments 1, one transaction 2, each mail 3 within 2 marks
        deliver_due()
