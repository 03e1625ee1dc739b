"""Teams, departments, organisations: kept by acts, nothing lost."""

from datetime import timedelta

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people import actions
from madoguchi.people.models import Organization, Person
from madoguchi.people.queries import callers
from tests.cast import Cast


def names(cast: Cast) -> list[str]:
    return list(cast.accounting.contacts.order_by("position").values_list("name", flat=True))


def test_contacts_stand_in_the_order_in_which_they_are_asked(cast: Cast) -> None:
    third = actions.add_contact(cast.accounting, name="三番", phone="０３－５０００－２００１", by=cast.admin)
    assert third.phone == "+81350002001"
    order = [cast.accounting_first, third, cast.accounting_second]
    actions.order_chain(cast.accounting, order, by=cast.admin)
    actions.order_chain(cast.accounting, order, by=cast.admin)
    assert names(cast) == ["経理 窓口", "三番", "岡田 部長"]
    assert Entry.objects.filter(kind="department.contacts_ordered").count() == 1


def test_a_key_is_taken_once(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.change_team(cast.network, key="hibiki", by=cast.admin)
    assert (refusal.value.code, refusal.value.status) == ("key_taken", 409)
    with pytest.raises(Refused):
        actions.add_department(key="accounting", name="第二経理", by=cast.admin)


def test_an_organisation_never_stands_below_itself(cast: Cast) -> None:
    division = actions.add_organization(name="みなと商事 大阪", parent=cast.minato, by=cast.admin)
    with pytest.raises(Refused) as refusal:
        actions.change_organization(cast.minato, parent=division, by=cast.admin)
    assert refusal.value.code == "circle"
    assert Organization.objects.get(pk=cast.minato.pk).parent is None


def test_a_main_number_leads_to_the_people_until_it_is_removed(cast: Cast) -> None:
    row = actions.add_main_number(cast.minato, number="06-1234-5678", by=cast.admin)
    assert callers("0612345678").organizations == [cast.minato]
    actions.remove_main_number(row, by=cast.admin)
    assert callers("0612345678").organizations == []
    assert Entry.objects.get(kind="organization.phone_removed").data == {"number": "+81612345678"}
    with pytest.raises(Refused):
        actions.add_main_number(cast.minato, number="なし", by=cast.admin)


def test_a_contract_does_not_end_before_it_begins(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.change_contract(cast.contract, valid_to=cast.contract.valid_from - timedelta(days=1), by=cast.admin)
    assert refusal.value.code == "validity"


def test_a_removed_product_stays_in_the_journal(cast: Cast) -> None:
    item = actions.add_installed(cast.minato, name="複合機", serial="MX-1", by=cast.admin)
    actions.remove_installed(item, by=cast.admin)
    data = {"name": "複合機", "serial": "MX-1", "location": ""}
    assert Entry.objects.get(kind="organization.installed_removed").data == data


def test_an_organisation_may_be_given_by_name(cast: Cast) -> None:
    cast.minato.refresh_search()
    cast.minato.save(update_fields=["search"])
    actions.change_person(cast.walk_in, organization="株式会社みなと商事", by=cast.admin)
    assert Person.objects.get(pk=cast.walk_in.pk).organization == cast.minato
    actions.change_person(cast.walk_in, organization="", by=cast.admin)
    assert Person.objects.get(pk=cast.walk_in.pk).organization is None
