import re
from collections.abc import Callable

import pytest
from django.test import Client
from freezegun import freeze_time

from madoguchi.clocks.actions import make_default_policies
from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.tickets.actions.change import wait
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.clocks.desk_time import at

pytestmark = pytest.mark.django_db
type SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _promised(cast: Cast) -> None:
    with freeze_time(at(1, 0, 0)):
        make_default_policies()


def raised(cast: Cast, subject: str, hour: int, priority: str = "normal") -> Ticket:
    with freeze_time(at(1, hour, 0)):
        return open_ticket(subject=subject, body="本文", channel="mail", priority=priority, by=cast.sato)


def test_the_ticket_shows_its_next_deadline_and_all_others(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast, "件名", 9)
    with freeze_time(at(1, 10, 0)):
        page = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()

    head = page[page.index('class="next-due"') : page.index('id="tab-conversation"')]
    assert "初回応答" in head
    assert "あと4時間" in head
    panel = page[page.index('class="plain clocks"') :]
    assert [word for word in ("初回応答", "解決", "担当時間") if word in panel] == ["初回応答", "解決", "担当時間"]


def test_the_explanation_is_one_press_away(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast, "件名", 9)
    with freeze_time(at(1, 10, 0)):
        accept(offer(ticket, to_team=cast.service_desk, reason="調査", by=cast.sato), by=cast.takahashi)
    with freeze_time(at(1, 11, 0)):
        wait(ticket, waiting_for="requester", by=cast.takahashi)
    with freeze_time(at(1, 14, 0)):
        page = sign_in(cast.sato).get(f"/tickets/{ticket.number}/clocks/").content.decode()

    assert "09:00 開始、11:00 から停止中（連絡者の回答待ち）、目標 24時間、経過 2時間、残り 22時間" in page
    assert "チームごとの所要時間" in page
    assert "コールセンター 1時間" in page
    assert "サービスデスク 1時間" in page


def test_the_list_sorts_by_the_next_deadline_and_marks_what_is_late(cast: Cast, sign_in: SignIn) -> None:
    for subject, hour, priority in (("三番", 9, "low"), ("一番", 9, "urgent"), ("二番", 9, "high")):
        raised(cast, subject, hour, priority)
    with freeze_time(at(1, 9, 45)):
        page = sign_in(cast.sato).get("/tickets/?order=due").content.decode()
        late = sign_in(cast.sato).get("/tickets/?due=late").content.decode()
        soon = sign_in(cast.sato).get("/tickets/?due=hour&order=due").content.decode()

    assert re.findall(r"data-open[^>]*>(.番)<", page) == ["一番", "二番", "三番"]
    assert page.count("<tr data-late") == 1
    assert re.findall(r"data-open[^>]*>(.番)<", late) == ["一番"]
    assert re.findall(r"data-open[^>]*>(.番)<", soon) == ["一番", "二番"]


def test_a_partner_asks_only_about_their_own_share(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast, "件名", 9)
    assert sign_in(cast.ogawa).get(f"/tickets/{ticket.number}/clocks/").status_code == 404
    assert sign_in(cast.watanabe).get(f"/tickets/{ticket.number}/clocks/").status_code == 200
    assert sign_in(cast.outsider).get(f"/tickets/{ticket.number}/clocks/").status_code == 403


def test_without_policies_the_page_says_so(cast: Cast, sign_in: SignIn) -> None:
    ticket = Ticket.objects.create(
        subject="件名",
        channel="mail",
        front_team=cast.call_centre,
        holder_team=cast.call_centre,
        opened_at=at(1, 9, 0),
        updated_at=at(1, 9, 0),
    )
    assert "期限の約束はありません" in sign_in(cast.sato).get(f"/tickets/{ticket.number}/clocks/").content.decode()
