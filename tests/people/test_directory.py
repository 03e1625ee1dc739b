"""The directory is searched while a caller is on the line: any kana, any width, numbers, every word."""

from typing import Any

import pytest

from madoguchi.people import actions
from madoguchi.people.directory import find_in_directory
from madoguchi.people.models import Contact, Department
from tests.cast import Cast


@pytest.fixture
def sasaki(cast: Cast) -> Contact:
    actions.add_topic(
        cast.accounting, key="invoice", name="請求書", name_en="Invoices", words="インボイス 領収証", by=cast.admin
    )
    actions.add_department(key="sales", name="営業部", kana="えいぎょう", about="契約", by=cast.admin)
    return actions.add_contact(
        cast.accounting,
        name="佐々木 愛",
        kana="ササキ アイ",
        email="sasaki@example.jp",
        phone="03-5000-2100",
        extension="2100",
        mobile="090-2222-3333",
        note="倉庫にいます 14:00まで",
        by=cast.admin,
    )


def found(text: str, **options: Any) -> list[str]:
    hits = find_in_directory(text, **options)
    return [str(hit.contact or hit.topic or hit.department) for hit in hits]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("請求書", "請求書"),
        ("いんぼいす", "請求書"),
        ("ｲﾝﾎﾞｲｽ 経理", "請求書"),
        ("invoice", "請求書"),
        ("経理部", "経理部"),
        ("ACCOUNTING", "経理部"),
        ("エイギョウ", "営業部"),
        ("ｻｻｷ", "佐々木 愛"),
        ("佐々木", "佐々木 愛"),
        ("経理　ささき", "佐々木 愛"),
        ("2100", "佐々木 愛"),
        ("２１００", "佐々木 愛"),
        ("内線2100", "佐々木 愛"),
        ("内線 ２１００", "佐々木 愛"),
        ("ext. 2100", "佐々木 愛"),
        ("03-5000-2100", "佐々木 愛"),
        ("+81 90-2222", "佐々木 愛"),
        ("sasaki@", "佐々木 愛"),
        ("倉庫", "佐々木 愛"),
    ],
)
def test_the_one_who_is_meant_stands_first(cast: Cast, sasaki: Contact, text: str, first: str) -> None:
    assert found(text)[0] == first


@pytest.mark.parametrize("text", ["", "　", "佐々木 営業", "9999", "%", "_", "請求書 ささき"])
def test_what_fits_not_every_word_is_not_found(cast: Cast, sasaki: Contact, text: str) -> None:
    assert found(text) == []


def test_without_numbers_nobody_is_found_by_number_address_or_note(cast: Cast, sasaki: Contact) -> None:
    for text in ("2100", "03-5000-2100", "sasaki@example", "倉庫"):
        assert found(text, numbers=False) == []
    assert found("ささき", numbers=False) == ["佐々木 愛"]


def test_who_is_no_longer_asked_is_not_found(cast: Cast, sasaki: Contact) -> None:
    actions.change_contact(sasaki, is_active=False, by=cast.admin)
    assert found("ささき") == []
    actions.change_contact(sasaki, is_active=True, by=cast.admin)
    actions.change_department(cast.accounting, is_active=False, by=cast.admin)
    assert found("ささき") == found("請求書") == found("経理") == []


def test_finding_costs_the_same_whatever_is_found(
    cast: Cast, sasaki: Contact, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        actions.add_contact(Department.objects.get(key="sales"), name=f"佐々木 {number}", by=cast.admin)
    with django_assert_max_num_queries(5):
        assert len(found("佐々木")) == 20
