"""People of the company who phone the desk, too: known by address and number as soon as the directory knows them."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from madoguchi.directory.changes import RequesterChange
from madoguchi.foundation.japanese import search_key, split_name
from madoguchi.people.models import Contact, EmailAddress, Person, PhoneNumber

_AT_ONCE = 500


def plan_requesters(contacts: Iterable[tuple[Contact, str]]) -> list[RequesterChange]:
    """What becomes of them; each contact with the name of their organization (empty: as it is).

    Somebody is known by the mail address, which must lead to one person only; without an address nobody is added.
    Shared mailboxes are nobody. Numbers are added, never taken away.
    """
    wanted = {one.email.lower(): (one, company) for one, company in contacts if one.email and not one.is_shared}
    people = _people_at(list(wanted))
    changes = []
    for email, (contact, company) in wanted.items():
        known = people.get(email, [])
        if len(known) > 1:
            continue
        person = known[0] if known else Person()
        change = RequesterChange(person, {}, email="" if known else email)
        names, kana = split_name(contact.name), split_name(contact.kana)
        told = {"family_name": names[0], "given_name": names[1], "family_kana": kana[0], "given_kana": kana[1]}
        told["title"] = " ".join(filter(None, (contact.department.name, contact.title)))[:100]
        for name, after in told.items():
            if after and after != (before := getattr(person, name)):
                change.fields[name] = (before, after)
                setattr(person, name, after)
        here = {number.number for number in person.phones.all()} if known else set()
        labels = {contact.extension: _("extension"), contact.mobile: _("mobile"), contact.phone: _("phone")}
        change.numbers = {number: str(label) for number, label in labels.items() if number and number not in here}
        if company and not (person.organization and search_key(person.organization.name) == search_key(company)):
            change.organization = company
        if change.fields or change.numbers or change.organization or not known:
            changes.append(change)
    return changes


def _people_at(addresses: list[str]) -> dict[str, list[Person]]:
    people: dict[str, list[Person]] = defaultdict(list)
    rows: QuerySet[EmailAddress] = EmailAddress.objects.select_related("person__organization")
    rows = rows.prefetch_related(Prefetch("person__phones", PhoneNumber.objects.order_by("id")))
    for start in range(0, len(addresses), _AT_ONCE):
        for row in rows.filter(address__in=addresses[start : start + _AT_ONCE]):
            people[row.address].append(row.person)
    return people
