"""起票: an inquiry becomes one record, held by the first line."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.journal.record import NamedActor
from madoguchi.search.models import Pending
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket, id_of, number_of, shown
from tests.cast import Cast


def test_a_new_ticket_is_held_by_the_call_centre(cast: Cast) -> None:
    ticket = open_ticket(
        subject=" メールが\n送れない ",
        body="本文",
        channel="phone",
        requester=cast.yamada,
        category=cast.mail_trouble,
        by=cast.sato,
    )
    assert ticket.subject == "メールが 送れない"
    assert (ticket.front_team, ticket.holder_team, ticket.front_staff) == (
        cast.call_centre,
        cast.call_centre,
        cast.sato,
    )
    assert (ticket.organization, ticket.contract, ticket.status) == (cast.minato, cast.contract, "new")
    message = ticket.messages.get()
    assert (message.body, message.from_requester, message.person) == ("本文", True, cast.yamada)
    assert Pending.objects.filter(kind="ticket", ref=ticket.pk).exists()


def test_the_journal_names_everybody_concerned(cast: Cast) -> None:
    ticket = open_ticket(subject="相談", body="", channel="visit", requester=cast.yamada, by=cast.sato)
    entry = Entry.objects.get(kind="ticket.opened")
    assert (entry.actor_name, entry.data["subject"]) == ("佐藤 美咲", "相談")
    assert set(Mention.objects.filter(entry=entry).values_list("kind", "ref")) == {
        ("ticket", ticket.pk),
        ("team", cast.call_centre.pk),
        ("person", cast.yamada.pk),
        ("staff", cast.sato.pk),
        ("interaction", Interaction.objects.get().pk),
    }


@pytest.mark.parametrize("channel", ["phone", "mail", "web", "chat", "visit", "bypass"])
def test_a_ticket_without_a_contact_notes_one(cast: Cast, channel: str) -> None:
    ticket = open_ticket(subject="相談", body="", channel=channel, requester=cast.yamada, by=cast.sato)
    contact = ticket.contact_links.get().interaction
    assert (contact.channel, contact.person, contact.organization) == (channel, cast.yamada, cast.minato)
    assert (contact.state, contact.staff, contact.team, contact.summary) == (
        "linked",
        cast.sato,
        cast.call_centre,
        "相談",
    )
    assert contact.started_at == contact.ended_at == ticket.opened_at


def test_what_an_operator_writes_down_belongs_to_the_contact_they_have_with_that_person(cast: Cast) -> None:
    of_nakagawa = open_interaction(channel="phone", person=cast.nakagawa, by=cast.sato, staff=cast.sato)
    by_colleague = open_interaction(channel="phone", person=cast.yamada, by=cast.suzuki, staff=cast.suzuki)
    yesterday = timezone.now() - timedelta(hours=30)
    forgotten = open_interaction(
        channel="phone", person=cast.yamada, by=cast.sato, staff=cast.sato, started_at=yesterday
    )
    unidentified = open_interaction(channel="phone", address="+819011112222", by=cast.sato, staff=cast.sato)
    ticket = open_ticket(subject="相談", body="", channel="phone", requester=cast.yamada, by=cast.sato)
    assert ticket.contact_links.get().interaction == unidentified
    unidentified.refresh_from_db()
    assert (unidentified.state, unidentified.person) == ("linked", cast.yamada)
    for other in (of_nakagawa, by_colleague, forgotten):
        other.refresh_from_db()
        assert other.state == "open"
    assert Interaction.objects.count() == 4


def test_a_second_ticket_of_the_running_call_belongs_to_it_too(cast: Cast) -> None:
    call = ringing_and_answered(cast)
    tickets = [
        open_ticket(subject=subject, body="", channel="phone", requester=cast.yamada, by=cast.sato)
        for subject in ("一件目", "二件目")
    ]
    assert {ticket.contact_links.get().interaction.call for ticket in tickets} == {call}
    assert Interaction.objects.count() == 1


def ringing_and_answered(cast: Cast) -> Call:
    """山田 calls from the mobile and 佐藤 has taken the call."""
    now = timezone.now()
    common = {"call": "c-1", "at": now.isoformat(), "direction": "inbound", "from": {"number": "09011112222"}}
    events = [
        {**common, "id": "1", "type": "call.started"},
        {**common, "id": "2", "type": "agent.joined", "agent": "1001"},
    ]
    (call,) = receive_events(read_events(events), sender="pbx", by=NamedActor("telephone", "pbx"))
    return call


def test_an_empty_subject_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused):
        open_ticket(subject=" \n ", body="本文", channel="web", by=cast.sato)
    assert not Ticket.objects.exists()


def test_one_call_opens_two_tickets_and_is_settled(cast: Cast) -> None:
    call = open_interaction(channel="phone", by=cast.sato, staff=cast.sato)
    tickets = [
        open_ticket(subject=s, body="", channel="phone", interaction=call, requester=cast.yamada, by=cast.sato)
        for s in "AB"
    ]
    assert [link.ticket for link in call.ticket_links.order_by("id")] == tickets
    assert (call.state, call.person) == ("linked", cast.yamada)
    assert not link_interaction(tickets[0], interaction=call, by=cast.sato)


@given(st.integers(min_value=1, max_value=10**15))
def test_a_number_is_found_in_every_writing(ticket_id: int) -> None:
    number = number_of(ticket_id)
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for writing in (
        number,
        shown(ticket_id),
        f"#{number}",
        wide,
        f"{wide[:-1]}－{wide[-1]}",
        f"{number[:-1]} {number[-1]}",
    ):
        assert id_of(writing) == ticket_id


@given(st.integers(min_value=1, max_value=10**9), st.data())
def test_a_misheard_digit_opens_nobody_elses_ticket(ticket_id: int, data: st.DataObject) -> None:
    digits = number_of(ticket_id)
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    assert id_of(digits[:place] + other + digits[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "abc", "1", "12x4", "10482", "-", "メール", "9" * 30])
def test_what_is_no_number_is_none(text: str) -> None:
    assert id_of(text) is None
