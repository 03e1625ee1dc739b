import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from madoguchi.catalog.models import Category, HearingItem
from tests.cast import Cast


def test_a_category_cannot_stand_below_itself(cast: Cast) -> None:
    below = Category.objects.create(key="below", name="下", parent=cast.mail_trouble)
    cast.general.parent = below
    with pytest.raises(ValidationError, match=r"自|itself"):
        cast.general.clean()


def test_a_category_may_move_below_another(cast: Cast) -> None:
    cast.wiring.parent = cast.mail_trouble
    cast.wiring.clean()


def test_an_item_belongs_to_a_category_or_a_team(cast: Cast) -> None:
    for owners in ({}, {"category": cast.general, "team": cast.network}):
        with pytest.raises(IntegrityError), transaction.atomic():
            HearingItem.objects.create(key="x", name="x", **owners)


def test_a_key_stands_once_in_a_category(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        HearingItem.objects.create(category=cast.mail_trouble, key="impact", name="x")
    HearingItem.objects.create(category=cast.wiring, key="impact", name="x")
