from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from madoguchi.people.models import Contract, Membership, PhoneNumber, Role, Staff
from tests.cast import PASSWORD, Cast, number, staff


def test_staff_sign_in_by_address_in_any_case_and_are_stored_in_lower_case(db: None) -> None:
    member = Staff.objects.create_user("Sato@Example.JP", PASSWORD, family_name="佐藤")
    assert member.email == "sato@example.jp"
    assert Staff.objects.get_by_natural_key("SATO@example.jp") == member
    assert member.check_password(PASSWORD)


def test_staff_without_a_password_cannot_sign_in(db: None) -> None:
    member = Staff.objects.create_user("sato@example.jp", family_name="佐藤")
    assert not member.has_usable_password()


def test_an_extension_belongs_to_one_person(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        staff("second", "別人", "べつ", extension="1001", roles=[])
    assert Staff.objects.filter(extension="").count() > 1  # having none is no clash


@pytest.mark.parametrize("with_team", [True, False])
def test_a_role_is_held_once(cast: Cast, with_team: bool) -> None:
    team = cast.network if with_team else None
    Membership.objects.create(staff=cast.outsider, team=team, role=Role.VIEWER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(staff=cast.outsider, team=team, role=Role.VIEWER)
    Membership.objects.create(staff=cast.outsider, team=team, role=Role.OPERATOR)


def test_a_number_belongs_to_a_person_or_an_organisation(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PhoneNumber.objects.create(number="+81300000000")
    with pytest.raises(IntegrityError), transaction.atomic():
        PhoneNumber.objects.create(number="+81300000000", person=cast.yamada, organization=cast.minato)


def test_a_number_stands_once_with_its_owner_and_may_be_shared(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        number(cast.minato, "03 5000 1234")
    with pytest.raises(IntegrityError), transaction.atomic():
        number(cast.yamada, "+81 90 1111 2222")
    assert number(cast.nakagawa, "090-1111-2222").display == "090-1111-2222"


@pytest.mark.parametrize(
    ("day", "valid"),
    [(date(2026, 3, 31), False), (date(2026, 4, 1), True), (date(2027, 3, 31), True), (date(2027, 4, 1), False)],
)
def test_a_contract_is_valid_on_its_first_and_last_day(day: date, valid: bool) -> None:
    contract = Contract(valid_from=date(2026, 4, 1), valid_to=date(2027, 3, 31))
    assert contract.is_valid_on(day) is valid


def test_a_contract_without_an_end_stays_valid() -> None:
    assert Contract(valid_from=date(2020, 1, 1)).is_valid_on(date(2099, 1, 1))


def test_a_contract_covers_its_services_and_what_needs_none() -> None:
    contract = Contract(services=["mail"])
    assert contract.covers("mail")
    assert contract.covers("")
    assert not contract.covers("onsite")


def test_a_team_is_named_in_the_language_of_the_page(cast: Cast) -> None:
    assert str(cast.network) == "ネットワーク"
    with translation.override("en"):
        assert str(cast.network) == "Network"


def test_a_person_is_addressed_politely_in_japanese(cast: Cast) -> None:
    assert cast.yamada.polite_name == "山田 花子 様"
    with translation.override("en"):
        assert cast.yamada.polite_name == "山田 花子"
