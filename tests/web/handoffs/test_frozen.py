"""Frozen tickets: the trail with the time at each stop, and the supervisor's one step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.calendars.actions import add_calendar
from madoguchi.calendars.working_time import Period
from madoguchi.consultations.actions.hear import answer
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.handoffs.queries import time_by_team
from madoguchi.notifications.models import Notification
from madoguchi.people.models import Team
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.web.handoffs.test_inbox import ANSWERS, HTMX, ticket

SignIn = Callable[..., Client]


def frozen(cast: Cast, subject: str = "凍った件") -> Ticket:
    """At the network team, refused a third move."""
    moved = ticket(cast, subject)
    return_(
        offer(moved, to_team=cast.field_service, reason="現地か", details=ANSWERS, by=cast.sato),
        reason="wrong_team",
        note="現地ではない",
        by=cast.admin,
    )
    accept(offer(moved, to_team=cast.service_desk, reason="設定", details=ANSWERS, by=cast.sato), by=cast.takahashi)
    moved.refresh_from_db()
    accept(offer(moved, to_team=cast.network, reason="回線", details=ANSWERS, by=cast.takahashi), by=cast.ito)
    moved.refresh_from_db()
    with pytest.raises(Refused):
        offer(moved, to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.ito)
    moved.refresh_from_db()
    return moved


def test_the_list_names_the_way_of_each_ticket_at_constant_cost(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.hayashi)
    assert "凍結中のチケットはありません" in client.get("/handoffs/frozen/").content.decode()
    frozen(cast)
    with django_assert_num_queries(7):
        html = client.get("/handoffs/frozen/").content.decode()
    assert html.index("コールセンター") < html.index("サービスデスク") < html.index("ネットワーク")
    frozen(cast)
    frozen(cast)
    with django_assert_num_queries(7):
        client.get("/handoffs/frozen/")
    assert "凍結" in client.get("/handoffs/").content.decode()


def test_the_page_tells_the_whole_trail(cast: Cast, sign_in: SignIn) -> None:
    moved = frozen(cast)
    html = sign_in(cast.hayashi).get(f"/handoffs/frozen/{moved.number}/").content.decode()
    for text in ("現地ではない", "設定", "回線", "佐藤 美咲", "高橋 健", "問い合わせ内容"):
        assert text in html


def test_the_page_tells_forward_return_and_recall_apart(cast: Cast, sign_in: SignIn) -> None:
    moved = ticket(cast)
    recall(offer(moved, to_team=cast.network, reason="誤り", details=ANSWERS, by=cast.sato), by=cast.sato)
    taken = accept(
        offer(moved, to_team=cast.service_desk, reason="設定", details=ANSWERS, by=cast.sato), by=cast.takahashi
    )
    return_(taken, reason="wrong_team", by=cast.takahashi)
    moved.refresh_from_db()
    with pytest.raises(Refused):
        offer(moved, to_team=cast.network, reason="次へ", details=ANSWERS, by=cast.sato)
    html = sign_in(cast.hayashi).get(f"/handoffs/frozen/{moved.number}/").content.decode()
    for text in ("引き継ぎ 1回", "差し戻し 1回", "受け取り前の差し戻し 0件、取り消し 1件"):
        assert text in html


def test_a_stop_knows_its_working_time_and_what_it_waited_for(cast: Cast) -> None:
    week: list[list[Period]] = [[Period(9 * 3600, 17 * 3600)]] * 5 + [[], []]
    hours = add_calendar(key="weekdays", name="平日", week=week, national_holidays=False, by=cast.admin)
    Team.objects.filter(pk=cast.service_desk.pk).update(calendar=hours)
    moved = ticket(cast)
    handoff = accept(
        offer(moved, to_team=cast.service_desk, reason="設定", details=ANSWERS, by=cast.sato), by=cast.takahashi
    )
    zone = timezone.get_default_timezone()
    friday = datetime(2026, 11, 13, 16, 0, tzinfo=zone)
    Handoff.objects.filter(pk=handoff.pk).update(offered_at=friday, accepted_at=friday + timedelta(minutes=30))
    Ticket.objects.filter(pk=moved.pk).update(opened_at=friday - timedelta(hours=1))
    moved.refresh_from_db()
    stop = time_by_team(moved, now=datetime(2026, 11, 16, 10, 0, tzinfo=zone))[-1]
    assert stop.waited == timedelta(minutes=30)
    assert stop.span == timedelta(days=2, hours=17, minutes=30)
    assert stop.worked == timedelta(hours=1, minutes=30)


def test_the_frozen_tickets_own_page_and_list_lead_to_the_decision(cast: Cast, sign_in: SignIn) -> None:
    moved = frozen(cast)
    client = sign_in(cast.hayashi)
    html = client.get(f"/tickets/{moved.number_shown}/").content.decode()
    assert f'href="/handoffs/frozen/{moved.number_shown}/"' in html
    assert "チームごとの担当時間" in html
    assert "凍った件" in client.get("/tickets/?frozen=1").content.decode()


def test_the_time_at_each_stop_adds_up(cast: Cast) -> None:
    moved = ticket(cast)
    first = accept(
        offer(moved, to_team=cast.service_desk, reason="設定", details=ANSWERS, by=cast.sato), by=cast.takahashi
    )
    begun = moved.opened_at
    Handoff.objects.filter(pk=first.pk).update(offered_at=begun, accepted_at=begun + timedelta(hours=1))
    return_(first, reason="wrong_team", by=cast.takahashi)
    Handoff.objects.filter(pk=first.pk).update(ended_at=begun + timedelta(hours=4))
    moved.refresh_from_db()
    stops = time_by_team(moved, now=begun + timedelta(hours=10))
    assert [(stop.team, stop.how, stop.span) for stop in stops] == [
        (cast.call_centre, "raised", timedelta(hours=1)),
        (cast.service_desk, "handed_over", timedelta(hours=3)),
        (cast.call_centre, "returned", timedelta(hours=6)),
    ]
    assert [round(stop.share, 1) for stop in stops] == [0.1, 0.3, 0.6]


def test_a_ticket_that_never_moved_is_one_stop(cast: Cast) -> None:
    moved = ticket(cast)
    offer(moved, to_team=cast.service_desk, reason="設定", details=ANSWERS, by=cast.sato)
    (stop,) = time_by_team(moved, now=moved.opened_at)
    assert (stop.team, stop.share, len(stop.attempts)) == (cast.call_centre, 0.0, 1)


@pytest.mark.parametrize(
    ("kind", "holder"),
    [("assign", "field_service"), ("take", "call_centre"), ("allow", "network"), ("keep", "network")],
)
def test_a_supervisor_decides_in_one_step(cast: Cast, sign_in: SignIn, kind: str, holder: str) -> None:
    moved = frozen(cast)
    url = f"/handoffs/frozen/{moved.number}/"
    posted = {"kind": kind, "team": str(cast.field_service.pk), "note": "現地確認を優先"}
    answer = sign_in(cast.hayashi).post(url, posted, headers=HTMX)
    assert answer["HX-Redirect"] == f"/tickets/{moved.number_shown}/"
    moved.refresh_from_db()
    assert (moved.frozen_at, moved.holder_team) == (None, getattr(cast, holder))
    assert moved.assignee == (cast.hayashi if kind == "take" else None if kind == "assign" else cast.ito)
    assert RoutingDecision.objects.get().note == "現地確認を優先"
    again = sign_in(cast.hayashi).post(url, posted, headers=HTMX)
    assert again.status_code == 409
    assert "凍結は解除されています" in sign_in(cast.hayashi).get(url).content.decode()


@pytest.mark.parametrize(
    ("posted", "field"),
    [({"kind": "x"}, "kind"), ({"kind": "assign"}, "team"), ({"kind": "keep", "note": " "}, "note")],
)
def test_a_decision_needs_its_parts(cast: Cast, sign_in: SignIn, posted: dict[str, str], field: str) -> None:
    moved = frozen(cast)
    refusal = sign_in(cast.hayashi).post(f"/handoffs/frozen/{moved.number}/", posted, headers=HTMX)
    assert refusal.status_code == 422
    assert f'data-missing="{field}"' in refusal.content.decode()
    moved.refresh_from_db()
    assert moved.frozen_at is not None


def test_a_supervisor_asks_a_team_and_the_ticket_stays_frozen(cast: Cast, sign_in: SignIn) -> None:
    moved = frozen(cast)
    url = f"/handoffs/frozen/{moved.number}/"
    client = sign_in(cast.hayashi)
    asked = {"kind": "ask", "team": str(cast.service_desk.pk), "note": "設定は正しかったですか"}
    assert client.post(url, asked, headers=HTMX)["HX-Redirect"] == f"/handoffs/frozen/{moved.number_shown}/"
    told = Notification.objects.get()
    assert (told.staff, told.kind) == (cast.takahashi, "routing.asked")
    assert "設定は正しかったですか" in told.words
    moved.refresh_from_db()
    assert (moved.frozen_at is not None, moved.holder_team, moved.moves) == (True, cast.network, 2)
    post_message(moved, body="正しかったです", visibility="internal", by=cast.takahashi)
    html = client.get(url).content.decode()
    assert "サービスデスクに質問" in html
    assert "正しかったです" in html
    nobody = client.post(url, asked | {"team": str(cast.field_service.pk)}, headers=HTMX)
    assert nobody.status_code == 422


def test_a_supervisor_asks_a_department_and_reads_its_answer_before_deciding(cast: Cast, sign_in: SignIn) -> None:
    moved = frozen(cast)
    url = f"/handoffs/frozen/{moved.number}/"
    client = sign_in(cast.hayashi)
    unnamed = client.post(url, {"kind": "ask_department", "note": "請求先は変わりましたか"}, headers=HTMX)
    assert (unnamed.status_code, 'data-missing="department"' in unnamed.content.decode()) == (422, True)
    posted = {"kind": "ask_department", "department": str(cast.accounting.pk), "note": "請求先は変わりましたか"}
    assert client.post(url, posted, headers=HTMX)["HX-Redirect"] == f"/handoffs/frozen/{moved.number_shown}/"
    question = Consultation.objects.get(ticket=moved)
    assert (question.department, question.question) == (cast.accounting, "請求先は変わりましたか")
    moved.refresh_from_db()
    assert (moved.frozen_at is not None, moved.holder_team, moved.moves) == (True, cast.network, 2)
    answer(question, body="9月に変わりました", name="経理 太郎", by=cast.hayashi)
    html = client.get(url).content.decode()
    for text in ("請求先は変わりましたか", "9月に変わりました", f"{cast.accounting.label}に質問"):
        assert text in html
    assert f"判断の前に{cast.accounting.label}" in client.get(f"/tickets/{moved.number_shown}/").content.decode()


@pytest.mark.parametrize("who", ["sato", "ito", "mori", "ogawa", "watanabe"])
def test_only_supervisors_of_the_desk_decide(cast: Cast, sign_in: SignIn, who: str) -> None:
    moved = frozen(cast)
    client = sign_in(getattr(cast, who))
    for url in ("/handoffs/frozen/", f"/handoffs/frozen/{moved.number}/"):
        assert client.get(url).status_code == 403
    posted = {"kind": "keep", "note": "自分で"}
    assert client.post(f"/handoffs/frozen/{moved.number}/", posted).status_code == 403
