"""The tree and what is asked, changed without losing what was answered."""

import pytest

from madoguchi.catalog import actions
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from tests.cast import Cast


def keys(cast: Cast) -> list[str]:
    return [item.key for item in hearing_items(cast.mail_trouble)]


def test_items_are_asked_in_their_order(cast: Cast) -> None:
    second = cast.mail_trouble.items.get(key="since_when")
    actions.move_item(second, up=True, by=cast.admin)
    assert keys(cast)[:2] == ["since_when", "error_code"]
    actions.move_item(second, up=True, by=cast.admin)
    assert keys(cast)[:2] == ["since_when", "error_code"]
    assert Entry.objects.filter(kind="item.moved").count() == 1


def test_what_is_no_longer_asked_is_still_known(cast: Cast) -> None:
    actions.change_item(cast.mail_trouble.items.get(key="impact"), is_active=False, by=cast.admin)
    assert "impact" not in keys(cast)
    assert "impact" in [item.key for item in hearing_items(cast.mail_trouble, active_only=False)]


def test_a_new_item_comes_last_for_category_and_team(cast: Cast) -> None:
    actions.add_item(cast.mail_trouble, key="os", name="OS", by=cast.admin)
    assert keys(cast)[-1] == "os"
    actions.add_item(cast.network, key="vlan", name="VLAN", is_required=True, by=cast.admin)
    assert [item.key for item in hearing_items(None, cast.network)] == ["vlan"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"key": "impact", "name": "影響"}, "key_taken"),
        ({"key": "os", "name": "OS", "kind": HearingItem.Kind.CHOICE, "choices": ["Windows"]}, "choices"),
    ],
)
def test_an_item_that_cannot_be_is_refused(cast: Cast, fields: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        actions.add_item(cast.mail_trouble, by=cast.admin, **fields)
    assert refusal.value.code == code


def test_a_category_never_stands_below_itself(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.change_category(cast.general, parent=cast.wiring, by=cast.admin)
    assert refusal.value.code == "circle"
    assert Category.objects.get(pk=cast.general.pk).parent is None
