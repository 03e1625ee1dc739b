"""/workbench/: what stands on the seat, for whom, and what each part of it costs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.journal.models import Entry
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Audience, Search, Showing, State
from madoguchi.search.index import drain
from madoguchi.search.models import Pending
from madoguchi.telephony.actions.set_wrapup_codes import Written, set_wrapup_codes
from madoguchi.telephony.actions.set_wrapup_policy import set_wrapup_policy
from madoguchi.telephony.models import OperatorState
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.web.workbench.seat import picker
from tests.cast import Cast
from tests.web.workbench.calls import MOBILE, answers, ends, happen, rings

type SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


def part(client: Client, target: str, address: str = "/workbench/") -> str:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"div#{target}"}
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_without_a_call_the_seat_says_what_will_appear(cast: Cast, sign_in: SignIn) -> None:
    html = sign_in(cast.sato).get("/workbench/").content.decode()
    assert "電話が鳴ると" in html


def test_a_ringing_call_shows_every_candidate_and_guesses_none(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato))
    html = part(sign_in(cast.sato), "seat")
    assert contact.person is None
    for text in (
        "03-5000-1234",
        "山田 花子",
        "はなこ",
        "中川 太郎",
        "株式会社みなと商事",
        "高橋 健",
        "太田 誠",
        "標準",
    ):
        assert text in html


def test_an_own_number_names_its_person(cast: Cast, sign_in: SignIn) -> None:
    happen(*rings(cast.sato, number=MOBILE))
    html = part(sign_in(cast.sato), "now")
    assert "090-1111-2222" in html
    assert "やまだ はなこ" in html


def test_nobody_else_sees_the_call_on_their_seat(cast: Cast, sign_in: SignIn) -> None:
    happen(*rings(cast.sato))
    assert "03-5000-1234" not in part(sign_in(cast.suzuki), "seat")
    assert "03-5000-1234" not in part(sign_in(cast.suzuki), "phone", "/workbench/phone/")
    assert "ring-bell" in part(sign_in(cast.sato), "phone", "/workbench/phone/")
    happen(*answers(cast.sato))
    assert "ring-bell" not in part(sign_in(cast.sato), "phone", "/workbench/phone/")


@pytest.mark.parametrize("who", ["watanabe", "kimura", "outsider"])
def test_only_who_takes_calls_has_a_seat(cast: Cast, sign_in: SignIn, who: str) -> None:
    contact = happen(*rings(cast.sato))
    client = sign_in(getattr(cast, who))
    for address in ("", "phone/", "bypass/", f"contacts/{contact.pk}/known/", f"contacts/{contact.pk}/put-away/"):
        assert client.get(f"/workbench/{address}").status_code == 403


def test_a_partner_opens_the_own_calls_and_no_others(cast: Cast, sign_in: SignIn) -> None:
    ours, theirs = happen(*rings(cast.sato)), happen(*rings(cast.ogawa, call="c-2"), call="c-2")
    client = sign_in(cast.ogawa)
    assert client.get(f"/workbench/?contact={ours.pk}").status_code == 404
    assert client.get(f"/workbench/?contact={theirs.pk}").status_code == 200
    for act in ("save", "settle", "take-over", "put-away", "person", "hand-over", "ask/sheet", "ask"):
        assert client.post(f"/workbench/contacts/{ours.pk}/{act}/").status_code == 404


def test_a_second_call_is_a_chip_beside_the_first(cast: Cast, sign_in: SignIn) -> None:
    first = happen(*rings(cast.sato), *answers(cast.sato))
    happen(*rings(cast.sato, call="c-2", number=MOBILE), call="c-2")
    html = part(sign_in(cast.sato), "now")
    assert "call-chip" in html
    assert f"/workbench/contacts/{first.pk}/" in html


def test_after_the_call_the_wrap_up_begins_by_itself_and_ends_with_its_kind(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    happen(*ends())
    client = sign_in(cast.sato)
    assert "後処理" in part(client, "now")
    client.post(f"/workbench/contacts/{contact.pk}/wrap-up/end/", {"code": "inquiry"})
    assert "/wrap-up/" not in part(client, "now")


def test_a_mandatory_wrap_up_ends_only_with_a_ticket_or_a_reason(cast: Cast, sign_in: SignIn) -> None:
    set_wrapup_policy(cast.call_centre, mode="mandatory", seconds=None, by=cast.admin)
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    happen(*ends())
    client = sign_in(cast.sato)
    assert "必須" in part(client, "now")
    finish = f"/workbench/contacts/{contact.pk}/wrap-up/end/"
    refused = client.post(finish, {"code": "inquiry"}, headers=HTMX | {"HX-Target": "div#seat"})
    assert refused.status_code == 409
    assert "reason" in refused.content.decode()
    assert client.post(finish, {"code": "inquiry", "reason": "other"}).status_code == 422  # other needs words
    happen(*rings(cast.sato, call="c-2", number=MOBILE), call="c-2")
    after = client.post(finish, {"code": "other", "reason": "wrong_number"}, headers=HTMX | {"HX-Target": "div#seat"})
    assert "090-1111-2222" in after.content.decode()  # the next call
    contact.refresh_from_db()
    assert (contact.state, contact.dismissed_reason) == ("dismissed", "wrong_number")
    assert Entry.objects.get(kind="call.wrapup_ended").data["code"] == "other"


def test_a_kind_of_call_that_needs_no_ticket_is_disposition_enough(cast: Cast, sign_in: SignIn) -> None:
    set_wrapup_policy(cast.call_centre, mode="mandatory", seconds=None, by=cast.admin)
    own = [Written("complaint", "苦情", "", False), Written("praise", "お褒め", "Praise", True)]
    set_wrapup_codes(own, by=cast.admin)
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    happen(*ends())
    client = sign_in(cast.sato)
    finish = f"/workbench/contacts/{contact.pk}/wrap-up/end/"
    assert client.post(finish, {"code": "inquiry"}).status_code == 422  # no longer one of them
    assert client.post(finish, {"code": "complaint"}).status_code == 409
    assert client.post(finish, {"code": "praise"}).status_code == 200
    contact.refresh_from_db()
    assert (contact.state, contact.dismissed_note) == ("dismissed", "お褒め")


def test_a_linked_ticket_is_disposition_enough(cast: Cast, sign_in: SignIn) -> None:
    set_wrapup_policy(cast.call_centre, mode="mandatory", seconds=None, by=cast.admin)
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    happen(*ends())
    client = sign_in(cast.sato)
    client.post(f"/workbench/contacts/{contact.pk}/settle/", {"notes": "メールが届かない"})
    assert client.post(f"/workbench/contacts/{contact.pk}/wrap-up/end/", {"code": "complaint"}).status_code == 200
    assert Entry.objects.get(kind="call.wrapup_ended").data["code"] == "complaint"
    assert OperatorState.objects.get(staff=cast.sato).state == "available"


def test_a_time_boxed_wrap_up_shows_what_is_left(cast: Cast, sign_in: SignIn) -> None:
    set_wrapup_policy(cast.call_centre, mode="timed", seconds=90, by=cast.admin)
    happen(*rings(cast.sato), *answers(cast.sato))
    happen(*ends())
    assert 'mode="countdown"' in part(sign_in(cast.sato), "now")


def test_a_category_that_asks_something_stands_before_one_that_does_not(cast: Cast) -> None:
    ranks = {key: rank for key, _path, _words, rank in picker()}
    assert ranks[cast.mail_trouble.pk] < ranks[cast.wiring.pk] < ranks[cast.general.pk]


def test_the_seat_costs_the_same_for_one_and_for_many(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    happen(*rings(cast.sato, call="c-0"), *answers(cast.sato, call="c-0"), *ends(call="c-0"), call="c-0")
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client.get(f"/workbench/?contact={contact.pk}")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/workbench/?contact={contact.pk}")
    for place in range(2, 6):
        name = f"c-{place}"
        happen(*rings(cast.sato, call=name), *answers(cast.sato, call=name), *ends(call=name), call=name)
    with CaptureQueriesContext(connection) as many:
        client.get(f"/workbench/?contact={contact.pk}")
    assert len(many) == len(few) <= 45


def test_what_is_shown_is_noted_and_put_away_on_demand(cast: Cast, sign_in: SignIn) -> None:
    article = create(Content(question="プリンターで印刷できない", answer="紙を見る。"), by=cast.kimura)
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    address = f"/workbench/contacts/{contact.pk}"
    client.post(f"{address}/save/", {"round": "0", "notes": "プリンターの印刷"}, headers={"X-Autosave": "1"})
    assert article.question in client.get(f"{address}/known/").content.decode()
    assert Showing.objects.get(article=article, kind="interaction", ref=contact.pk).outcome == ""
    assert client.get(f"{address}/articles/{article.pk}/").url == f"/knowledge/{article.pk}/"  # type: ignore[attr-defined]
    assert Showing.objects.get().outcome == "opened"
    away = client.post(f"{address}/articles/{article.pk}/dismiss/").content.decode()
    assert 'data-key="Alt+1"' not in away
    assert 'data-key="Alt+Shift+0"' in away
    again = client.post(f"{address}/articles/{article.pk}/restore/").content.decode()
    assert 'data-key="Alt+1"' in again
    client.post(f"{address}/article/", {"round": "0", "notes": "プリンターの印刷", "article": article.key})
    assert Search.objects.get(kind="interaction", ref=contact.pk).article == article
    client.post(f"{address}/article/", {"round": "0", "notes": "プリンターの印刷", "article": ""})
    assert not Search.objects.get().is_used
    assert Showing.objects.get().outcome == ""
    for verb in ("", "dismiss/", "restore/"):
        outside = sign_in(cast.ogawa)
        act = outside.post if verb else outside.get
        assert act(f"{address}/articles/{article.pk}/{verb}").status_code in {403, 404}


def test_similar_tickets_and_the_likely_category_stand_on_the_right(cast: Cast, sign_in: SignIn) -> None:
    told: dict[str, Any] = {
        "subject": "メールが送信できない",
        "body": "エラー",
        "channel": "phone",
        "category": cast.mail_trouble,
    }
    tickets = [open_ticket(**told, by=cast.sato) for _turn in range(3)]
    drain()
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    address = f"/workbench/contacts/{contact.pk}"
    client.post(f"{address}/save/", {"round": "0", "notes": "メールの送信"}, headers={"X-Autosave": "1"})
    html = client.get(f"{address}/known/").content.decode()
    assert "から3件" in html
    assert html.count("<mark>送信</mark>") == 3
    assert 'data-key="Alt+9"' in html
    why = html.partition("根拠:")[2].partition("</button>")[0]
    assert all(ticket.number_shown in why for ticket in tickets)
    taken = client.post(f"{address}/save/", {"round": "0", "notes": "メールの送信", "category": cast.mail_trouble.pk})
    assert taken["HX-Trigger"] == "known-changed"
    assert 'data-key="Alt+9"' not in client.get(f"{address}/known/").content.decode()


def test_a_suggestion_says_what_to_know_before_one_relies_on_it(cast: Cast, sign_in: SignIn) -> None:
    contents = {
        "wip": Content(question="プリンターで印刷できない", state=State.WIP),
        "old": Content(question="プリンターの印刷が薄い", answer="替える", review_on=date(2020, 1, 1)),
        "staff": Content(question="プリンターの印刷の枠", answer="社内の\n**手順**", audience=Audience.STAFF),
    }
    for key, content in contents.items():
        create(content, key=key, by=cast.kimura)
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    address = f"/workbench/contacts/{contact.pk}"
    client.post(f"{address}/save/", {"round": "0", "notes": "プリンターの印刷"}, headers={"X-Autosave": "1"})
    known = client.get(f"{address}/known/").content.decode()
    for word in ("作成中", "未確認", "見直し日超過", "自社スタッフのみ", "選ぶと社内向けの文面"):
        assert word in known, word
    taken = client.post(f"{address}/article/", {"round": "0", "notes": "プリンターの印刷", "article": "staff"})
    assert "社内の\n手順" in taken.content.decode()
    assert "社内向けの記事の文面です" in taken.content.decode()
    again = {"round": "0", "notes": "プリンターの印刷", "article": "staff", "resolution": "社内の\r\n手順"}
    assert client.post(f"{address}/article/", again).content.decode().count("社内の") == 1


def test_a_search_that_found_nothing_begins_an_article(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    address = f"/workbench/contacts/{contact.pk}"
    client.post(f"{address}/save/", {"round": "0", "notes": "扉が開かない\n急ぎ"}, headers={"X-Autosave": "1"})
    known = client.get(f"{address}/known/").content.decode()
    begins = known.split('data-key="Alt+W"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert "扉が開かない" in client.get(begins).content.decode()


def test_an_index_that_lags_says_so_even_when_nothing_is_found(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    known = f"/workbench/contacts/{contact.pk}/known/"
    behind, newer = "検索の更新が遅れています", "新しい記事を読み込み中です"
    client.post(f"/workbench/contacts/{contact.pk}/save/", {"round": "0", "notes": "画面が映らない"})
    html = client.get(known).content.decode()
    assert behind not in html
    assert newer not in html
    open_ticket(subject="画面が映らない", body="黒い", channel="phone", by=cast.suzuki)
    Pending.objects.update(queued_at=timezone.now() - timedelta(minutes=3))
    monkeypatch.setattr(article_index, "_BUILT_AT_ONCE", -1)
    monkeypatch.setattr(article_index, "_build_in_background", lambda: None)
    article = create(Content(question="画面が映らない", answer="線を挿す。"), by=cast.kimura)
    html = client.get(known).content.decode()
    assert article.question not in html.partition("</section>")[0]
    assert behind in html
    assert newer in html
    html = client.get("/knowledge/?q=画面").content.decode()
    assert newer in html
    assert newer not in client.get("/knowledge/").content.decode()
    drain()
    article_index.current(wait=True)
    html = client.get(known).content.decode()
    assert article.question in html
    assert behind not in html
    assert newer not in html
    assert newer not in client.get("/knowledge/?q=画面").content.decode()
