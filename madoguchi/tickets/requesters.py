"""Whom of the customers somebody may see: the one scope of every door that shows people."""

from django.db.models import Q, QuerySet

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Organization, Person
from madoguchi.tickets.models import Ticket


def people_visible_to(access: Access) -> QuerySet[Person]:
    """All persons; for a partner's staff those on the tickets, contacts and call-backs that they may see."""
    if not access.can(Capability.READ_PEOPLE):
        return Person.objects.none()
    if not access.is_partner:
        return Person.objects.all()
    tickets = Ticket.objects.visible_to(access)
    return Person.objects.filter(
        Q(pk__in=tickets.filter(requester__isnull=False).values("requester"))
        | Q(pk__in=tickets.filter(affected__isnull=False).values("affected"))
        | Q(pk__in=Interaction.objects.visible_to(access).filter(person__isnull=False).values("person"))
        | Q(pk__in=CallBack.objects.visible_to(access).filter(person__isnull=False).values("person"))
    )


def organizations_visible_to(access: Access) -> QuerySet[Organization]:
    """All organisations; for a partner's staff those of the people, tickets and contacts that they may see."""
    if not access.can(Capability.READ_PEOPLE):
        return Organization.objects.none()
    if not access.is_partner:
        return Organization.objects.all()
    tickets = Ticket.objects.visible_to(access)
    contacts = Interaction.objects.visible_to(access)
    return Organization.objects.filter(
        Q(pk__in=tickets.filter(organization__isnull=False).values("organization"))
        | Q(pk__in=contacts.filter(organization__isnull=False).values("organization"))
        | Q(pk__in=people_visible_to(access).filter(organization__isnull=False).values("organization"))
    )
