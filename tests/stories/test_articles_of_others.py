"""An article that is not for a partner's staff is not named to them by a ticket of theirs, whatever says so."""

from collections.abc import Callable

import pytest
from django.test import Client

from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Audience, State
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.actions.write_article import link_article
from tests.api.client import program_of
from tests.cast import Cast


@pytest.mark.parametrize("audience", [Audience.STAFF, Audience.FIRST_LINE])
def test_what_a_ticket_says_of_its_article(cast: Cast, sign_in: Callable[[Staff], Client], audience: Audience) -> None:
    content = Content("社外秘の手順", "答え", audience=audience, state=State.VALIDATED)
    article = create(content, key="himitsu", by=cast.kimura)
    ticket = open_ticket(subject="件", body="本文", channel="phone", front_team=cast.partner, by=cast.ogawa)
    first = offer(ticket, to_team=cast.service_desk, reason="設定", by=cast.ogawa)
    return_(first, reason="first_line_can_solve", article=article, by=cast.takahashi)

    def told(who: Staff) -> set[str]:
        client, program = sign_in(who), program_of(who)
        page = client.get(f"/tickets/{ticket.number}/").content.decode()
        inbox = client.get("/handoffs/").content.decode()
        read = {
            "the ticket's page": page,
            "the inbox": inbox,
            "the ticket": str(program.get(f"/tickets/{ticket.number}").body),
            "the timeline": str(program.get(f"/tickets/{ticket.number}/timeline").body),
            "the hand-offs": str(program.get("/handoffs").body),
        }
        return {name for name, said in read.items() if "社外秘の手順" in said or "himitsu" in said}

    names_it = audience == Audience.FIRST_LINE
    returned = {"the ticket's page", "the inbox", "the timeline", "the hand-offs"}
    assert told(cast.ogawa) == (returned if names_it else set())
    solved = {*returned, "the ticket"} - {"the inbox"}
    accept(offer(ticket, to_team=cast.service_desk, reason="やはり", by=cast.ogawa), by=cast.takahashi)
    resolve(ticket, resolution="直した", article=article, by=cast.takahashi)
    assert told(cast.ogawa) == (solved if names_it else set())
    reopen(ticket, by=cast.takahashi)
    resolve(ticket, resolution="直した", no_article_reason="one_off", by=cast.takahashi)
    link_article(ticket, article, by=cast.kimura)
    assert told(cast.ogawa) == (solved if names_it else set())
    assert "the ticket's page" in told(cast.sato)
