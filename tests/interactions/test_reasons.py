"""Why no ticket is needed: the company's own list; the desk's own reasons stay in it, old contacts keep theirs."""

from typing import Any

import pytest
from django.utils import translation

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import dismiss, open_interaction
from madoguchi.interactions.models import Interaction, NoTicketReason
from madoguchi.interactions.reasons import KEPT, PRODUCT_REASONS, Written, all_reasons, labels, offered, set_reasons
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def as_it_stands() -> list[Written]:
    return [Written(row.key, row.name, row.name_en, row.gave_up, row.is_active) for row in all_reasons()]


def visit(cast: Cast) -> Interaction:
    return open_interaction(channel="visit", staff=cast.sato, by=cast.sato)


def test_without_a_list_the_product_s_reasons_count_in_both_languages() -> None:
    assert [row.key for row in all_reasons()] == list(PRODUCT_REASONS)
    assert labels()["wrong_number"] == "間違い電話"
    with translation.override("en"):
        assert labels()["wrong_number"] == "Wrong number"
    spoken, gave_up = dict(offered(gave_up=False)), dict(offered(gave_up=True))
    assert gave_up.keys() - spoken.keys() == KEPT - {"other"}


def test_a_company_adds_its_own_renames_orders_and_retires(cast: Cast) -> None:
    old = dismiss(visit(cast), reason="silent", by=cast.sato)
    mine = Written("wrong_branch", "別支店宛て", "For another branch", False, True)
    rest = [
        reason._replace(name="架電テスト", name_en="Test call") if reason.key == "test" else reason
        for reason in as_it_stands()
        if reason.key != "silent"
    ]
    set_reasons([mine, *rest], by=cast.admin)
    assert offered(gave_up=False)[0] == ("wrong_branch", "別支店宛て")
    assert "silent" not in dict(offered(gave_up=True))
    assert (labels()[old.dismissed_reason], labels()["test"]) == ("無言電話", "架電テスト")
    assert not NoTicketReason.objects.get(key="silent").is_active
    assert dismiss(visit(cast), reason="wrong_branch", by=cast.sato).dismissed_reason == "wrong_branch"
    with pytest.raises(Refused):
        dismiss(visit(cast), reason="silent", by=cast.sato)
    set_reasons([reason._replace(is_active=True) for reason in as_it_stands()], by=cast.admin)
    assert dismiss(visit(cast), reason="silent", by=cast.sato).dismissed_reason == "silent"


@pytest.mark.parametrize("retired", sorted(KEPT))
def test_what_the_desk_says_by_itself_stays(cast: Cast, retired: str) -> None:
    for written in (
        [reason for reason in as_it_stands() if reason.key != retired],
        [reason._replace(is_active=reason.key != retired) for reason in as_it_stands()],
    ):
        with pytest.raises(Refused):
            set_reasons(written, by=cast.admin)
    assert not NoTicketReason.objects.exists()
    renamed = [reason._replace(name="自社の言い方", gave_up=False) for reason in as_it_stands()]
    set_reasons(renamed, by=cast.admin)
    assert NoTicketReason.objects.get(key=retired).gave_up == (retired != "other")


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "a b"},
        {"key": ""},
        {"key": "k" * 21},
        {"key": "test"},
        {"name": " "},
        {"name": "n" * 101},
        {"name_en": "n" * 101},
    ],
)
def test_a_line_that_makes_no_sense_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        set_reasons([*as_it_stands(), Written("mine", "独自", "Own", False, True)._replace(**wrong)], by=cast.admin)
    with pytest.raises(Refused):
        set_reasons([*as_it_stands(), *(Written(f"k{n}", "独自", "", False, True) for n in range(20))], by=cast.admin)
