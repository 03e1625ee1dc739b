"""Two departments are asked about one ticket, by mail through real servers, and 山田 sees nobody but the desk.

山田 writes to a mailbox (Dovecot). At accounting the first contact stays silent, the second says "not me, ask 高田",
and 高田 answers from a program that writes ISO-2022-JP, with another subject and without what it answers. Sales answer
meanwhile. What departments write comes in by our own door, what leaves goes to a real server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import SplitResult

import pytest
from freezegun import freeze_time

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import read_as
from madoguchi.consultations.actions.use import use_answers
from madoguchi.consultations.models import Consultation, Remark, State
from madoguchi.consultations.sweep import advance_due
from madoguchi.gateways.imap import collect_once
from madoguchi.journal.models import Entry
from madoguchi.mail.models import IncomingMail, MailThread
from madoguchi.mail.outbox import deliver_due
from madoguchi.mail.parse import ParsedMail, parse
from madoguchi.people.access import access_of
from madoguchi.people.models import Contact, Department, Staff
from madoguchi.tickets.models import Message, Status, Ticket, WaitingFor
from madoguchi.tickets.timeline import timeline
from tests import cast as cast_module
from tests.cast import found
from tests.clocks.desk_time import at
from tests.consultations.questions import kinds, states
from tests.mail.samples import mail, outlook_jis
from tests.servers import Sink, needs_dovecot, put, send_raw

pytestmark = [pytest.mark.django_db(transaction=True), needs_dovecot]

YAMADA, KEIRI, OKADA, TAKADA, EIGYO = (
    "hanako.yamada@minato.example",
    "keiri@example.jp",
    "okada@example.jp",
    "takada@example.jp",
    "eigyo@example.jp",
)
OURS = {"経理", "営業部", "岡田", "高田", "発行済み", "値引き", "照会", "keiri@", "okada@", "takada@", "eigyo@"}
BILLED = "8月分の請求書は発行済みですか"
REDUCED = "9月分の値引きは承認済みですか"


@contextmanager
def moment(when: datetime) -> Iterator[None]:
    """Work at the desk at this moment; then the worker has its turns and what is to leave has left."""
    with freeze_time(when, tick=True, real_asyncio=True):
        yield
        while advance_due():
            pass
        deliver_due()


def last_to(sink: Sink, address: str) -> ParsedMail:
    return parse(sink.to(address)[-1])


def reply_address(letter: ParsedMail) -> str:
    return letter.reply_to[0].address


def test_the_answer_finds_its_question_and_the_requester_sees_only_the_desk(
    sink: Sink, smtp_door: int, mailbox: SplitResult
) -> None:
    cast = cast_module.enter()
    sales = found(Department(key="sales", name="営業部", name_en="Sales"))
    found(Contact(department=sales, name="営業 窓口", email=EIGYO, position=1))

    # 山田 writes to the desk's mailbox.
    with moment(at(1, 9)):
        headers: dict[str, str | bytes] = {
            "Return-Path": f"<{YAMADA}>",
            "Delivered-To": "desk@localhost",
            "From": f"山田 花子 <{YAMADA}>".encode(),
            "To": "desk@localhost",
            "Subject": "請求書が届きません".encode(),
            "Message-ID": "<asked@minato.example>",
        }
        put(mailbox, mail(headers, "8月分の請求書がまだ届きません。\r\n".encode()))
        assert collect_once(mailbox) == 1
        ticket = Ticket.objects.get()
        assert ticket.requester == cast.yamada

        # Two departments are asked, in parallel.
        billed = ask(ticket, department=cast.accounting, question=BILLED, by=cast.sato)
        reduced = ask(ticket, department=sales, question=REDUCED, by=cast.sato)
    assert (len(sink.to(KEIRI)), len(sink.to(EIGYO))) == (1, 1)
    assert reply_address(last_to(sink, KEIRI)) != reply_address(last_to(sink, EIGYO))

    # Sales answer meanwhile, to the desk's plain address: the mail says by itself what it answers.
    with moment(at(1, 10)):
        asked = last_to(sink, EIGYO)
        deliver(
            smtp_door,
            EIGYO,
            "desk@localhost",
            {"Subject": f"Re: {asked.subject}".encode(), **answering(asked)},
            "承認済みです。\r\n",
        )
    reduced.refresh_from_db()
    billed.refresh_from_db()
    ticket.refresh_from_db()
    assert (reduced.state, billed.state) == (State.ANSWERED, State.WAITING)
    assert (ticket.status, ticket.waiting_for) == (Status.WAITING, WaitingFor.DEPARTMENT)

    # The first stays silent: reminded at the deadline, passed over at the next one.
    for sent in (2, 2):
        billed.refresh_from_db()
        assert billed.next_at is not None
        with moment(billed.next_at):
            pass
        assert len(sink.to(KEIRI)) == sent
    assert states(billed) == [("経理 窓口", "silent"), ("岡田 部長", "asked")]

    # The second says that it is not theirs. The desk reads it so, and whom they name is asked, and known from now on.
    with moment(at(2, 9)):
        asked = last_to(sink, OKADA)
        words = "私の担当ではありません。高田さん (takada@example.jp) に聞いてください。\r\n"
        deliver(smtp_door, OKADA, reply_address(asked), answering(asked), words)
        remark = billed.remarks.get(kind=Remark.Kind.ANSWER)
        read_as(remark, Remark.Kind.DECLINE, named=Named(name="高田 由美", email=TAKADA), by=cast.sato)
    assert states(billed)[1:] == [("岡田 部長", "declined"), ("高田 由美", "asked")]
    assert not Contact.objects.get(email=TAKADA).is_confirmed

    # The third answers in ISO-2022-JP, under the subject of the other question; only the reply address is left.
    with moment(at(2, 10)):
        to = reply_address(last_to(sink, TAKADA))
        headers = {
            "Subject": outlook_jis(f"㈱みなと商事様 {reduced.number_shown}の件①"),
            "Content-Type": "text/plain; charset=iso-2022-jp",
        }
        deliver(smtp_door, TAKADA, to, headers, outlook_jis("①9月3日に発行済みです。\r\n②再送も可能です。\r\n"))
    billed.refresh_from_db()
    reduced.refresh_from_db()
    ticket.refresh_from_db()
    assert said(billed) == ("①9月3日に発行済みです。\n②再送も可能です。", "高田 由美")
    assert said(reduced) == ("承認済みです。", "営業 窓口")
    assert ticket.status == Status.OPEN

    # Who stayed silent writes at last: kept and to be looked at, the answer stands.
    with moment(at(2, 11)):
        deliver(smtp_door, KEIRI, reply_address(last_to(sink, KEIRI)), {}, "遅くなりました。確認中です。\r\n")
    billed.refresh_from_db()
    assert billed.to_review
    assert said(billed) == ("①9月3日に発行済みです。\n②再送も可能です。", "高田 由美")

    # The answer is used, and 山田 replies to it.
    with moment(at(2, 13)):
        assert billed.answer
        use_answers(ticket, [billed.answer], body="9月3日にお送りしております。再送いたしましょうか。", by=cast.sato)
    with moment(at(2, 14)):
        answer = last_to(sink, YAMADA)
        put(mailbox, mail(headers_of_reply(answer), "お願いします。\r\n".encode()))
        assert collect_once(mailbox) == 1

    the_trail_tells_all_of_it(cast.takahashi, ticket, billed, reduced)
    nothing_was_mixed(sink, billed, reduced)
    nobody_but_the_desk_was_seen(sink, ticket)


def deliver(port: int, sender: str, to: str, headers: dict[str, str | bytes], body: str | bytes) -> None:
    """A contact's mail server hands a mail over at our door."""
    names = {KEIRI: "経理 窓口", OKADA: "岡田", TAKADA: "高田 由美", EIGYO: "営業 窓口"}
    lines: dict[str, str | bytes] = {
        "From": f"{names[sender]} <{sender}>".encode(),
        "To": to,
        "Message-ID": f"<{IncomingMail.objects.count()}@example.jp>",
        "Content-Type": "text/plain; charset=utf-8",
        **headers,
    }
    raw = mail(lines, body if isinstance(body, bytes) else body.encode())
    assert send_raw(port, raw, sender=sender, to=to)[0] == 250
    incoming = IncomingMail.objects.latest("id")
    assert (incoming.error, incoming.state) == ("", IncomingMail.State.TAKEN)


