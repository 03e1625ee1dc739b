"""What waits on somebody, on the pages: their list, one press, the overview, and whoever is led there."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.handoffs import waiting
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.models import CallBack
from madoguchi.people.actions import note_absence
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

type SignIn = Callable[..., Client]
ALL = "/people/away/waiting/"


def of(staff: Staff) -> str:
    return f"{ALL}{staff.pk}/"


def given(cast: Cast, staff: Staff, subject: str = "メールが送れない") -> Ticket:
    ticket = open_ticket(subject=subject, body="エラー", channel="phone", requester=cast.yamada, by=cast.sato)
    return change(ticket, assignee=staff, by=cast.hayashi)


def owed(cast: Cast, staff: Staff) -> CallBack:
    due = timezone.now() + timedelta(hours=1)
    return promise_call_back(
        number="03-5000-1234", due_at=due, team=cast.call_centre, staff=staff, name="中川", by=cast.hayashi
    )


def away(cast: Cast, staff: Staff, substitute: Staff | None = None) -> None:
    note_absence(staff, starts_at=timezone.now(), substitute=substitute, by=cast.hayashi)


def test_one_press_gives_everything_to_the_substitute(cast: Cast, sign_in: SignIn) -> None:
    ticket, call = given(cast, cast.sato), owed(cast, cast.sato)
    away(cast, cast.sato, cast.suzuki)
    client = sign_in(cast.hayashi)
    text = client.get(of(cast.sato)).text
    for words in ("佐藤 美咲さんを待っているもの", "メールが送れない", "中川", "代理：鈴木 大輔", "鈴木 大輔（代理）"):
        assert words in text
    form = {"thing": [f"ticket:{ticket.pk}", f"call:{call.pk}"], f"to-{cast.call_centre.pk}": cast.suzuki.pk}
    answer = client.post(of(cast.sato), form, follow=True)
    assert "2件の担当を替えました（チケット 1、折り返し 1）" in answer.text
    assert "待っているものはありません" in answer.text
    ticket.refresh_from_db()
    assert (ticket.assignee, CallBack.objects.get().staff) == (cast.suzuki, cast.suzuki)
    assert "佐藤 美咲さん不在のため" in client.get(f"/tickets/{ticket.number}/").text


def test_what_is_not_ticked_stays(cast: Cast, sign_in: SignIn) -> None:
    first, second = given(cast, cast.suzuki, "一"), given(cast, cast.suzuki, "二")
    client = sign_in(cast.hayashi)
    assert "checked" not in client.get(f"{of(cast.suzuki)}?tick=none").text
    answer = client.post(of(cast.suzuki), {f"to-{cast.call_centre.pk}": ""})
    assert (answer.status_code, "チェックを付けてください" in answer.text) == (422, True)
    client.post(of(cast.suzuki), {"thing": [f"ticket:{first.pk}"], f"to-{cast.call_centre.pk}": ""})
    assert list(Ticket.objects.filter(assignee=cast.suzuki)) == [second]


def test_what_the_page_does_not_show_moves_too_unless_it_is_unticked(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.tickets_of, "__kwdefaults__", {"after": "", "limit": 2})
    tickets = [given(cast, cast.suzuki, str(place)) for place in range(5)]
    client = sign_in(cast.hayashi)
    text = client.get(of(cast.suzuki)).text
    assert "この画面にない3件も" in text
    shown = [f"ticket:{ticket.pk}" for ticket in tickets[:2]]
    assert all(f'name="shown" value="{key}"' in text for key in shown)
    following = client.get(unescape(re.findall(r'rel="next" href="([^"]+)"', text)[0])).text
    assert tickets[2].number_shown in following
    assert tickets[0].number_shown not in following
    client.post(of(cast.suzuki), {"rest": "on", "shown": shown, "thing": shown[:1], f"to-{cast.call_centre.pk}": ""})
    assert list(Ticket.objects.filter(assignee=cast.suzuki)) == [tickets[1]]


@pytest.mark.parametrize("thing", ["ticket:x", "ticket:99999999999999999999", "staff:1", ":", "\0", "call:１"])
def test_things_that_are_none_are_nothing(cast: Cast, sign_in: SignIn, thing: str) -> None:
    ticket = given(cast, cast.suzuki)
    sign_in(cast.hayashi).post(of(cast.suzuki), {"thing": [thing]})
    assert Ticket.objects.get(assignee=cast.suzuki) == ticket


def test_somebody_of_another_team_is_refused_with_the_way_out(cast: Cast, sign_in: SignIn) -> None:
    ticket = given(cast, cast.suzuki)
    form = {"thing": f"ticket:{ticket.pk}", f"to-{cast.call_centre.pk}": cast.ito.pk}
    answer = sign_in(cast.hayashi).post(of(cast.suzuki), form)
    assert (answer.status_code, "引き継ぎで渡してください" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("who", "overview", "own", "others"),
    [
        ("sato", 403, 200, 403),
        ("takahashi", 403, 200, 403),
        ("hayashi", 200, 200, 200),
        ("kimura", 403, 403, 403),
        ("watanabe", 403, 403, 403),
        ("admin", 200, 200, 200),
        ("ogawa", 403, 200, 403),
        ("mori", 403, 200, 403),
        ("outsider", 403, 403, 403),
    ],
)
def test_who_opens_what(cast: Cast, sign_in: SignIn, who: str, overview: int, own: int, others: int) -> None:
    client, staff = sign_in(getattr(cast, who)), getattr(cast, who)
    assert client.get(ALL).status_code == overview
    for whose, status in ((staff, own), (cast.suzuki, others)):
        assert client.get(of(whose)).status_code == status
        sent = client.post(of(whose), {"thing": "ticket:1"}).status_code
        assert sent == (302 if status == 200 else status)


def test_who_is_signed_out_is_asked_to_sign_in(cast: Cast, client: Client) -> None:
    for path in (ALL, of(cast.sato)):
        assert client.get(path).headers["Location"].startswith("/accounts/login/")
        assert client.post(path).status_code == 302


def test_the_overview_lists_who_is_waited_for_in_vain(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    assert "不在の人を待っているものはありません" in client.get(ALL).text
    given(cast, cast.suzuki)
    owed(cast, cast.takahashi)
    away(cast, cast.suzuki, cast.sato)
    text = client.get(ALL).text
    for words in ("鈴木 大輔", "代理：佐藤 美咲", "高橋 健", "チームを離れた"):
        assert words in text
    assert of(cast.suzuki) in client.get("/people/away/").text
    board = client.get("/board/").text
    assert of(cast.suzuki) in board
    assert of(cast.takahashi) not in board  # he is there


def test_a_viewer_sees_no_way_to_it_on_the_board(cast: Cast, sign_in: SignIn) -> None:
    given(cast, cast.suzuki)
    away(cast, cast.suzuki)
    assert ALL not in sign_in(cast.watanabe).get("/board/").text


def test_after_noting_an_absence_one_reads_what_is_open_and_where_to_give_it(cast: Cast, sign_in: SignIn) -> None:
    given(cast, cast.sato)
    client = sign_in(cast.sato)
    assert of(cast.sato) not in client.get("/people/away/mine/").text
    typed = {"starts_at": "2099-11-26T00:00", "substitute": f"staff:{cast.suzuki.pk}"}
    text = client.post("/people/away/mine/", typed, follow=True).text
    assert "あなたを待っているものが1件あります" in text
    assert of(cast.sato) in text


def test_who_deactivates_somebody_is_led_to_what_waits_on_them(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    page = f"/administration/staff/{cast.suzuki.pk}/"
    assert client.post(f"{page}deactivate/").headers["Location"] == page
    client.post(f"{page}activate/")
    given(cast, cast.suzuki)
    assert of(cast.suzuki) in client.get(page).text
    assert client.post(f"{page}roles/", {"roles": [f"operator:{cast.call_centre.pk}"]}).headers["Location"] == page
    moved = client.post(f"{page}roles/", {"roles": [f"engineer:{cast.network.pk}"]})
    assert moved.headers["Location"] == of(cast.suzuki)
    left = client.post(f"{page}deactivate/", follow=True)
    assert left.request["PATH_INFO"] == of(cast.suzuki)
    assert "鈴木 大輔さんを待っているものが残っています" in left.text


def test_more_rows_cost_no_more_queries(cast: Cast, sign_in: SignIn) -> None:
    away(cast, cast.suzuki, cast.sato)
    client, spent = sign_in(cast.hayashi), []
    for _round in range(2):
        Ticket.objects.filter(pk=given(cast, cast.hayashi).pk).update(assignee=cast.suzuki)
        CallBack.objects.filter(pk=owed(cast, cast.sato).pk).update(staff=cast.suzuki)
        counts: list[Any] = []
        for path in (ALL, of(cast.suzuki)):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            counts.append(len(queries))
        spent.append(counts)
    assert spent[0] == spent[1]
    assert max(spent[0]) <= 26
