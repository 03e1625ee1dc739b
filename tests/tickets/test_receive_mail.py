"""What becomes of a mail: its ticket, the thread it joins, and senders who write more than a column holds."""

import random
from email.header import Header

import pytest
from django.db import transaction

from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import SYSTEM
from madoguchi.mail.actions import take_in
from madoguchi.mail.models import IncomingMail
from madoguchi.people.actions import Requester, add_person
from madoguchi.people.models import Person
from madoguchi.tickets.actions import receive_mail as room
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import close, resolve
from madoguchi.tickets.models import Status, Ticket
from tests.cast import Cast
from tests.mail.samples import mail

YAMADA = "山田 花子 <hanako.yamada@minato.example>"


def write(
    subject: str, *, number: int = 1, sender: str | bytes = YAMADA.encode(), reply_to: str = "", body: str = "本文"
) -> IncomingMail:
    headers: dict[str, str | bytes] = {
        "From": sender,
        "To": "desk@localhost",
        "Subject": str(Header(subject, "utf-8")),
        "Message-ID": f"<{number}@minato.example>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    if reply_to:
        headers["In-Reply-To"] = reply_to
    return take_in(
        mail(headers, body.encode()),
        source="smtp",
        envelope_from="hanako.yamada@minato.example",
        envelope_to=["desk@localhost"],
        by=SYSTEM,
    )


@pytest.mark.parametrize(
    "sender",
    [
        "長" * 320 + " <long@minato.example>",
        "名 " * 150 + "<long@minato.example>",
        f"長い <{'a' * 300}@minato.example>",
        f"{'b' * 250}@{'c' * 60}.example",
        "山田 <no address at all>",
    ],
)
def test_a_sender_longer_than_a_column_holds_opens_a_ticket_all_the_same(cast: Cast, sender: str) -> None:
    first = write("長い名前", number=1, sender=sender.encode())
    again = write("もう一度", number=2, sender=sender.encode())
    assert (first.state, first.error, again.state, again.error) == ("taken", "", "taken", "")
    requesters = {ticket.requester_id for ticket in Ticket.objects.all()}
    assert Ticket.objects.count() == 2
    assert len(requesters) == 1 or "@" not in sender or len(sender) > 254


def test_newcomers_from_one_shared_mailbox_are_the_same_person_the_next_time(cast: Cast) -> None:
    for name in ("港 次郎", "港 三郎"):
        add_person(Requester(name=name, email="info@minato.example"), by=cast.sato)
    before = Person.objects.count()
    for number in range(4):
        write("名前なし", number=number, sender=b"info@minato.example")
    assert Person.objects.count() == before + 1


def test_a_newcomer_entered_twice_at_the_same_moment_is_not_entered_ever_again(cast: Cast) -> None:
    for _ in range(2):
        add_person(Requester(name="港 次郎", email="jiro@minato.example"), by=cast.sato)
    before = Person.objects.count()
    for number in range(2):
        write("件名", number=number, sender="港 次郎 <jiro@minato.example>".encode())
    assert Person.objects.count() == before


def test_a_reply_to_a_merged_ticket_joins_the_one_that_goes_on(cast: Cast) -> None:
    write("送れない")
    old = Ticket.objects.get()
    going_on = open_ticket(subject="本件", body="本文", channel="phone", requester=cast.yamada, by=cast.sato)
    merge(old, into=going_on, by=cast.sato)
    write("Re: 送れない", number=2, reply_to="<1@minato.example>", body="追加です")
    assert going_on.messages.order_by("-id")[0].body == "追加です"
    assert Ticket.objects.count() == 2


def test_a_ticket_that_closes_while_its_reply_comes_in_gets_a_follow_up(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply was found to belong to a resolved ticket; before it took hold of it, somebody closed it."""
    write("送れない")
    ticket = Ticket.objects.get()
    resolve(ticket, resolution="直した", by=cast.sato)
    lock = room.lock

    def closed_meanwhile(found: Ticket) -> Ticket:
        if Ticket.objects.get(pk=found.pk).status == Status.RESOLVED:
            with transaction.atomic():
                close(found, by=cast.sato)
        return lock(found)

    monkeypatch.setattr(room, "lock", closed_meanwhile)
    write("Re: 送れない", number=2, reply_to="<1@minato.example>", body="まだです")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.messages.count()) == (Status.CLOSED, 1)
    assert Ticket.objects.get(follow_up_of=ticket).messages.get().body == "まだです"
    assert not Interaction.objects.unsettled().exists()


def test_a_message_id_longer_than_an_index_holds_is_kept_all_the_same(cast: Cast) -> None:
    """Random, because PostgreSQL compresses what repeats before it measures."""
    name = "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=970))
    taken = take_in(
        mail({"From": YAMADA, "Subject": "long", "Message-ID": f"<{name}@b.example>"}, b"text"),
        source="smtp",
        envelope_from="hanako.yamada@minato.example",
        envelope_to=["desk@localhost"],
        by=SYSTEM,
    )
    assert (taken.state, Ticket.objects.count()) == ("taken", 1)
