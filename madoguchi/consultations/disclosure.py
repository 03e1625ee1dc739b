"""What of a ticket may be told to a department, the question that begins with it, and what must not be in it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items, path_of
from madoguchi.consultations.models import Disclosure
from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Department, EmailAddress, PhoneNumber
from madoguchi.tickets.models import Message, Ticket

PERSONAL = ("organization", "name", "email", "phone", "conversation")
ALL_ITEMS, ONE_ITEM = "items", "item:"
_LONGEST_MESSAGE = 4000
_NUMBER = re.compile(r"\+?[0-9０-９][0-9０-９()（） \-‐－ー−–—.]{7,20}[0-9０-９]")


@dataclass(frozen=True)
class Policy:
    """``fields`` may be told to our own departments, ``outside_fields`` to those of other companies."""

    fields: frozenset[str] = frozenset({"organization", ALL_ITEMS})
    outside_fields: frozenset[str] = frozenset({ALL_ITEMS})

    def allows(self, department: Department) -> frozenset[str]:
        return self.fields & self.outside_fields if department.is_partner else self.fields


def policy_for(category: Category | None) -> Policy:
    """The category's own, else that of the nearest above it, else the desk's, else: no personal data. Two queries."""
    path = [node.pk for node in path_of(category)] if category else []
    rows = {row.category_id: row for row in Disclosure.objects.filter(Q(category__in=path) | Q(category=None))}
    nearest: list[int | None] = [*reversed(path), None]
    row = next((rows[key] for key in nearest if key in rows), None)
    return Policy(frozenset(row.fields), frozenset(row.outside_fields)) if row else Policy()


def draft(ticket: Ticket, department: Department) -> str:
    """What the department needs to know of the ticket and may: the question is written above it. May be empty."""
    with translation.override(settings.LANGUAGE_CODE):
        lines = [
            f"・{label}: {value}" for label, value in _facts(ticket, policy_for(ticket.category).allows(department))
        ]
        return "\n".join([_("About the inquiry"), *lines]) if lines else ""


def withheld(ticket: Ticket, department: Department, text: str) -> list[str]:
    """Which personal data a text gives away that the department may not be told: ``name email phone organization``."""
    allowed = policy_for(ticket.category).allows(department)
    found = {"name": _names(ticket, text), "email": _emails(ticket, text), "phone": _phones(ticket, text)}
    found["organization"] = bool(ticket.organization and search_key(ticket.organization.name) in search_key(text))
    return [field for field, given_away in found.items() if given_away and field not in allowed]


def _facts(ticket: Ticket, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    person = ticket.requester
    if "organization" in allowed and ticket.organization is not None:
        yield _("Organization"), ticket.organization.name
    if "name" in allowed and person is not None and person.name:
        yield _("Name"), person.name
    if "email" in allowed and person is not None:
        yield from ((_("E-mail"), row.address) for row in EmailAddress.objects.filter(person=person).order_by("id")[:1])
    if "phone" in allowed and person is not None:
        yield from ((_("Phone"), row.number) for row in PhoneNumber.objects.filter(person=person).order_by("id")[:1])
    for item in hearing_items(ticket.category, active_only=False) if ticket.details else ():
        value = ticket.details.get(item.key)
        if value not in (None, "", []) and _may_tell(item, allowed):
            yield item.label, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if "conversation" in allowed:
        said = Message.objects.filter(ticket=ticket, from_requester=True, visibility=Message.Visibility.PUBLIC)
        for body in said.order_by("id").values_list("body", flat=True)[:1]:
            yield _("Inquiry"), body[:_LONGEST_MESSAGE]


def _may_tell(item: HearingItem, allowed: Collection[str]) -> bool:
    """A telephone number stays here unless numbers may be told, or this very item."""
    if ONE_ITEM + item.key in allowed:
        return True
    return ALL_ITEMS in allowed and (item.kind != HearingItem.Kind.PHONE or "phone" in allowed)


def _names(ticket: Ticket, text: str) -> bool:
    person = ticket.requester
    if person is None or not person.family_name:
        return False
    written = search_key(text)
    names = [person.name, *(f"{person.family_name}{title}" for title in ("様", "さん", "さま", "氏"))]
    return any(search_key(name) in written for name in names if len(name) > 1)


def _emails(ticket: Ticket, text: str) -> bool:
    lower = text.lower()
    rows = EmailAddress.objects.filter(person=ticket.requester) if ticket.requester else ()
    return any(row.address.lower() in lower for row in rows)


def _phones(ticket: Ticket, text: str) -> bool:
    rows = PhoneNumber.objects.filter(person=ticket.requester) if ticket.requester else ()
    known = {row.number for row in rows}
    return bool(known) and any(phone.normalise(found[0]) in known for found in _NUMBER.finditer(text))
