"""Every number on the pages is called by a click, and what is no number is plain text."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client

from madoguchi.foundation.phone import is_callable
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, take_call_back
from madoguchi.interactions.difficult import raise_alarm
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from tests.cast import Cast
from tests.web.workbench.calls import MAIN, MOBILE, answers, ends, happen, rings, told

type SignIn = Callable[[Staff], Client]
WRITTEN = ("090-1111-2222", "03-5000-1234")
pytestmark = pytest.mark.django_db


class Numbers(HTMLParser):
    """Where numbers stand in the text of a page: inside <dial-number>, or in the words of something else."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []
        self.dialled: list[str] = []
        self.plain: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("dial-number", "button", "option", "h1", "h2", "title", "script"):
            self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.within:
            del self.within[len(self.within) - 1 - self.within[::-1].index(tag)]

    def handle_data(self, data: str) -> None:
        for number in WRITTEN:
            if number in data and "dial-number" in self.within:
                self.dialled.append(number)
            elif number in data and not self.within:
                self.plain.append(data.strip())


def numbers_of(html: str) -> Numbers:
    found = Numbers()
    found.feed(html)
    return found


@pytest.fixture
def gave_up(cast: Cast) -> Interaction:
    """山田 waited in vain."""
    return happen(
        told("call.started", "v-1", 100, direction="inbound", **{"from": {"number": MOBILE}}),
        told("queue.entered", "v-1", 100, queue="call-centre"),
        told("queue.left", "v-1", 60, queue="call-centre", reason="abandoned"),
        told("call.ended", "v-1", 60, by="caller"),
        call="v-1",
    )


def test_every_number_that_staff_see_can_be_clicked(cast: Cast, sign_in: SignIn, gave_up: Interaction) -> None:
    ended = happen(*rings(cast.sato, number=MAIN), *answers(cast.sato), *ends())
    alarm = raise_alarm(ended, by=cast.sato)
    owed = CallBack.objects.get()
    promised = promise_call_back(number=MOBILE, person=cast.yamada, due_at=owed.due_at, team=owed.team, by=cast.sato)
    minato = cast.yamada.organization
    assert minato is not None
    ticket = open_ticket(
        subject="VPN",
        body="x",
        channel="phone",
        requester=cast.yamada,
        details={"callback_number": "+819011112222"},
        by=cast.sato,
    )
    promise_call(ticket, number=MOBILE, due_at=owed.due_at, by=cast.sato)
    client = sign_in(cast.hayashi)
    for path, at_least in (
        ("/workbench/call-backs/", 2),
        (f"/workbench/call-backs/{owed.pk}/", 1),
        (f"/workbench/?contact={ended.pk}", 1),
        (f"/workbench/contacts/{ended.pk}/put-away/", 1),
        ("/board/", 3),
        ("/board/calls/", 2),
        ("/board/calls/?show=abandoned", 1),
        (f"/board/calls/{ended.pk}/settle/", 1),
        (f"/board/difficult/{alarm.pk}/", 1),
        ("/people/", 1),
        (f"/people/{cast.yamada.pk}/", 3),
        (f"/people/organizations/{minato.pk}/", 2),
        (f"/tickets/{ticket.number_shown}/", 3),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        found = numbers_of(answer.content.decode())
        assert found.plain == [], path
        assert len(found.dialled) >= at_least, path
    seat = client.get("/workbench/").content.decode()
    assert f'"call_back": "{promised.pk}"' in seat
    assert 'aria-label="山田 花子（090-1111-2222）に電話する"' in seat
    found = numbers_of(sign_in(cast.admin).get(f"/administration/organizations/{minato.pk}/").content.decode())
    assert (found.plain, found.dialled) == ([], ["03-5000-1234"])


def test_a_number_on_the_line_is_not_called_by_a_slip(cast: Cast, sign_in: SignIn) -> None:
    happen(*rings(cast.sato, number=MOBILE))
    found = numbers_of(sign_in(cast.sato).get("/workbench/").content.decode())
    assert (found.dialled, found.plain) == ([], ["090-1111-2222"])


def test_who_clicks_a_number_that_is_owed_makes_the_call(cast: Cast, sign_in: SignIn, gave_up: Interaction) -> None:
    owed = CallBack.objects.get()
    clicked = {"number": MOBILE, "call_back": str(owed.pk)}
    assert sign_in(cast.takahashi).post("/workbench/ring/", clicked).status_code == 200
    assert CallBack.objects.get().staff is None  # another team's: the number is called, the call stays theirs
    assert sign_in(cast.sato).post("/workbench/ring/", clicked).status_code == 200
    assert CallBack.objects.get().staff == cast.sato
    assert sign_in(cast.sato).post("/workbench/ring/", clicked | {"call_back": "999"}).status_code == 404


def test_a_call_that_another_has_taken_or_made_is_not_made_twice(
    cast: Cast, sign_in: SignIn, gave_up: Interaction
) -> None:
    owed = take_call_back(CallBack.objects.get(), by=cast.suzuki)
    client, clicked = sign_in(cast.sato), {"number": MOBILE, "call_back": str(owed.pk)}
    for address, fields in (
        ("/workbench/ring/", clicked),
        ("/workbench/dial/", clicked),
        ("/workbench/dial/", {"number": MOBILE, "contact": str(gave_up.pk)}),
    ):
        taken = client.post(address, fields)
        assert taken.status_code == 409
        assert cast.suzuki.name in taken.content.decode()
    assert sign_in(cast.suzuki).post("/workbench/ring/", clicked).status_code == 200
    finish_call_back(owed, result="reached", by=cast.suzuki)
    for who in (cast.sato, cast.suzuki):
        assert sign_in(who).post("/workbench/ring/", clicked).status_code == 409
    assert Interaction.objects.filter(direction="outbound").count() == 1


@pytest.mark.parametrize(
    ("stored", "callable_"),
    [("+819011112222", True), ("1001", True), ("", False), ("a@b.example", False), ("+", False), ("０３", False)],
)
def test_what_is_no_number_is_not_called(stored: str, callable_: bool) -> None:
    assert is_callable(stored) is callable_
