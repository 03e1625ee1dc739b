"""Whom of the customers somebody may see: the one scope of every door that shows people."""

from django.db.models import Exists, OuterRef, QuerySet

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.people.access import Access, Capability
from madoguchi.people.meant import meant_by
from madoguchi.people.models import Organization, Person
from madoguchi.tickets.models import Ticket


def people_visible_to(access: Access) -> QuerySet[Person]:
    """All persons; for a partner's staff those on the tickets, contacts and call-backs that they may see."""
    if not access.can(Capability.READ_PEOPLE):
        return Person.objects.none()
    if not access.is_partner:
        return Person.objects.all()
    tickets, here = Ticket.objects.visible_to(access), OuterRef("pk")
    # Asked of each person: what a partner has ever had is far more than what one person has.
    return Person.objects.filter(
        Exists(tickets.filter(requester=here))
        | Exists(tickets.filter(affected=here))
        | Exists(Interaction.objects.visible_to(access).filter(person=here))
        | Exists(CallBack.objects.visible_to(access).filter(person=here))
    )


def organizations_visible_to(access: Access) -> QuerySet[Organization]:
    """All organisations; for a partner's staff those of the people, tickets and contacts that they may see."""
    if not access.can(Capability.READ_PEOPLE):
        return Organization.objects.none()
    if not access.is_partner:
        return Organization.objects.all()
    here = OuterRef("pk")
    return Organization.objects.filter(
        Exists(Ticket.objects.visible_to(access).filter(organization=here))
        | Exists(Interaction.objects.visible_to(access).filter(organization=here))
        | Exists(people_visible_to(access).filter(organization=here))
    )


def meant_and_visible(text: str, access: Access) -> tuple[Person | None, Organization | None]:
    """The one person, and organisation, that a free text means, as far as ``access`` may see them."""
    meant, unit = meant_by(text)
    person = people_visible_to(access).filter(pk=meant.pk).first() if meant is not None else None
    return person, organizations_visible_to(access).filter(pk=unit.pk).first() if unit is not None else None
