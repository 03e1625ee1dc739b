import csv

import pytest

from madoguchi.mail.parse import parse
from tests.mail.samples import DATA, mail, mails_of

REPORT = """--b\r
Content-Type: text/plain; charset=utf-8\r
\r
配信できませんでした。\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.jp\r
\r
Final-Recipient: rfc822; ok@example.jp\r
Action: delivered\r
Status: 2.0.0\r
\r
Final-Recipient: rfc822; yamada@example.jp\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 <yamada@example.jp> User unknown\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <ours@example.com>\r
Subject: x\r
--b--\r
"""


def test_a_delivery_report_names_the_recipient_that_failed_and_our_mail() -> None:
    raw = mail({"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"}, REPORT.encode())
    read = parse(raw)
    assert read.bounce is not None
    assert read.bounce.as_json() == {
        "recipient": "yamada@example.jp",
        "status": "5.1.1",
        "reason": "550 5.1.1 <yamada@example.jp> User unknown",
    }
    assert read.bounce.original_message_id == "<ours@example.com>"
    assert read.auto_submitted


def test_a_report_of_success_is_no_bounce_but_no_person_either() -> None:
    raw = mail(
        {"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"},
        REPORT.replace("failed", "relayed").encode(),
    )
    assert parse(raw).bounce is None
    assert parse(raw).is_reply_of_machine


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-replied (vacation)"},
        {"Auto-Submitted": "auto-generated", "In-Reply-To": "<a@b>"},
        {"X-Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Return-Path": "<>"},
        {"Subject": "自動応答: 見積の件"},
        {"Subject": "【自動返信】お問い合わせありがとうございます"},
        {"Subject": "Automatic reply: x"},
        {"Subject": "Out of Office"},
        {"Subject": "不在のお知らせ", "In-Reply-To": "<a@b>"},
    ],
)
def test_the_answers_of_machines_are_recognised(headers: dict[str, str | bytes]) -> None:
    read = parse(mail({"From": "a@example.co.jp", **headers}))
    assert read.is_reply_of_machine
    assert read.auto_submitted
    assert read.bounce is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "自動返信メールが届きません"},
        {"Subject": "不在着信について"},
        {"Subject": "休暇申請の画面が開きません"},
        {"Subject": "Re: 自動応答の設定"},
        {"Auto-Submitted": "no"},
        {"Subject": "配信できませんと出ます"},
        {"Precedence": "bulk", "List-Id": "<ml.example.co.jp>"},
    ],
)
def test_a_person_who_writes_about_machines_is_a_person(headers: dict[str, str | bytes]) -> None:
    read = parse(mail({"From": "a@example.co.jp", **headers}))
    assert not read.is_reply_of_machine
    assert not read.auto_submitted
    assert read.bounce is None


def test_the_report_of_a_machine_that_answers_nothing_is_marked_but_counts_as_a_contact() -> None:
    read = parse(mail({"From": "nagios@example.co.jp", "Auto-Submitted": "auto-generated", "Subject": "DISK WARNING"}))
    assert read.auto_submitted
    assert not read.is_reply_of_machine


@pytest.mark.parametrize(
    ("action", "status", "failed"),
    [("expired", "", True), ("expired", "4.4.7", True), ("deliverable", "2.1.5", False), ("relayed", "2.0.0", False)],
)
def test_a_report_in_words_of_its_own_is_read_by_its_status(action: str, status: str, failed: bool) -> None:
    report = REPORT.replace("Action: failed", f"Action: {action}").replace("Status: 5.1.1", f"Status: {status}")
    report = report.replace("Action: delivered", "Action: relayed")
    read = parse(mail({"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"}, report.encode()))
    assert (read.bounce is not None) == failed
    assert read.bounce is None or read.bounce.is_final


@pytest.mark.parametrize(
    "words",
    ["Your message did not reach the following recipient(s):", "Error: Invalid user address", "550 no such user here"],
)
def test_a_postmaster_who_gives_no_report_is_understood(words: str) -> None:
    read = parse(mail({"From": "post_master@example.jp", "Subject": "Re: Test"}, f"{words}\r\na@example.jp".encode()))
    assert read.bounce is not None
    assert read.bounce.is_final
    person = parse(mail({"From": "yamada@example.jp", "Subject": "Re: Test"}, words.encode()))
    assert person.bounce is None


@pytest.mark.skipif(
    not (DATA / "mail-sisimai").exists(), reason="the mail collection mail-sisimai is not on this machine"
)
def test_real_bounces_are_recognised_with_their_status() -> None:
    """Nearly all: what we do not count is a forward by a person or bears no sign at all."""
    expected: dict[str, dict[str, str]] = {}
    with (DATA / "mail-sisimai" / "expected.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            expected.setdefault(row["file"].rsplit("/", 1)[-1], row)
    failures = {
        name: row for name, row in expected.items() if row["reason"] not in {"feedback", "vacation", "delivered"}
    }
    mails = {name.rsplit("/", 1)[-1]: raw for name, raw in mails_of("mail-sisimai") if "maildir/bsd/" in name}
    bounces = {name: parse(mails[name]).bounce for name in failures}
    found = {name: bounce for name, bounce in bounces.items() if bounce is not None}
    assert len(found) >= 0.97 * len(failures)
    assert sum(bool(bounce.recipient) for bounce in found.values()) >= 0.97 * len(found)
    real = {
        name: row
        for name, row in failures.items()
        if name in found and not row["delivery_status"].startswith(("5.0.9", "4.0.9"))
    }
    assert sum(found[name].status == row["delivery_status"] for name, row in real.items()) >= 0.94 * len(real)


def test_what_the_collection_calls_no_bounce_is_none() -> None:
    assert not [name for name, raw in mails_of("mail-sisimai") if "maildir/not/" in name and parse(raw).bounce]
