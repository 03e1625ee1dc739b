"""Calls that turn out to be one conversation are one contact."""

from datetime import timedelta
from typing import Any

import pytest

from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.actions.contacts import dismiss, save_draft, take_over
from madoguchi.interactions.models import Interaction
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast
from tests.telephony.lines import NINE, event, post, queue_call


def contact(call: str) -> Interaction:
    return Interaction.objects.get(call__call_id=call)


def test_the_contact_of_a_call_that_became_part_of_another_is_settled_and_gives_everything_on(cast: Cast) -> None:
    post(queue_call()[:6])
    post([event("call.started", 11, call="c-2", direction="inbound", from_={"number": "09011112222"})])
    part = contact("c-2")
    save_draft(part, data={"notes": "書きかけ"}, by=cast.sato)
    promise = promise_call_back(
        number="09011112222",
        due_at=NINE.replace(year=2100),
        team=cast.call_centre,
        interaction=part,
        by=cast.sato,
    )
    ticket = open_ticket(
        subject="件名", body="本文", channel="phone", requester=cast.yamada, interaction=part, by=cast.sato
    )
    post([event("call.joined", 16, call="c-2", into="c-1")])
    whole = contact("c-1")
    promise.refresh_from_db()
    assert whole.draft.data == {"notes": "書きかけ"}
    assert promise.interaction == whole
    assert [link.ticket for link in whole.ticket_links.all()] == [ticket]
    assert whole.state == "linked"
    post([event("call.ended", 30)])
    assert not Interaction.objects.filter(ended_at__isnull=True).exists()
    assert not Interaction.objects.unsettled().exists()


def test_an_untouched_part_stands_on_no_list(cast: Cast) -> None:
    post(queue_call()[:6])
    post([event("call.started", 11, call="c-2", direction="inbound", from_={"number": "09011112222"})])
    post([event("call.joined", 16, call="c-2", into="c-1")])
    post([event("call.ended", 30)])
    part = contact("c-2")
    assert (part.state, part.ended_at is not None) == ("dismissed", True)
    assert [row.pk for row in Interaction.objects.unsettled()] == [contact("c-1").pk]


def test_a_part_that_somebody_settles_in_the_same_instant_refuses_no_event(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second(part: Interaction, **said: Any) -> None:
        dismiss(Interaction.objects.get(pk=part.pk), reason="silent", by=cast.sato)
        dismiss(part, **said)

    monkeypatch.setattr("madoguchi.tickets.actions.join_contacts.dismiss", second)
    post(queue_call()[:6])
    post([event("call.started", 11, call="c-2", direction="inbound", from_={"number": "09011112222"})])
    post([event("call.joined", 16, call="c-2", into="c-1")])
    assert contact("c-2").dismissed_reason == "silent"


def test_a_whole_that_nobody_had_heard_of_takes_the_contact_of_its_part(cast: Cast) -> None:
    post([event("call.started", 11, call="c-2", direction="inbound", from_={"number": "09011112222"})])
    part = contact("c-2")
    post([event("call.joined", 16, call="c-2", into="c-1"), event("call.ended", 30)])
    assert contact("c-1").pk == part.pk
    assert Interaction.objects.count() == 1


def test_a_colleague_who_took_a_contact_over_keeps_it_when_the_call_ends(cast: Cast) -> None:
    post(queue_call()[:6])
    assert contact("c-1").staff == cast.sato
    take_over(contact("c-1"), by=cast.suzuki)
    post(queue_call()[6:])
    assert contact("c-1").staff == cast.suzuki


def test_an_answer_that_is_heard_of_after_the_end_names_who_took_the_call(cast: Cast) -> None:
    rows = queue_call()
    post([row for row in rows if row.type != "agent.joined" and row.payload.get("result") != "answered"])
    post(rows)
    assert contact("c-1").staff == cast.sato


def test_a_link_settles_the_contact_once(cast: Cast) -> None:
    post(queue_call(at=NINE + timedelta(hours=1)))
    ticket = open_ticket(subject="件名", body="本文", channel="phone", by=cast.sato)
    assert link_interaction(ticket, interaction=contact("c-1"), by=cast.sato)
    assert not link_interaction(ticket, interaction=contact("c-1"), by=cast.sato)
