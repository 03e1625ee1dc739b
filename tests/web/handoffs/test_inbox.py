"""The team's inbox: what waits for us, what came back, what we wait for; taking, returning, recalling."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.knowledge.actions import Content, create
from madoguchi.people.models import Team
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

SignIn = Callable[..., Client]
ANSWERS = {
    "error_code": "0x800CCC0E",
    "since_when": "今朝から",
    "impact": "営業部の全員",
    "steps_tried": "再起動",
    "callback_number": "03-5000-1234",
}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def ticket(cast: Cast, subject: str = "メールが送れない", front: Team | None = None) -> Ticket:
    return open_ticket(
        subject=subject,
        body="\n  <b>送信</b>するとエラーが出ます\n昨日は動いていました",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        front_team=front,
        by=cast.sato,
    )


def offered(cast: Cast, to: Team, *, subject: str = "メールが送れない", urgent: str = "") -> Handoff:
    details = {"error_code": "0x800CCC0E"} if urgent else ANSWERS
    return offer(
        ticket(cast, subject),
        to_team=to,
        reason="設定の確認が必要",
        details=details,
        urgent_because=urgent,
        by=cast.sato,
    )


def test_the_inbox_shows_the_offers_of_the_own_teams_oldest_first(cast: Cast, sign_in: SignIn) -> None:
    offered(cast, cast.service_desk, subject="先の件")
    offered(cast, cast.service_desk, subject="後の件", urgent="役員の会議が始まる")
    offered(cast, cast.network, subject="よその件")
    html = sign_in(cast.takahashi).get("/handoffs/").content.decode()
    assert html.index("先の件") < html.index("後の件")
    assert "よその件" not in html
    for text in (
        "5/5",
        "1/5",
        "役員の会議が始まる",
        "コールセンター",
        "佐藤 美咲",
        "&lt;b&gt;送信&lt;/b&gt;するとエラー",
    ):
        assert text in html
    assert "昨日は動いていました" not in html


def test_three_offers_cost_no_more_queries_than_one(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.takahashi)
    offered(cast, cast.service_desk)
    client.get("/handoffs/")
    with django_assert_num_queries(9):
        client.get("/handoffs/")
    for _ in range(3):
        offered(cast, cast.service_desk)
    return_(offered(cast, cast.network), reason="wrong_team", by=cast.ito)
    with django_assert_num_queries(9):
        client.get("/handoffs/")


def test_a_long_inbox_comes_in_pages(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("madoguchi.handoffs.queries.offers_to.__kwdefaults__", {"after": "", "limit": 2})
    for place in range(3):
        offered(cast, cast.service_desk, subject=f"{place}番目の件")
    client = sign_in(cast.takahashi)
    html = client.get("/handoffs/").content.decode()
    assert "1番目の件" in html
    assert "2番目の件" not in html
    following = html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = client.get(following).content.decode()
    assert "2番目の件" in rest
    assert "1番目の件" not in rest


def test_a_live_refresh_asks_for_the_inbox_alone(cast: Cast, sign_in: SignIn) -> None:
    offered(cast, cast.service_desk)
    html = sign_in(cast.takahashi).get("/handoffs/", headers={**HTMX, "HX-Target": "offer-list#inbox"}).content.decode()
    assert "<html" not in html
    assert "メールが送れない" in html


def test_accepting_from_the_inbox_moves_the_ticket_and_says_so(cast: Cast, sign_in: SignIn) -> None:
    handoff = offered(cast, cast.service_desk)
    client = sign_in(cast.takahashi)
    answer = client.post(f"/handoffs/{handoff.pk}/accept/", headers=HTMX)
    assert answer.status_code == 200
    assert "close-sheet" in answer["HX-Trigger"]
    assert handoff.ticket.number_shown in answer.content.decode()
    handoff.refresh_from_db()
    assert handoff.ticket.holder_team == cast.service_desk
    again = client.post(f"/handoffs/{handoff.pk}/accept/", headers=HTMX)
    assert (again.status_code, again["X-Refusal"]) == (409, "1")


def test_without_script_accepting_opens_the_ticket(cast: Cast, sign_in: SignIn) -> None:
    handoff = offered(cast, cast.service_desk)
    answer = sign_in(cast.takahashi).post(f"/handoffs/{handoff.pk}/accept/")
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{handoff.ticket.number_shown}/")


def test_another_team_cannot_accept(cast: Cast, sign_in: SignIn) -> None:
    handoff = offered(cast, cast.service_desk)
    assert sign_in(cast.ito).post(f"/handoffs/{handoff.pk}/accept/").status_code == 403
    handoff.refresh_from_db()
    assert handoff.state == "offered"


def test_a_return_names_its_reason_and_stands_with_the_sender(cast: Cast, sign_in: SignIn) -> None:
    handoff = offered(cast, cast.service_desk)
    client = sign_in(cast.takahashi)
    url = f"/handoffs/{handoff.pk}/return/"
    assert "引き継ぎ元に表示" in client.get(url, headers={**HTMX, "HX-Target": "div#sheet-body"}).content.decode()
    for posted, field in (({}, "reason"), ({"reason": "missing_information"}, "note"), ({"reason": "x"}, "reason")):
        refusal = client.post(url, posted, headers=HTMX)
        assert refusal.status_code == 422
        assert f'data-missing="{field}"' in refusal.content.decode()
    assert client.post(url, {"reason": "wrong_team", "note": "回線の件です"}, headers=HTMX).status_code == 200
    html = sign_in(cast.suzuki).get("/handoffs/").content.decode()
    for text in ("差し戻されたもの", "回線の件です", "高橋 健"):
        assert text in html


def test_what_the_first_line_can_solve_goes_back_with_its_article(cast: Cast, sign_in: SignIn) -> None:
    content = Content(question="メールの送信ポートを変更する", answer="587 を使います")
    article = create(content, key="mail-001", by=cast.kimura)
    handoff = offered(cast, cast.service_desk)
    client = sign_in(cast.takahashi)
    found = client.get(f"/handoffs/{handoff.pk}/articles/?q=送信ポート", headers={**HTMX, "HX-Target": "div#articles"})
    assert "メールの送信ポートを変更する" in found.content.decode()
    url = f"/handoffs/{handoff.pk}/return/"
    unknown = client.post(url, {"reason": "first_line_can_solve", "article": "no-such"}, headers=HTMX)
    assert unknown.status_code == 422
    client.post(url, {"reason": "first_line_can_solve", "article": "mail-001"}, headers=HTMX)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.article) == ("returned", article)
    assert "メールの送信ポートを変更する" in sign_in(cast.sato).get("/handoffs/").content.decode()


def test_what_came_back_leaves_the_list_when_it_goes_on(cast: Cast, sign_in: SignIn) -> None:
    handoff = return_(offered(cast, cast.service_desk, subject="戻った件"), reason="wrong_team", by=cast.takahashi)
    client = sign_in(cast.sato)
    assert "差し戻されたもの" in client.get("/handoffs/").content.decode()
    accept(
        offer(handoff.ticket, to_team=cast.network, reason="回線", details=ANSWERS, by=cast.sato),
        by=cast.ito,
    )
    assert "差し戻されたもの" not in client.get("/handoffs/").content.decode()


def test_the_sender_recalls(cast: Cast, sign_in: SignIn) -> None:
    handoff = offered(cast, cast.service_desk, subject="取り消す件")
    client = sign_in(cast.suzuki)
    assert "取り消す件" in client.get("/handoffs/").content.decode()
    assert client.post(f"/handoffs/{handoff.pk}/recall/", headers=HTMX).status_code == 200
    handoff.refresh_from_db()
    assert (handoff.state, handoff.ticket.offered_to) == ("recalled", None)
    assert "取り消す件" not in client.get("/handoffs/").content.decode()


def test_a_partner_sees_and_touches_only_what_concerns_them(cast: Cast, sign_in: SignIn) -> None:
    theirs = offered(cast, cast.partner, subject="ひびきへ")
    others = offered(cast, cast.service_desk, subject="よその件")
    client = sign_in(cast.ogawa)
    html = client.get("/handoffs/").content.decode()
    assert "ひびきへ" in html
    assert "よその件" not in html
    for act in ("accept", "recall", "return"):
        assert client.post(f"/handoffs/{others.pk}/{act}/").status_code == 404
    assert client.get(f"/handoffs/{others.pk}/return/").status_code == 404
    assert client.get(f"/handoffs/{others.pk}/articles/").status_code == 404
    answer = client.post(f"/handoffs/{theirs.pk}/return/", {"reason": "out_of_scope"}, headers=HTMX)
    assert answer.status_code == 200
    assert f"/tickets/{theirs.ticket.number_shown}/" not in answer.content.decode()


def test_who_leads_the_whole_desk_sees_every_team(cast: Cast, sign_in: SignIn) -> None:
    offered(cast, cast.service_desk, subject="サービスデスクへ")
    offered(cast, cast.network, subject="ネットワークへ")
    client = sign_in(cast.hayashi)
    html = client.get("/handoffs/").content.decode()
    assert "サービスデスクへ" in html
    assert "ネットワークへ" in html
    one = client.get(f"/handoffs/?team={cast.network.pk}").content.decode()
    assert "サービスデスクへ" not in one.split("相手の受け取り待ち")[0]


@pytest.mark.parametrize("who", ["watanabe", "kimura", "outsider"])
def test_who_does_not_work_on_tickets_stays_outside(cast: Cast, sign_in: SignIn, who: str) -> None:
    handoff = offered(cast, cast.service_desk)
    client = sign_in(getattr(cast, who))
    for url in ("/handoffs/", f"/handoffs/{handoff.pk}/return/", "/handoffs/notes/", "/handoffs/frozen/"):
        assert client.get(url).status_code == 403
    assert client.post(f"/handoffs/{handoff.pk}/accept/").status_code == 403


def test_an_empty_inbox_says_what_will_appear(cast: Cast, sign_in: SignIn) -> None:
    html = sign_in(cast.takahashi).get("/handoffs/?after=nonsense").content.decode()
    assert "ここに自動で表示されます" in html
