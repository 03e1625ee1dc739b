"""The directory as it is read and kept."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from freezegun import freeze_time

from madoguchi.consultations.actions.hear import answer
from madoguchi.journal.models import Entry
from madoguchi.people import actions
from madoguchi.people.models import Contact, ContactAbsence, Department, Topic
from madoguchi.people.queries import chain_of
from tests.cast import Cast
from tests.consultations.questions import asked, raised

type SignIn = Callable[..., Client]
ROWS = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
MAIN = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#main"}
HOSTILE = "<script>alert(1)</script>"
NOON = datetime(2026, 11, 26, 2, tzinfo=UTC)  # Thursday, 11:00 in Tokyo


def page_of(cast: Cast) -> str:
    return f"/departments/{cast.accounting.pk}/"


def names(cast: Cast, topic: Topic | None = None) -> list[str]:
    return [contact.name for contact in chain_of(cast.accounting, topic)]


@freeze_time(NOON)
def test_an_operator_sees_who_would_be_asked_now_and_how(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    text = client.get("/departments/?q=経理部", headers=ROWS).text
    assert "<html" not in text
    for word in ("経理部", "経理 窓口", "今聞けます", 'href="tel:+81350002000"', "03-5000-2000"):
        assert word in text
    actions.note_contact_absence(cast.accounting_first, starts_at=NOON, deputy=cast.accounting_second, by=cast.admin)
    text = client.get("/departments/?q=窓口", headers=ROWS).text
    assert "不在" in text
    assert "岡田 部長" in text


@freeze_time(datetime(2026, 11, 26, 13, tzinfo=UTC))  # 22:00 in Tokyo
def test_after_hours_it_says_from_when_on(cast: Cast, sign_in: SignIn) -> None:
    text = sign_in(cast.sato).get("/departments/?q=経理部").text
    assert "11/27(金) 09:00から" in text
    assert "今聞けます" not in text


def test_one_and_thirty_hits_cost_the_same(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    client = sign_in(cast.sato)
    for number in range(30):
        actions.add_contact(cast.accounting, name=f"窓口 {number}", email=f"m{number}@example.jp", by=cast.admin)
    client.get("/departments/?q=窓口")
    with django_assert_max_num_queries(17):
        assert client.get("/departments/?q=窓口").text.count('class="hit"') == 20
    with django_assert_max_num_queries(19):
        client.get(page_of(cast))


def test_the_page_of_a_department_shows_chain_topics_absences_and_numbers(cast: Cast, sign_in: SignIn) -> None:
    topic = actions.add_topic(cast.accounting, key="invoice", name="請求書", words="インボイス", by=cast.admin)
    actions.order_chain(cast.accounting, [cast.accounting_second], topic=topic, by=cast.admin)
    actions.change_department(cast.accounting, manager=cast.accounting_second, team=cast.network, by=cast.admin)
    text = sign_in(cast.sato).get(page_of(cast)).text
    for word in ("請求書", "インボイス", "独自の順番：岡田 部長", "ネットワーク", "責任者", "03-5000-2000"):
        assert word in text
    assert "<chain-editor" not in text


def test_a_gesture_in_the_chain_is_one_act(cast: Cast, sign_in: SignIn) -> None:
    client, first, second = sign_in(cast.hayashi), cast.accounting_first, cast.accounting_second
    third = actions.add_contact(cast.accounting, name="三番", in_chain=False, by=cast.admin)
    chain = f"{page_of(cast)}chain/"

    def press(order: list[Contact], **gesture: str) -> list[str]:
        sent = {"seen": ",".join(str(one.pk) for one in chain_of(cast.accounting)), **gesture}
        client.post(chain, {**sent, "contact": [one.pk for one in order]})
        return names(cast)

    assert press([first, second], move=f"{second.pk}:up") == ["岡田 部長", "経理 窓口"]
    assert press([second, first], move=f"{second.pk}:up") == ["岡田 部長", "経理 窓口"]
    assert press([second, first], add=str(third.pk)) == ["岡田 部長", "経理 窓口", "三番"]
    assert press([third, first, second]) == ["三番", "経理 窓口", "岡田 部長"]
    assert press([third, first, second], remove=str(first.pk)) == ["三番", "岡田 部長"]
    assert Entry.objects.filter(kind="department.contacts_ordered").count() == 4


def test_an_order_that_somebody_else_changed_meanwhile_is_not_overwritten(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    seen = f"{cast.accounting_first.pk},{cast.accounting_second.pk}"
    actions.order_chain(cast.accounting, [cast.accounting_second], by=cast.admin)
    answer = client.post(f"{page_of(cast)}chain/", {"seen": seen, "contact": [cast.accounting_first.pk]}, headers=MAIN)
    assert (answer.status_code, names(cast)) == (409, ["岡田 部長"])


def test_a_topic_has_an_order_of_its_own_until_it_is_as_the_department_again(cast: Cast, sign_in: SignIn) -> None:
    topic = actions.add_topic(cast.accounting, key="invoice", name="請求書", by=cast.admin)
    client, address = sign_in(cast.kimura), f"{page_of(cast)}topics/{topic.pk}/chain/"
    client.post(address, {"seen": "", "add": cast.accounting_second.pk})
    assert names(cast, topic) == ["岡田 部長"]
    seen = str(cast.accounting_second.pk)
    answer = client.post(address, {"seen": seen, "contact": seen, "as_department": "1"}, headers=MAIN)
    assert "保存済み" in answer.text
    assert names(cast, topic) == ["経理 窓口", "岡田 部長"]
    other = actions.add_department(key="sales", name="営業部", by=cast.admin)
    assert client.post(f"/departments/{other.pk}/topics/{topic.pk}/chain/", {"seen": ""}).status_code == 404


def test_department_topic_and_contact_are_kept(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    typed = {"name": "物流部", "key": "logistics", "kana": "ブツリュウ", "answer_within_s": "0:30", "is_active": "on"}
    assert client.post("/departments/new/", typed).status_code == 302
    row = Department.objects.get(key="logistics")
    assert (row.kana, row.answer_within_s) == ("ぶつりゅう", 1800)
    assert client.post("/departments/new/", typed).status_code == 422
    assert "4:00のように" in client.post("/departments/new/", {**typed, "answer_within_s": "soon"}).text

    topic = {"name": HOSTILE, "key": "delay", "categories": [str(cast.mail_trouble.pk)], "position": "1"}
    client.post(f"/departments/{row.pk}/topics/new/", {**topic, "is_active": "on"})
    made = Topic.objects.get(key="delay")
    assert list(made.categories.all()) == [cast.mail_trouble]
    client.post(f"/departments/{row.pk}/topics/{made.pk}/", {**topic, "categories": [], "is_active": "on"})
    assert not made.categories.exists()

    contact = {"name": "佐々木 愛", "phone": "０３－５０００－２１００", "channel_0": "phone", "channel_1": "mail"}
    client.post(f"/departments/{row.pk}/contacts/new/", {**contact, "is_active": "on"})
    who = Contact.objects.get(name="佐々木 愛")
    assert (who.phone, who.channels, who.position) == ("+81350002100", ["phone", "mail"], 1)
    bad = client.post(f"/departments/contacts/{who.pk}/", {**contact, "phone": "なし"})
    assert (bad.status_code, "電話番号ではありません。" in bad.text) == (422, True)
    client.post(f"/departments/{row.pk}/edit/", {**typed, "manager": who.pk, "is_active": "on"})
    row.refresh_from_db()
    assert row.manager == who
    text = client.get(f"/departments/{row.pk}/").text
    assert HOSTILE not in text
    assert "佐々木 愛" in text


def test_what_was_typed_about_channels_comes_back(cast: Cast, sign_in: SignIn) -> None:
    text = sign_in(cast.kimura).get(f"/departments/contacts/{cast.accounting_first.pk}/").text
    assert '<option value="mail" selected>' in text
    assert '<option value="phone" selected>' in text


def test_somebody_who_was_named_is_confirmed_with_one_press(cast: Cast, sign_in: SignIn) -> None:
    named = actions.add_contact(cast.accounting, name="新顔", in_chain=False, is_confirmed=False, by=cast.admin)
    client = sign_in(cast.hayashi)
    assert "確認されていない" in client.get(page_of(cast)).text
    client.post(f"/departments/contacts/{named.pk}/confirm/")
    assert "確認されていない" not in client.get(page_of(cast)).text


@freeze_time(NOON)
def test_a_contact_is_away_for_days_and_somebody_stands_in(cast: Cast, sign_in: SignIn) -> None:
    client, address = sign_in(cast.hayashi), f"/departments/contacts/{cast.accounting_first.pk}/away/"
    typed = {"first": "2026-11-27", "last": "2026-12-03", "deputy": cast.accounting_second.pk, "note": "休み"}
    assert client.post(address, {**typed, "last": "2026-11-20"}).status_code == 422
    client.post(address, typed)
    absence = ContactAbsence.objects.get()
    assert (absence.starts_at, absence.ends_at) == (
        datetime(2026, 11, 26, 15, tzinfo=UTC),
        datetime(2026, 12, 3, 15, tzinfo=UTC),
    )
    assert "代理：岡田 部長" in client.get(page_of(cast)).text
    client.post(f"/departments/away/{absence.pk}/end/")
    assert not ContactAbsence.objects.exists()


@pytest.mark.parametrize("words", ["\x00", "%%%", "'" * 200, "𠮷野家", "🏢"])
def test_any_words_may_be_searched(cast: Cast, sign_in: SignIn, words: str) -> None:
    assert sign_in(cast.sato).get("/departments/", {"q": words}).status_code == 200


def test_by_the_number_of_a_ticket_one_finds_who_answered_the_last_one_like_it(cast: Cast, sign_in: SignIn) -> None:
    before = raised(cast, subject=f"10月分の請求書 {HOSTILE}", category=cast.mail_trouble)
    ticket = raised(cast, subject="11月分", category=cast.mail_trouble)
    client = sign_in(cast.sato)
    assert "回答した人はまだいません" in client.get("/departments/", {"q": ticket.number_shown}, headers=ROWS).text
    answer(asked(cast, before), body="送付済み", by=cast.sato)
    for number in (ticket.number_shown, f" {ticket.number} ", f"＃{ticket.number_shown}"):
        text = client.get("/departments/", {"q": number}, headers=ROWS).text
        for words in ("経理 窓口", before.number_shown, "同じ分類のチケット", "03-5000-2000"):
            assert words in text
        assert HOSTILE not in text
    assert "似たチケット" not in sign_in(cast.ogawa).get("/departments/", {"q": ticket.number_shown}).text
