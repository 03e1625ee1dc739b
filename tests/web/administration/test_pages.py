"""What an administrator does on the pages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.files import store
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.reasons import offered
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.people import tokens
from madoguchi.people.models import Contract, Membership, Organization, Role, Staff, Team
from madoguchi.problems.models import Problem
from madoguchi.problems.set_aside import set_aside
from madoguchi.telephony.models import WrapupCode
from madoguchi.telephony.wrapups import codes
from tests.cast import Cast, staff

type SignIn = Callable[..., Client]
A = "/administration/"
HOSTILE = "<script>alert('x')</script>"


def aside() -> IncomingMail:
    raw = store.keep(b"From: a@b.example\r\nSubject: hello\r\n\r\n<script>alert(1)</script>\r\n")
    return IncomingMail.objects.create(
        raw=raw,
        source="smtp",
        envelope_from="a@b.example",
        envelope_to=[settings.MAIL_ADDRESS],
        received_at=timezone.now(),
        state="set_aside",
        error="ValueError: bad",
        dedupe_key="one",
        subject=HOSTILE,
        from_address="a@b.example",
    )


def test_the_overview_names_what_needs_attention(cast: Cast, sign_in: SignIn) -> None:
    set_aside("page", HOSTILE)
    aside()
    text = sign_in(cast.admin).get(A).text
    assert "未解決の障害" in text
    assert text.count('<li class="attention bad">') == 2
    assert "黒田 光" in text  # has no role
    assert HOSTILE not in text


@pytest.mark.parametrize("rows", [1, 20])
def test_more_staff_cost_no_more_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any, rows: int
) -> None:
    for place in range(rows):
        staff(f"n{place}", "西", "にし", roles=[(Role.OPERATOR, cast.call_centre), (Role.VIEWER, None)])
    client = sign_in(cast.admin)
    with django_assert_max_num_queries(9):
        client.get(f"{A}staff/")


@pytest.mark.parametrize(
    ("query", "found", "absent"),
    [
        ("row=さ", ["佐藤 美咲", "鈴木 大輔"], ["高橋 健"]),
        ("row=他", [], ["佐藤 美咲"]),
        ("q=タカハシ", ["高橋 健"], ["佐藤 美咲"]),
        ("q=1002", ["鈴木 大輔"], ["佐藤 美咲"]),
        ("state=inactive", [], ["佐藤 美咲"]),
        ("after=[broken&row=%00&team=x", [], []),
    ],
)
def test_staff_are_found_by_reading(
    cast: Cast, sign_in: SignIn, query: str, found: list[str], absent: list[str]
) -> None:
    text = sign_in(cast.admin).get(f"{A}staff/?{query}").text
    assert [name for name in found if name not in text] == []
    assert [name for name in absent if name in text.replace("中村", "")] == []


def test_a_long_list_is_read_page_by_page(cast: Cast, sign_in: SignIn) -> None:
    for place in range(210):
        Organization.objects.create(name=f"会社{place:03}", kana="かいしゃ" if place % 2 else "")
    client, seen, address = sign_in(cast.admin), 0, f"{A}organizations/"
    for _page in range(6):
        answer = client.get(address).text
        seen += answer.count("data-open href")
        if 'rel="next" href="' not in answer:
            break
        address = f"{A}organizations/" + answer.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert seen == 211


def test_a_form_with_errors_keeps_what_was_typed(cast: Cast, sign_in: SignIn) -> None:
    typed = {"family_name": "西田", "kana": "ニシダ", "email": "suzuki@example.jp", "extension": "1001", "note": ""}
    answer = sign_in(cast.admin).post(f"{A}staff/new/", typed)
    assert answer.status_code == 422
    assert "このメールアドレスはすでに使われています。" in answer.text
    assert "内線 1001 は 佐藤 美咲 さんが使っています。" in answer.text
    assert 'value="ニシダ"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert not Staff.objects.filter(family_name="西田").exists()


def test_somebody_new_gets_roles_and_a_password_that_is_shown_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post(f"{A}staff/new/", {"family_name": "西田", "email": "nishida@example.jp"})
    new = Staff.objects.get(email="nishida@example.jp")
    chosen = [f"operator:{cast.call_centre.pk}", "knowledge_keeper:"]
    client.post(f"{A}staff/{new.pk}/roles/", {"roles": chosen})
    assert set(Membership.objects.filter(staff=new).values_list("role", "team")) == {
        ("operator", cast.call_centre.pk),
        ("knowledge_keeper", None),
    }
    answer = client.post(f"{A}staff/{new.pk}/password/")
    assert answer.headers["Cache-Control"] == "no-store"
    password = answer.text.split('id="secret" value="')[1].split('"')[0]
    new.refresh_from_db()
    assert new.check_password(password)
    assert password not in client.get(f"{A}staff/{new.pk}/").text


def test_a_token_is_shown_once_and_can_be_revoked(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    address = f"{A}staff/{cast.sato.pk}/tokens/"
    assert client.post(address, {"name": "x"}).status_code == 422
    assert client.post(address, {"scopes": ["admin"], "expires_on": "2020-01-01"}).status_code == 422
    answer = client.post(address, {"name": HOSTILE, "scopes": ["tickets:read"]})
    text = answer.text.split('id="secret" value="')[1].split('"')[0]
    assert HOSTILE not in answer.text
    token = tokens.find(text)
    assert token is not None
    assert text not in client.get(f"{A}staff/{cast.sato.pk}/").text
    client.post(f"{A}staff/tokens/{token.pk}/revoke/")
    assert tokens.find(text) is None


@pytest.mark.parametrize("act", ["deactivate", "roles"])
def test_the_last_administrator_stays(cast: Cast, sign_in: SignIn, act: str) -> None:
    answer = sign_in(cast.admin).post(f"{A}staff/{cast.admin.pk}/{act}/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["X-Refusal"]) == (409, "1")
    assert "中村 剛 さんは最後の管理者です。先に別の人を管理者にしてください。" in answer.text
    assert Membership.objects.filter(staff=cast.admin, staff__is_active=True).exists()


def test_who_is_deactivated_is_signed_out(cast: Cast, sign_in: SignIn) -> None:
    theirs = Client()
    theirs.force_login(cast.sato, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert theirs.get("/tickets/").status_code == 200
    sign_in(cast.admin).post(f"{A}staff/{cast.sato.pk}/deactivate/")
    assert theirs.get("/tickets/").status_code == 302


def test_teams_are_kept(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    typed = {"name": "夜間", "key": "night", "line": "1", "position": "5", "is_partner": "on", "is_active": "on"}
    client.post(f"{A}teams/new/", typed)
    team = Team.objects.get(key="night")
    assert (team.line, team.position, team.is_partner) == (1, 5, True)
    assert client.post(f"{A}teams/new/", typed).status_code == 422
    client.post(f"{A}teams/{team.pk}/", {**typed, "is_active": "", "outside_hours": "on_duty"})
    team.refresh_from_db()
    assert (team.is_active, team.outside_hours) == (False, "on_duty")


def test_a_category_and_its_items_are_kept(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    typed = {
        "name": "印刷",
        "key": "print",
        "parent": str(cast.general.pk),
        "destination": str(cast.network.pk),
        "move_limit": "2",
        "position": "3",
        "is_active": "on",
    }
    client.post(f"{A}categories/new/", typed)
    category = Category.objects.get(key="print")
    assert (category.parent, category.destination, category.move_limit) == (cast.general, cast.network, 2)
    assert client.post(f"{A}categories/{category.pk}/", {**typed, "move_limit": "0"}).status_code == 422
    circle = {**typed, "key": "general", "parent": str(category.pk)}
    assert client.post(f"{A}categories/{cast.general.pk}/", circle).status_code == 422
    item = {"name": "機種", "key": "model", "kind": "choice", "is_required": "on", "is_active": "on"}
    address = f"{A}categories/{category.pk}/items/new/"
    refused = client.post(address, {**item, "choices": "A3"})
    assert "選択式には選択肢が二つ以上必要です。" in refused.text
    client.post(address, {**item, "choices": "A3\n\nA4\nA4"})
    row = HearingItem.objects.get(key="model")
    assert (row.choices, row.is_required, row.category) == (["A3", "A4"], True, category)
    client.post(f"{A}teams/{cast.network.pk}/items/new/", {"name": "VLAN", "key": "vlan", "kind": "text"})
    assert HearingItem.objects.get(key="vlan").team == cast.network


def test_a_contract_says_services_questions_and_people(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    typed = {
        "name": "夜間保守",
        "valid_from": "2026-04-01",
        "valid_to": "2027-03-31",
        "services": ["mail", "onsite"],
        "other_services": "night, ,vip",
        "engineer": str(cast.takahashi.pk),
        "question": ["契約番号", "", "部署"],
        "answer": ["K-9", "", "総務部"],
    }
    address = f"{A}organizations/{cast.minato.pk}/contracts/new/"
    wrong = client.post(address, {**typed, "answer": ["K-9", "", ""], "valid_to": "2026-03-31"})
    assert wrong.status_code == 422
    assert "本人確認の質問には、質問と答えの両方が必要です。" in wrong.text
    assert "終了日が開始日より前になっています。" in wrong.text
    assert 'value="K-9"' in wrong.text
    client.post(address, typed)
    contract = Contract.objects.get(name="夜間保守")
    assert contract.services == ["mail", "night", "onsite", "vip"]
    listed = client.get(f"{A}organizations/{cast.minato.pk}/").text
    assert "メールの不具合, night, 配線, vip" in listed
    assert contract.identity_questions == [
        {"question": "契約番号", "answer": "K-9"},
        {"question": "部署", "answer": "総務部"},
    ]
    assert contract.engineer == cast.takahashi


def test_an_organisation_is_kept_with_numbers_and_products(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    page = f"{A}organizations/{cast.minato.pk}/"
    assert client.post(f"{page}numbers/", {"number": "なし"}).status_code == 422
    client.post(f"{page}numbers/", {"number": "06-1234-5678", "label": "大阪"})
    client.post(f"{page}installed/new/", {"name": HOSTILE, "contract": str(cast.contract.pk)})
    text = client.get(page).text
    assert "06-1234-5678" in text
    assert HOSTILE not in text
    client.post(f"{A}organizations/installed/{cast.minato.installed.get().pk}/remove/")
    assert not cast.minato.installed.exists()
    circle = client.post(page, {"name": "株式会社みなと商事", "parent": "株式会社みなと商事"})
    assert (circle.status_code, "この名称の組織はありません。" in circle.text) == (422, True)


def test_a_mail_that_was_set_aside_is_read_and_tried_again(cast: Cast, sign_in: SignIn) -> None:
    mail = aside()
    problem = set_aside("mail.incoming", "ValueError: bad", mail=mail.pk)
    client = sign_in(cast.admin)
    assert HOSTILE not in client.get(f"{A}mails/").text
    answer = client.get(f"{A}mails/in/{mail.pk}/original/")
    assert b"".join(answer.streaming_content) == store.read(mail.raw)  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert f"{A}mails/in/{mail.pk}/retry/" in client.get(f"{A}problems/{problem.pk}/").text
    client.post(f"{A}mails/in/{mail.pk}/retry/")
    mail.refresh_from_db()
    problem.refresh_from_db()
    assert (mail.state, problem.resolved_at is not None) == ("taken", True)


def test_a_mail_that_did_not_leave_is_sent_again(cast: Cast, sign_in: SignIn) -> None:
    now = timezone.now()
    mail = OutgoingMail.objects.create(
        thread=MailThread.objects.create(),
        message_id="<1@desk>",
        to=["yamada@minato.example"],
        reply_to="desk@localhost",
        subject="ご回答",
        body="本文",
        queued_at=now,
        next_attempt_at=now,
        state="failed",
        last_error=HOSTILE,
    )
    client = sign_in(cast.admin)
    text = client.get(f"{A}mails/?box=out").text
    assert "ご回答" in text
    assert HOSTILE not in text
    answer = client.get(f"{A}mails/out/{mail.pk}/written/")
    assert b"Message-ID: <1@desk>" in answer.content
    client.post(f"{A}mails/out/{mail.pk}/again/")
    mail.refresh_from_db()
    assert mail.state == "queued"
    assert client.post(f"{A}mails/out/{mail.pk}/again/").status_code == 409


def test_a_problem_is_shown_harmlessly_and_resolved(cast: Cast, sign_in: SignIn) -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        problem = set_aside("page", error, path="/tickets/", staff_id=cast.sato.pk, number=HOSTILE)
    client = sign_in(cast.admin)
    text = client.get(f"{A}problems/{problem.pk}/").text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert "Traceback" in text
    assert "佐藤 美咲" in text
    client.post(f"{A}problems/{problem.pk}/resolve/")
    assert Problem.objects.get().resolved_at is not None
    assert problem.pk not in client.get(f"{A}problems/").text
    assert problem.pk in client.get(f"{A}problems/?state=resolved").text


def test_settings_are_shown_without_their_secrets(cast: Cast, sign_in: SignIn) -> None:
    text = sign_in(cast.admin).get(f"{A}settings/").text
    assert "MADOGUCHI_PUBLIC_URL" in text
    assert "MADOGUCHI_SECRET_KEY" in text
    assert str(settings.SECRET_KEY) not in text


def test_the_wrap_up_of_a_team_is_set_on_its_page_by_administrators_only(cast: Cast, sign_in: SignIn) -> None:
    address = f"{A}teams/{cast.call_centre.pk}/"
    client = sign_in(cast.admin)
    assert 'value="optional" selected' in client.get(address).content.decode()
    client.post(f"{address}wrap-up/", {"mode": "timed", "seconds": "45"})
    page = client.get(address).content.decode()
    assert 'value="timed" selected' in page
    assert 'value="45"' in page
    assert client.post(f"{address}wrap-up/", {"mode": "timed", "seconds": ""}).status_code == 422
    client.post(f"{address}wrap-up/", {"mode": "mandatory", "seconds": "45"})
    assert 'value="45"' not in client.get(address).content.decode()
    for other in (cast.sato, cast.hayashi, cast.watanabe, cast.ogawa):
        assert sign_in(other).post(f"{address}wrap-up/", {"mode": "optional"}).status_code == 403


def test_the_steps_of_difficult_calls_are_written_by_administrators_only(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    assert "複数名で対応する | Take it with a colleague" in client.get(f"{A}difficult-calls/").content.decode()
    client.post(f"{A}difficult-calls/", {"kind": "harassment", "steps": "名乗らせる | Ask for the name\n\n切る"})
    page = client.get(f"{A}difficult-calls/").content.decode()
    assert "名乗らせる | Ask for the name\n切る" in page
    assert client.post(f"{A}difficult-calls/", {"kind": "help", "steps": "x"}).status_code == 422
    for other in (cast.sato, cast.hayashi, cast.watanabe, cast.mori):
        assert sign_in(other).get(f"{A}difficult-calls/").status_code == 403


def test_the_kinds_of_call_are_the_company_s_own_but_the_complaint_stays(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    address = f"{A}kinds-of-call/"
    assert 'value="complaint"' in client.get(address).content.decode()
    written = {
        "key": ["complaint", "praise", "", "gone"],
        "name": ["苦情", "お褒め", "", ""],
        "name_en": ["Complaint", "Praise", "", ""],
        "settles": ["1"],
    }
    client.post(address, written)
    assert [(code.key, code.settles) for code in codes()] == [("complaint", False), ("praise", True)]
    client.post(address, {"key": ["complaint"], "name": ["苦情"], "name_en": [""]})
    assert [code.key for code in codes()] == ["complaint"]
    assert WrapupCode.objects.filter(key="praise", is_active=False).exists()
    for wrong in (
        {"key": ["praise"], "name": ["お褒め"], "name_en": [""]},
        {"key": ["complaint", "a b"], "name": ["苦情", "x"], "name_en": ["", ""]},
        {"key": ["complaint", "complaint"], "name": ["苦情", "x"], "name_en": ["", ""]},
        {"key": ["complaint", *(f"k{n}" for n in range(15))], "name": ["x"] * 16, "name_en": [""] * 16},
    ):
        assert client.post(address, wrong).status_code == 422
    for other in (cast.sato, cast.hayashi, cast.watanabe, cast.mori):
        assert sign_in(other).get(address).status_code == 403


def test_the_reasons_why_no_ticket_is_needed_are_the_company_s_own(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    address = f"{A}no-ticket-reasons/"
    page = client.get(address).content.decode()
    assert 'value="wrong_number"' in page
    keys = re.findall(r'name="key" value="([^"]*)"', page)
    used = [place for place, key in enumerate(keys) if key != "silent"]
    written: dict[str, Any] = {
        "key": [*keys[:-1], "branch"],
        "name": [f"名称{key}" for key in keys[:-1]] + ["別支店宛て"],
        "name_en": [""] * len(keys),
        "order": [*map(str, range(1, len(keys))), "0"],
        "used": used,
    }
    assert client.post(address, written).status_code == 302
    assert offered(gave_up=False)[0] == ("branch", "別支店宛て")
    assert "silent" not in dict(offered(gave_up=False))
    assert {"called_back", "other"} <= dict(offered(gave_up=True)).keys()  # whose boxes cannot be taken away
    assert "名称silent" in client.get(address).content.decode()
    assert client.post(address, written | {"key": [*keys[:-1], "a b"]}).status_code == 422
    contact = Interaction.objects.create(channel="visit", started_at=timezone.now(), ended_at=timezone.now())
    assert "別支店宛て" in sign_in(cast.hayashi).get(f"/board/calls/{contact.pk}/settle/").content.decode()
    for other in (cast.sato, cast.hayashi, cast.watanabe, cast.mori):
        assert sign_in(other).get(address).status_code == 403
