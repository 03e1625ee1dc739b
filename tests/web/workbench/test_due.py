"""期限が近い on the seat: whose, in which order, how many, at what cost."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.consultations.actions.hear import answer, ask_back
from madoguchi.consultations.actions.read import review
from madoguchi.consultations.actions.steer import reply, withdraw
from madoguchi.consultations.actions.use import use_answers
from madoguchi.interactions.models import CallBack
from madoguchi.people.actions.departments import add_contact
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.questions import asked, raised

type SignIn = Callable[..., Client]


def due(cast: Cast, subject: str, minutes: int, **fields: Any) -> Ticket:
    ticket = open_ticket(subject=subject, body="本文", channel="mail", requester=cast.yamada, by=cast.yamada)
    Ticket.objects.filter(pk=ticket.pk).update(
        next_due_at=timezone.now() + timedelta(minutes=minutes), next_due_kind="resolution", **fields
    )
    return ticket


def promised(cast: Cast, at: datetime, name: str) -> CallBack:
    ticket = open_ticket(subject="折り返し待ち", body="本文", channel="phone", requester=cast.yamada, by=cast.sato)
    return promise_call(ticket, number="0312345678", due_at=at, name=name, staff=cast.sato, by=cast.sato)


def rows(answer: Any) -> list[str]:
    texts = re.findall(r'"clip">(.*?)</span><relative-time', answer.content.decode(), re.DOTALL)
    return [re.sub(r"<[^>]+>", "", text).strip() for text in texts]


def listed(client: Client) -> list[str]:
    return rows(client.get("/workbench/due/"))


def test_own_tickets_unassigned_ones_of_the_team_and_promised_calls_stand_in_one_order(
    cast: Cast, sign_in: SignIn
) -> None:
    due(cast, "自分の件", 90, assignee=cast.sato)
    due(cast, "まだ誰も", -30)
    due(cast, "同僚の件", -60, assignee=cast.suzuki)
    due(cast, "よそのチーム", -90, holder_team=cast.network)
    due(cast, "終わった件", -90, assignee=cast.sato, status="resolved")
    due(cast, "よそで自分の件", 10, assignee=cast.sato, holder_team=cast.network)
    promised(cast, timezone.now() + timedelta(minutes=30), "中川")
    answer = sign_in(cast.sato).get("/workbench/due/")
    assert [row.removesuffix(" 様") for row in rows(answer)] == ["まだ誰も", "よそで自分の件", "中川", "自分の件"]
    assert answer.content.decode().count("担当未定") == 1


def test_a_promised_call_is_not_told_twice(cast: Cast, sign_in: SignIn) -> None:
    call_back = promised(cast, timezone.now() + timedelta(minutes=30), "中川")
    Ticket.objects.update(assignee=cast.sato, next_due_at=call_back.due_at, next_due_kind="call_back")
    assert len(listed(sign_in(cast.sato))) == 1


def test_eight_rows_are_enough_and_cost_what_one_costs(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.sato)
    due(cast, "件", 0)
    with django_assert_num_queries(8):  # session, person, roles, the journal's end; own, the team's, calls, questions
        client.get("/workbench/due/")
    for minutes in range(1, 10):
        due(cast, f"件{minutes}", minutes)
        due(cast, f"私{minutes}", minutes, assignee=cast.sato)
    with django_assert_num_queries(8):
        found = listed(client)
    assert found == ["件", "件1", "私1", "件2", "私2", "件3", "私3", "件4"]


def test_a_partner_sees_what_is_due_of_their_share(cast: Cast, sign_in: SignIn) -> None:
    due(cast, "自社の件", 5)
    due(cast, "委託先の件", 9, front_team=cast.partner, holder_team=cast.partner)
    assert listed(sign_in(cast.ogawa)) == ["委託先の件"]


def test_what_departments_said_stands_there_until_somebody_has_seen_to_it(cast: Cast, sign_in: SignIn) -> None:
    due(cast, "先の期限", 30)
    back, told, late = (asked(cast, raised(cast, subject=subject)) for subject in ("聞き返し", "回答", "遅れた回答"))
    tamura = add_contact(cast.accounting, name="田村", phone="0350002000", by=cast.admin)
    call = asked(cast, raised(cast, subject="電話"), contact=tamura)
    asked(cast, raised(cast, subject="まだ返事がない件"))
    asked(cast, raised(cast, subject="同僚の照会", by=cast.suzuki), by=cast.suzuki)
    ask_back(back, body="何月分ですか", by=cast.sato)
    said = answer(told, body="発行済みです", by=cast.sato)
    resolve(late.ticket, resolution="案内済み", no_article_reason="個別の件", by=cast.sato)
    answer(late, body="未発行でした", name="岡田", by=cast.sato)
    client = sign_in(cast.sato)
    html = client.get("/workbench/due/").content.decode()
    assert listed(client) == ["電話", "聞き返し", "回答", "遅れた回答", "先の期限"]
    assert re.findall(r"経理部 (\S+)</span>", html) == ["電話が必要", "返事待ち", "回答あり（未連絡）", "要確認"]
    assert f'hx-get="/consultations/{back.pk}/"' in html
    reply(back, body="8月分です", by=cast.sato)
    use_answers(told.ticket, [said], body="発行済みとのことです", by=cast.sato)
    review(late, by=cast.sato)
    withdraw(call, by=cast.sato)
    assert "経理部" not in client.get("/workbench/due/").content.decode()


@pytest.mark.parametrize("who", ["watanabe", "kimura", "outsider"])
def test_only_who_takes_calls_asks_what_is_due(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(getattr(cast, who)).get("/workbench/due/").status_code == 403
    assert Client().get("/workbench/due/").status_code == 302


def test_calls_of_other_teams_do_not_crowd_out_ones_own(cast: Cast, sign_in: SignIn) -> None:
    now = timezone.now()
    CallBack.objects.bulk_create(
        CallBack(team=cast.network, due_at=now, number="0311110000", name="よその件") for _ in range(40)
    )
    CallBack.objects.create(
        team=cast.call_centre, due_at=now + timedelta(hours=1), number="0322220000", name="うちの件"
    )
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#lists"}
    html = sign_in(cast.sato).get("/workbench/", headers=headers).content.decode()
    assert "うちの件" in html
    assert "よその件" not in html
