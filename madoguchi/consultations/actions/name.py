"""Whom a contact named instead of themselves: found in the directory, or entered there to be confirmed."""

from dataclasses import dataclass

from django.conf import settings

from madoguchi.foundation import phone as numbers
from madoguchi.foundation.japanese import search_key
from madoguchi.journal.record import Actor
from madoguchi.mail.addresses import is_address
from madoguchi.people.actions import add_contact
from madoguchi.people.models import Contact, Department


@dataclass(frozen=True)
class Named:
    """Somebody whom a contact named: one of the directory, or what is known of them."""

    name: str = ""
    email: str = ""
    phone: str = ""
    contact: Contact | None = None

    def __str__(self) -> str:
        known = self.contact.name if self.contact else self.name.strip()
        return " ".join(part for part in (known, self.email.strip(), self.phone.strip()) if part)[:200]


def find_named(named: Named, department: Department, *, by: Actor) -> Contact | None:
    """The contact who can be asked now; None when they cannot be reached, or only at a stranger's address.

    A link is held by whoever has the mail, so a question never follows to a domain that the department does not use:
    such a person is entered, unconfirmed, and the desk asks them if it wants to. So is somebody of whom only the name
    is known.
    """
    email, name = named.email.strip(), named.name.strip()[:100]
    number = numbers.normalise(named.phone)
    known = named.contact or _known(email, name, department)
    if known is None and (name or is_address(email) or number):
        known = add_contact(
            department,
            by=by,
            in_chain=False,
            name=name or email or number,
            email=email if is_address(email) else "",
            phone=number,
            is_confirmed=False,
        )
    return known if known is not None and known.is_active and _can_be_asked(known) else None


def _known(email: str, name: str, department: Department) -> Contact | None:
    if email and (known := Contact.objects.filter(email__iexact=email, is_active=True).order_by("id").first()):
        return known
    of_department = Contact.objects.filter(department=department, is_active=True) if name else Contact.objects.none()
    return next((row for row in of_department if search_key(row.name) == search_key(name)), None)


def _can_be_asked(contact: Contact) -> bool:
    """Somebody of the directory; else, until somebody of the desk has looked at them, as ``find_named`` says."""
    if contact.is_confirmed:
        return True
    if not contact.email:
        return bool(contact.phone)
    return _domain(contact.email) in _domains(contact.department)


def _domains(department: Department) -> set[str]:
    addresses = Contact.objects.filter(department=department, is_confirmed=True).exclude(email="")
    return {_domain(settings.MAIL_ADDRESS), *map(_domain, addresses.values_list("email", flat=True))}


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
