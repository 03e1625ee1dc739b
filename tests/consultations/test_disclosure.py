"""What of a ticket may leave: the text of a question, and what is masked in it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.catalog.models import Category
from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.disclose import forget_disclosure, set_disclosure
from madoguchi.consultations.actions.hear import ask_back
from madoguchi.consultations.actions.steer import reply
from madoguchi.consultations.disclosure import (
    DEFAULT,
    DEFAULT_OUTSIDE,
    Answer,
    Case,
    Field,
    Name,
    found_in,
    question_of,
)
from madoguchi.consultations.proposal import allowed_for, question_for, tells_too_much
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people.models import Department
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

SignIn = Callable[..., Client]

YAMADA = Case(
    subject="請求書が届かない (山田 花子)",
    category="請求 › 請求書",
    organization="株式会社みなと商事",
    names=[Name("山田", "花子", "やまだ", "はなこ")],
    emails=["hanako.yamada@minato.example"],
    phones=["090-1111-2222", "03-5000-1234"],
    said="みなと商事の山田です。０９０－１１１１－２２２２ か hanako.yamada@minato.example へ。ヤマダハナコ",
    later=["急ぎです", "内線 1234 でも構いません"],
    answers=[
        Answer("invoice", "請求書番号", "INV-2026-10"),
        Answer("callback", "折り返し先", "+819011112222", is_phone=True),
        Answer("memo", "メモ", "03(5000)1234 の山田さん"),
    ],
)


def told(*allowed: str, case: Case = YAMADA) -> str:
    return question_of(case, frozenset(allowed)).text


def test_by_default_the_company_and_the_answers_leave_and_nothing_that_names_a_person() -> None:
    question = question_of(YAMADA, DEFAULT)
    assert "株式会社みなと商事" in question.text
    assert "請求書番号: INV-2026-10" in question.text
    for secret in ("山田", "ヤマダ", "花子", "hanako", "1111", "１１１１", "5000", "急ぎ", "折り返し先"):
        assert secret not in question.text
    assert question.left_out == (Field.NAME, Field.EMAIL, Field.PHONE, Field.CONVERSATION)


def test_another_company_does_not_hear_for_which_customer_it_is() -> None:
    text = question_of(YAMADA, DEFAULT_OUTSIDE).text
    assert "みなと商事" not in text
    assert "[組織]の[氏名]です" in text


def test_what_is_allowed_stands_in_the_question() -> None:
    text = told(*Field.values)
    for known in (
        "山田 花子",
        "hanako.yamada@minato.example",
        "090-1111-2222",
        "急ぎです",
        "折り返し先: +819011112222",
    ):
        assert known in text
    assert "[" not in text
    assert question_of(YAMADA, Field.values).left_out == ()


def test_one_hearing_item_may_be_named_by_itself_and_is_told_as_it_stands() -> None:
    text = told("item:memo")
    assert "メモ: 03(5000)1234 の山田さん" in text
    assert "INV-2026-10" not in text
    assert Field.ITEMS in question_of(YAMADA, {"item:memo"}).left_out


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("山田さんの件です", [Field.NAME]),
        ("山田電機の件です", []),
        ("連絡先は 03 5000 1234", [Field.PHONE]),
        ("+81 90-1111-2222 まで", [Field.PHONE]),
        ("注文番号 2024-1234-5678、エラー0x800CCC0E、2026/11/27 10:00", []),
        ("someone@else.example まで", [Field.EMAIL]),
        ("内線 1234 へ", [Field.PHONE]),
        ("[氏名]の[電話番号]", []),
    ],
)
def test_what_somebody_wrote_is_looked_through(text: str, fields: list[Field]) -> None:
    assert found_in(text, YAMADA, DEFAULT) == fields


_names = ["山田花子", "山田\u3000花子", "やまだ はなこ", "株式会社みなと商事", "みなと商事"]
_numbers = ["090-1111-2222", "09011112222", "０９０ー１１１１ー２２２２", "+81-90-1111-2222", "03-5000-1234"]
_personal = st.sampled_from([*_names, *_numbers, "hanako.yamada@minato.example", "x.y@z.example"])
_pieces = st.lists(st.one_of(_personal, st.text("請求書がとどかない。、 \n()-:", max_size=8)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(pieces=_pieces, allowed=st.sets(st.sampled_from([*Field.values, "item:memo"])))
def test_nothing_that_may_not_leave_does_wherever_it_stands(pieces: list[str], allowed: set[str]) -> None:
    text = " ".join(pieces)
    case = Case(
        subject=text,
        organization=YAMADA.organization,
        names=YAMADA.names,
        emails=YAMADA.emails,
        phones=YAMADA.phones,
        said=text,
        later=[text],
        answers=[Answer("memo", "メモ", text)],
    )
    question = question_of(case, allowed - {"item:memo"})
    assert found_in(question.text, case, allowed) == []
    fewer = allowed - {Field.NAME, Field.PHONE}
    assert set(question_of(case, fewer).left_out) >= set(question_of(case, allowed).left_out) - {Field.ITEMS}


@pytest.fixture
def partner(db: None, cast: Cast) -> Department:
    department = Department.objects.create(key="outside", name="ひびき技術窓口", is_partner=True)
    department.contacts.create(name="窓口", email="tech@hibiki.example", position=1)
    return department


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        subject="メールが送れない",
        body="みなと商事の山田です。090-1111-2222 へ",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        details={"error_code": "0x800CCC0E", "callback_number": "+819011112222"},
        by=cast.sato,
    )


def test_the_nearest_policy_of_the_category_holds(cast: Cast, ticket: Ticket, partner: Department) -> None:
    def allowed(department: Department, category: Category | None = ticket.category) -> set[str]:
        return set(allowed_for(category, department))

    assert allowed(cast.accounting) == {"organization", "items"}
    assert allowed(partner) == {"items"}
    set_disclosure(None, fields=["name"], outside_fields=[], by=cast.hayashi)
    assert (allowed(cast.accounting), allowed(partner)) == ({"name"}, set())
    set_disclosure(cast.general, fields=["phone", "items"], outside_fields=["items"], by=cast.hayashi)
    assert (allowed(cast.accounting), allowed(partner)) == ({"phone", "items"}, {"items"})
    own = set_disclosure(
        cast.mail_trouble, fields=["item:error_code"], outside_fields=["item:error_code"], by=cast.hayashi
    )
    assert allowed(cast.accounting) == {"item:error_code"}
    assert allowed(cast.accounting, None) == {"name"}
    forget_disclosure(own, by=cast.hayashi)
    assert allowed(cast.accounting) == {"phone", "items"}
    kinds = Entry.objects.filter(kind__startswith="disclosure.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["disclosure.set"] * 3 + ["disclosure.forgotten"]


def test_another_company_is_never_told_more_than_the_own_people(cast: Cast) -> None:
    with pytest.raises(Refused, match="電話番号"):
        set_disclosure(None, fields=["name"], outside_fields=["name", "phone"], by=cast.hayashi)
    with pytest.raises(Refused):
        set_disclosure(None, fields=["everything"], outside_fields=[], by=cast.hayashi)
    set_disclosure(None, fields=["items"], outside_fields=["item:error_code"], by=cast.hayashi)


def test_the_proposed_question_is_made_of_the_ticket_in_the_desks_language(
    cast: Cast, ticket: Ticket, partner: Department
) -> None:
    post_message(ticket, body="社内の話", visibility="internal", by=cast.sato)
    for department in (cast.accounting, partner):
        question = question_for(ticket, department, None)
        assert "エラーコード: 0x800CCC0E" in question.text
        assert "メールの不具合" in question.text
        assert not any(word in question.text for word in ("山田", "1111", "社内の話"))
        assert tells_too_much(ticket, department, question.text) == []


def test_what_another_company_may_not_know_is_not_sent_whoever_writes_it(
    cast: Cast, ticket: Ticket, partner: Department
) -> None:
    written: dict[str, Any] = {"question": "山田 花子さんの番号は 090-1111-2222 です", "by": cast.sato}
    with pytest.raises(Refused, match="氏名、電話番号"):
        ask(ticket, department=partner, **written)
    ask(ticket, department=cast.accounting, **written)
    consultation = ask(ticket, department=partner, question="機器は故障ですか", urgent=True, by=cast.sato)
    ask_back(consultation, body="どちらのお客様ですか", by=cast.sato)
    with pytest.raises(Refused, match="組織は"):
        reply(consultation, body="みなと商事です", by=cast.sato)
    reply(consultation, body="申し上げられません", by=cast.sato)


def test_of_a_long_conversation_the_newest_that_fits_is_told() -> None:
    case = Case("件名", said="最初", later=[f"{number:02} " + "あ" * 5_000 for number in range(20)])
    text = question_of(case, {Field.CONVERSATION}).text
    assert len(text) < 20_000
    assert "最初" in text
    assert "19 " in text
    assert "00 " not in text
