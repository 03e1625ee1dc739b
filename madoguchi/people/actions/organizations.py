"""Organisations, what they are entitled to and what they have installed."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import Contract, InstalledItem, Organization, PhoneNumber

_ORGANIZATION = frozenset({"name", "kana", "code", "parent", "note"})
_CONTRACT = frozenset(
    {
        "name",
        "number",
        "service_class",
        "services",
        "valid_from",
        "valid_to",
        "engineer",
        "engineer_team",
        "salesperson",
        "identity_questions",
        "note",
    }
)
_INSTALLED = frozenset({"contract", "name", "serial", "location", "installed_on", "note"})
_DEEPEST = 10


@transaction.atomic
def add_organization(*, by: Actor, **fields: Any) -> Organization:
    """A new organisation; ``fields`` as in ``change_organization``."""
    organization = Organization()
    apply(organization, _clean(fields), allowed=_ORGANIZATION)
    organization.refresh_search()
    organization.save()
    record("organization.added", by=by, about=[organization], data={"name": organization.name})
    return organization


@transaction.atomic
def change_organization(organization: Organization, *, by: Actor, **changes: Any) -> Organization:
    """Correct ``name kana code parent note``; nobody stands below themselves."""
    changed = apply(organization, _clean(changes), allowed=_ORGANIZATION)
    if not changed:
        return organization
    above, depth = organization.parent, 0
    while above is not None:
        if above.pk == organization.pk or depth > _DEEPEST:
            raise Refused(_("An organization cannot stand below itself."), code="circle", field="parent")
        above, depth = above.parent, depth + 1
    organization.refresh_search()
    organization.save(update_fields=[*changed, "search"])
    record("organization.changed", by=by, about=[organization], data={"fields": changed})
    return organization


@transaction.atomic
def add_main_number(organization: Organization, *, number: str, label: str = "", by: Actor) -> PhoneNumber:
    """A number that many people of the organisation share; the same number again changes nothing."""
    normalised = phone.normalise(number)
    if not normalised:
        raise Refused(_("“%(number)s” is not a telephone number.") % {"number": number[:60]}, code="number")
    row, created = PhoneNumber.objects.get_or_create(
        organization=organization, number=normalised, defaults={"label": label[:40]}
    )
    if created:
        record("organization.phone_added", by=by, about=[organization], data={"number": normalised})
    return row


@transaction.atomic
def remove_main_number(number: PhoneNumber, *, by: Actor) -> None:
    """The number no longer leads to the organisation; calls of the past keep what they were."""
    organization = number.organization
    number.delete()
    record("organization.phone_removed", by=by, about=[organization], data={"number": number.number})


@transaction.atomic
def add_contract(organization: Organization, *, by: Actor, **fields: Any) -> Contract:
    """What the organisation is entitled to; ``fields`` as in ``change_contract``."""
    contract = Contract(organization=organization)
    apply(contract, fields, allowed=_CONTRACT)
    _must_begin_before_it_ends(contract)
    contract.save()
    record("contract.added", by=by, about=[organization, contract], data={"name": contract.name})
    return contract


@transaction.atomic
def change_contract(contract: Contract, *, by: Actor, **changes: Any) -> Contract:
    """Correct a contract (see the model); one that ended gets a last day, it is not deleted."""
    if changed := apply(contract, changes, allowed=_CONTRACT):
        _must_begin_before_it_ends(contract)
        contract.save(update_fields=changed)
        record("contract.changed", by=by, about=[contract.organization, contract], data={"fields": changed})
    return contract


@transaction.atomic
def add_installed(organization: Organization, *, by: Actor, **fields: Any) -> InstalledItem:
    """A product the organisation has installed."""
    item = InstalledItem(organization=organization)
    apply(item, fields, allowed=_INSTALLED)
    item.save()
    record("organization.installed_added", by=by, about=[organization], data={"name": item.name})
    return item


@transaction.atomic
def remove_installed(item: InstalledItem, *, by: Actor) -> None:
    """The product is gone from the customer; the journal keeps what it was."""
    data = {"name": item.name, "serial": item.serial, "location": item.location}
    organization = item.organization
    item.delete()
    record("organization.installed_removed", by=by, about=[organization], data=data)


def _must_begin_before_it_ends(contract: Contract) -> None:
    if contract.valid_to is not None and contract.valid_to < contract.valid_from:
        raise Refused(_("The contract would end before it begins."), code="validity", field="valid_to")


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "kana": to_hiragana(fields["kana"])} if "kana" in fields else fields