def answering(letter: ParsedMail) -> dict[str, str | bytes]:
    """What a program writes into a reply."""
    assert letter.message_id is not None
    return {"In-Reply-To": letter.message_id}


def headers_of_reply(answered: ParsedMail) -> dict[str, str | bytes]:
    return {
        "Return-Path": f"<{YAMADA}>",
        "Delivered-To": reply_address(answered),
        "From": YAMADA,
        "To": reply_address(answered),
        "Subject": f"Re: {answered.subject}".encode(),
        **answering(answered),
        "Message-ID": "<thanks@minato.example>",
    }


def said(consultation: Consultation) -> tuple[str, str]:
    """The answer that counts, and who gave it."""
    assert consultation.state == State.ANSWERED
    assert consultation.answer is not None
    return consultation.answer.body, consultation.answer.author_name


def the_trail_tells_all_of_it(who: Staff, ticket: Ticket, billed: Consultation, reduced: Consultation) -> None:
    assert kinds(ticket) == [
        *("asked", "asked"),
        *("answered",),  # by sales
        *("reminded", "silent", "moved_on"),
        *("answered", "reread", "moved_on"),
        *("answered", "late_answer", "used"),
    ]
    told = Entry.objects.filter(kind="consultation.moved_on", mentions__kind="ticket", mentions__ref=ticket.pk)
    assert [(entry.data["contact"], entry.data["why"]) for entry in told.order_by("id")] == [
        ("岡田 部長", "no_answer"),
        ("高田 由美", "named"),
    ]
    by_question = Entry.objects.filter(kind__startswith="consultation.").values_list("data__consultation", flat=True)
    assert sorted(set(by_question)) == [billed.pk, reduced.pk]
    shown = timeline(ticket, access_of(who), limit=100)
    assert [item.kind for item in shown if item.kind.startswith("consultation.")] == [
        f"consultation.{kind}" for kind in kinds(ticket)
    ]


