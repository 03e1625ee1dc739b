"""What machines write to a question: failures go another way, absences to somebody else, the rest is shown."""

import csv
import tarfile
from collections import Counter

import pytest
from django.db import transaction

from madoguchi.consultations.actions.steer import withdraw
from madoguchi.consultations.machine import Verdict, verdict_of
from madoguchi.consultations.models import Approach, Consultation, Remark, State
from madoguchi.journal.models import Entry
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.mail.parse import ParsedMail, parse
from madoguchi.notifications.models import Notification
from madoguchi.people.actions import change_contact
from madoguchi.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.consultations.letters import by_mail, failed, sent_to
from tests.consultations.questions import asked, kinds, states
from tests.mail.samples import DATA, mail

FIRST, SECOND = "keiri@example.jp", "okada@example.jp"
ABSENT = "10月5日まで休暇をいただいております。急ぎの方は岡田までご連絡ください。"
AUTOMATIC: dict[str, str | bytes] = {"Auto-Submitted": "auto-replied"}


def test_who_is_out_of_office_is_passed_over_at_once(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    by_mail(sent_to(FIRST), ABSENT, subject="自動応答: 不在", headers=AUTOMATIC)
    assert states(consultation) == [("経理 窓口", "away"), ("岡田 部長", "asked")]
    assert kinds(ticket) == ["asked", "away", "moved_on"]
    shown = consultation.remarks.get(kind=Remark.Kind.MACHINE)
    assert "休暇" in shown.body
    assert not Message.objects.filter(incoming__isnull=False).exists()


def test_their_own_deputy_is_asked_before_the_next(cast: Cast, ticket: Ticket) -> None:
    deputy = change_contact(cast.accounting_second, name="代理", by=cast.admin)
    change_contact(cast.accounting_first, deputy=deputy, by=cast.admin)
    consultation = asked(cast, ticket)
    by_mail(sent_to(FIRST), ABSENT, subject="自動応答", headers=AUTOMATIC)
    assert states(consultation)[-1] == ("代理", "asked")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("自動応答: 受け付けました", "お問い合わせを受け付けました。営業日は月曜から金曜です。"),
        ("Automatic reply: received", "We have received your message."),
        ("Re: [照会 10001-4-1] 休暇申請について", "受け付けました。"),
        ("自動応答", "受け付けました。\n\n> 出張中の経費はいつ精算できますか\n> 休暇中の連絡先"),
    ],
)
def test_an_acknowledgement_is_shown_and_changes_nothing(cast: Cast, ticket: Ticket, subject: str, body: str) -> None:
    consultation = asked(cast, ticket)
    by_mail(sent_to(FIRST), body, subject=subject, headers=AUTOMATIC)
    consultation.refresh_from_db()
    assert consultation.state == State.WAITING
    assert states(consultation) == [("経理 窓口", "asked")]
    assert kinds(ticket) == ["asked", "machine_mail"]


