"""The sheet 引き継ぐ: proposed with why, items of the destination, refusals that name the field."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.calendars.hours import read
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.clocks.actions import make_default_policies
from madoguchi.handoffs.models import Handoff
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.actions import change_team, set_duty
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.web.handoffs.test_inbox import ANSWERS, HTMX

SignIn = Callable[..., Client]
SHEET = {**HTMX, "HX-Target": "div#sheet-body"}
ITEMS = {**HTMX, "HX-Target": "div#offer-items"}
PREVIEW = {**HTMX, "HX-Target": "div#offer-preview"}


def raised(cast: Cast, category: Category | None = None) -> Ticket:
    return open_ticket(
        subject="メールが送れない",
        body="送信するとエラー",
        channel="phone",
        category=category or cast.mail_trouble,
        requester=cast.yamada,
        details={"error_code": "0x800CCC0E"},
        by=cast.sato,
    )


def form(**changes: str) -> dict[str, str]:
    return (
        {"reason": "設定の確認", "reason_code": "needs_access"}
        | {f"item.{key}": text for key, text in ANSWERS.items()}
        | changes
    )


def test_the_sheet_proposes_by_category_and_shows_what_is_known(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    html = sign_in(cast.sato).get(f"/handoffs/offer/{ticket.number}/", headers=SHEET).content.decode()
    assert f'<option value="{cast.service_desk.pk}" selected>サービスデスク（提案）' in html
    assert "分類「メールの不具合」" in html
    assert 'value="0x800CCC0E"' in html
    assert "1/5" in html
    assert "<html" not in html


def test_what_the_contract_leaves_out_offers_sales_and_the_responsible_engineer(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast, cast.wiring)
    client = sign_in(cast.sato)
    html = client.get(f"/handoffs/offer/{ticket.number}/", headers=SHEET).content.decode()
    assert "太田 誠" in html
    assert f'<option value="{cast.takahashi.pk}" selected>' in html
    answer = client.post(f"/handoffs/offer/{ticket.number}/sales/", {}, headers=HTMX)
    assert answer.status_code == 200
    assert OutgoingMail.objects.count() == 1
    assert mail.outbox == []


def test_another_destination_asks_its_own_items(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    HearingItem.objects.create(team=cast.network, key="line_number", name="回線番号", is_required=True)
    posted = form(to_team=str(cast.network.pk), **{"item.impact": "全社"})
    html = sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/items/", posted, headers=ITEMS).content.decode()
    assert "回線番号" in html
    assert "全社" in html
    assert "伊藤" in html
    line = sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/items/", posted, headers=PREVIEW).content.decode()
    assert "5/6" in line
    assert "設定の確認" in line


def test_an_offer_keeps_reason_items_and_named_person(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    posted = form(to_team=str(cast.service_desk.pk), to_staff=str(cast.takahashi.pk), **{"item.hostile": "x"})
    answer = sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/", posted, headers=HTMX)
    assert answer.status_code == 200
    handoff = Handoff.objects.get()
    assert (handoff.reason_code, handoff.to_staff, handoff.missing) == ("needs_access", cast.takahashi, [])
    assert handoff.details == ANSWERS


def test_on_the_tickets_own_page_the_page_tells_it(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    headers = {**HTMX, "HX-Current-URL": f"http://testserver/tickets/{ticket.number_shown}/"}
    answer = sign_in(cast.sato).post(
        f"/handoffs/offer/{ticket.number}/", form(to_team=str(cast.service_desk.pk)), headers=headers
    )
    assert answer.status_code == 204
    assert "close-sheet" in answer["HX-Trigger"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to_team": ""}, "to_team"),
        ({"reason": " "}, "reason"),
        ({"item.impact": " ", "item.since_when": ""}, "impact"),
        ({"urgent": "on", "item.impact": ""}, "urgent_because"),
    ],
)
def test_a_refusal_names_the_field(cast: Cast, sign_in: SignIn, changes: dict[str, str], field: str) -> None:
    ticket = raised(cast)
    posted = form(to_team=str(cast.service_desk.pk)) | changes
    refusal = sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/", posted, headers=HTMX)
    assert (refusal.status_code, refusal["X-Refusal"]) == (422, "1")
    assert f'data-missing="{field}"' in refusal.content.decode()
    assert not Handoff.objects.exists()


def test_an_empty_sheet_is_told_all_that_it_lacks_at_once(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    posted = {"to_team": str(cast.service_desk.pk), "reason": ""} | {f"item.{key}": "" for key in ANSWERS}
    client, url = sign_in(cast.sato), f"/handoffs/offer/{ticket.number}/"

    def lacks(fields: dict[str, str]) -> set[str]:
        refusal = client.post(url, fields, headers=HTMX)
        assert refusal.status_code == 422
        return set(re.findall('data-missing="([^"]+)"', refusal.content.decode()))

    assert lacks(posted) == {*ANSWERS, "reason"}
    assert lacks({}) >= {"to_team", "reason"}
    assert lacks(posted | {"urgent": "on"}) == {"reason", "urgent_because"}
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"to_team": "999999"}, 404), ({"to_staff": "999999"}, 404), ({"reason_code": "no-such"}, 422)],
)
def test_what_is_not_there_is_not_offered(cast: Cast, sign_in: SignIn, changes: dict[str, str], status: int) -> None:
    ticket = raised(cast)
    posted = form(to_team=str(cast.service_desk.pk)) | changes
    assert sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/", posted, headers=HTMX).status_code == status


def test_urgent_goes_without_the_items_and_says_why(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    posted = form(to_team=str(cast.service_desk.pk), urgent="on", urgent_because="役員会議", **{"item.impact": ""})
    assert sign_in(cast.sato).post(f"/handoffs/offer/{ticket.number}/", posted, headers=HTMX).status_code == 200
    handoff = Handoff.objects.get()
    assert (handoff.missing, handoff.urgent_because) == (["impact"], "役員会議")


def test_strangers_neither_see_the_sheet_nor_offer(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast)
    posted = form(to_team=str(cast.service_desk.pk))
    partner = sign_in(cast.ogawa)
    for url in (f"/handoffs/offer/{ticket.number}/", f"/handoffs/offer/{ticket.number}/items/"):
        assert partner.post(url, posted).status_code == 404
    assert partner.post(f"/handoffs/offer/{ticket.number}/sales/").status_code == 404
    assert sign_in(cast.ito).post(f"/handoffs/offer/{ticket.number}/", posted).status_code == 403
    assert sign_in(cast.watanabe).post(f"/handoffs/offer/{ticket.number}/", posted).status_code == 403


@freeze_time(datetime(2026, 11, 25, 11, tzinfo=UTC))  # 20:00 in Tokyo
def test_outside_the_hours_the_sheet_says_when_it_counts_or_whom_it_reaches(cast: Cast, sign_in: SignIn) -> None:
    make_default_policies()
    address = f"/handoffs/offer/{raised(cast).number}/"
    client = sign_in(cast.sato)
    assert "11/26(木) 09:00 から受け取りの期限が進みます" in client.get(address, headers=SHEET).text
    today = timezone.localdate()
    set_duty(cast.service_desk, cast.takahashi, first=today, last=today, periods=read("18-24"), by=cast.hayashi)
    change_team(cast.service_desk, outside_hours="on_duty", by=cast.admin)
    assert "営業時間外です。当番の高橋 健さんにすぐ届きます" in client.get(address, headers=SHEET).text
    sent = client.post(address, form(to_team=str(cast.service_desk.pk)), follow=True)
    assert "当番の高橋 健さんにすぐ通知します" in sent.text
    assert "当番の高橋 健へ" in client.get(f"/tickets/{Ticket.objects.get().number}/").text
    inbox = sign_in(cast.takahashi).get("/handoffs/").text
    assert "高橋 健 宛て" in inbox
    assert "当番" in inbox


@freeze_time(datetime(2026, 11, 25, 2, tzinfo=UTC))  # 11:00
def test_within_the_hours_nothing_is_said_of_them(cast: Cast, sign_in: SignIn) -> None:
    html = sign_in(cast.sato).get(f"/handoffs/offer/{raised(cast).number}/", headers=SHEET).text
    assert "営業時間外" not in html