def nothing_was_mixed(sink: Sink, billed: Consultation, reduced: Consultation) -> None:
    for consultation, others in ((billed, REDUCED), (reduced, BILLED)):
        assert not any(others in remark.body for remark in consultation.remarks.all())
    for address, question in ((KEIRI, BILLED), (OKADA, BILLED), (TAKADA, BILLED), (EIGYO, REDUCED)):
        letters = [parse(raw) for raw in sink.to(address)]
        assert letters
        assert all(question in letter.text for letter in letters)
        assert len({reply_address(letter) for letter in letters}) == 1
    threads = MailThread.objects.filter(belongs_to=MailThread.Room.CONSULTATIONS)
    assert threads.count() == 4
    assert not Message.objects.filter(incoming__thread__in=threads).exists()


def nobody_but_the_desk_was_seen(sink: Sink, ticket: Ticket) -> None:
    letters = [parse(raw) for raw in sink.to(YAMADA)]
    assert letters
    for letter in letters:
        assert (letter.senders[0].address, [to.address for to in letter.to]) == ("desk@localhost", [YAMADA])
        seen = f"{letter.subject}\n{letter.text}\n{letter.html}"
        assert not [word for word in OURS if word in seen]
    public = ticket.messages.filter(visibility=Message.Visibility.PUBLIC).order_by("id")
    assert [message.from_requester for message in public] == [True, False, True]
    assert not [word for message in public for word in OURS if word in message.body]
    assert Ticket.objects.count() == 1