def test_what_could_not_be_delivered_goes_by_the_next_way_and_then_to_the_next(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    failed(sent_to(FIRST))
    approach = consultation.approaches.get()
    assert (approach.channel, approach.state, approach.tried) == ("phone", "asked", ["mail", "phone"])
    assert Notification.objects.filter(kind="consultation.to_call", staff=cast.sato).exists()
    failed(sent_to(FIRST))
    assert states(consultation) == [("経理 窓口", "asked")]
    assert kinds(ticket) == ["asked", "bounced", "machine_mail"]


def test_without_another_way_a_failure_goes_to_the_next_contact(cast: Cast, ticket: Ticket) -> None:
    change_contact(cast.accounting_first, phone="", by=cast.admin)
    consultation = asked(cast, ticket)
    failed(sent_to(FIRST))
    assert states(consultation) == [("経理 窓口", "bounced"), ("岡田 部長", "asked")]
    failed(sent_to(SECOND))
    consultation.refresh_from_db()
    assert consultation.state == State.EXHAUSTED


def test_a_delivery_that_is_still_tried_is_only_shown(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    failed(sent_to(FIRST), action="delayed", status="4.4.1")
    assert states(consultation) == [("経理 窓口", "asked")]
    assert kinds(ticket) == ["asked", "machine_mail"]


def test_a_failure_after_the_answer_changes_nothing(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    question = sent_to(FIRST)
    by_mail(question, "発行済みです")
    failed(question)
    consultation.refresh_from_db()
    assert (consultation.state, consultation.to_review) == (State.ANSWERED, False)


@pytest.mark.skipif(not (DATA / "mail-sisimai").exists(), reason="the mails of mail-sisimai are not on this machine")
def test_real_machine_mails_at_a_questions_address_are_told_apart_and_one_in_fifteen_moves_a_question_of_its_own(
    cast: Cast, ticket: Ticket, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every one is thrown on SQLite; on PostgreSQL one in fifteen is, and the others are only read."""
    expected: dict[str, str] = {}
    with (DATA / "mail-sisimai" / "expected.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = {"feedback": "feedback", "vacation": "auto-reply", "delivered": "auto-reply"}
            expected.setdefault(row["file"], kind.get(row["reason"], "bounce"))
    agreement: Counter[tuple[str, str]] = Counter()
    thrown: Counter[str] = Counter()
    settled = asked(cast, ticket)
    letter = sent_to(FIRST)
    withdraw(settled, by=cast.sato)
    with tarfile.open(DATA / "mail-sisimai" / "set-of-emails.tar.gz") as packed:
        for number, member in enumerate(row for row in packed if row.name in expected):
            raw = packed.extractfile(member)
            assert raw is not None
            content = raw.read()
            own = number % 15 == 0
            seen = heard(letter, content) if engine == "sqlite" and not own else told_apart(parse(content))
            agreement[expected[member.name], seen] += 1
            if own:
                thrown[thrown_at_a_question(cast, ticket, content, seen)] += 1
    same = sum(count for (wanted, seen), count in agreement.items() if wanted == seen)
    with capsys.disabled():
        print(f"\nmachine mails told apart as expected.csv has them: {same} of {sum(agreement.values())}")
        for (wanted, seen), count in sorted(agreement.items()):
            print(f"  {wanted:>10} read as {seen:<10} {count:>4}")
    assert same >= 0.98 * sum(agreement.values())
    assert thrown["moved"] > 25


def heard(letter: OutgoingMail, raw: bytes) -> str:
    """What the trail says of a mail at the reply address of a question, as ``expected.csv`` calls it."""
    with transaction.atomic():
        incoming = by_mail(letter, "", raw=raw)
        assert incoming.error == ""
        remark = Remark.objects.get(incoming=incoming)
        verdict = Entry.objects.filter(data__remark=remark.pk).earliest("id").data.get("verdict")
        assert (remark.kind == Remark.Kind.MACHINE) == (verdict is not None)
        transaction.set_rollback(True)
    kinds = {None: "a person", "failed": "bounce", "delayed": "bounce", "feedback": "feedback"}
    return kinds.get(verdict, "auto-reply")


def told_apart(read: ParsedMail) -> str:
    """As ``expected.csv`` tells them apart."""
    if read.bounce is None and not read.is_reply_of_machine:
        return "a person"
    verdict = verdict_of(read)
    if verdict in {Verdict.FAILED, Verdict.DELAYED}:
        return "bounce"
    return "feedback" if verdict == Verdict.FEEDBACK else "auto-reply"


def thrown_at_a_question(cast: Cast, ticket: Ticket, raw: bytes, seen: str) -> str:
    """The same mail sent to a question's reply address; whether the question moved on, and that it was right."""
    change_contact(cast.accounting_first, phone="", by=cast.admin)
    consultation = asked(cast, ticket, question=f"{OutgoingMail.objects.count()}")
    by_mail(sent_to(FIRST), "", raw=raw)
    incoming = IncomingMail.objects.latest("id")
    assert (incoming.error, incoming.thread) == ("", consultation.approaches.order_by("id")[0].thread)
    consultation.refresh_from_db()
    first = consultation.approaches.order_by("id")[0]
    if seen == "a person":
        assert consultation.state == State.ANSWERED
        return "answered"
    assert consultation.state == State.WAITING
    assert consultation.remarks.filter(incoming=incoming, kind=Remark.Kind.MACHINE).count() == 1
    moved = first.state in {Approach.State.BOUNCED, Approach.State.AWAY}
    verdict = verdict_of(parse(raw))
    assert moved == (verdict in {Verdict.FAILED, Verdict.AWAY})
    assert not Ticket.objects.exclude(pk=ticket.pk).exists()
    return "moved" if moved else "shown"


@pytest.mark.parametrize(
    "text",
    [
        "12/25まで出張中です",
        "本日は外出しております。席を外しており",
        "3月末で退職いたしました",
        "I am out of the office until Monday",
        "I'm on annual leave and back on 5 May",
    ],
)
def test_words_of_absence(text: str) -> None:
    raw = mail({"From": "a@example.jp", "Subject": "Re: x", **AUTOMATIC}, text.encode())
    assert verdict_of(parse(raw)) == Verdict.AWAY


def test_entries_about_a_question_carry_its_team(cast: Cast, ticket: Ticket) -> None:
    asked(cast, ticket)
    by_mail(sent_to(FIRST), ABSENT, subject="自動応答: 不在", headers=AUTOMATIC)
    entries = Entry.objects.filter(kind__startswith="consultation.")
    assert {entry.data["team_id"] for entry in entries} == {cast.call_centre.pk}
    assert Consultation.objects.count() == 1
