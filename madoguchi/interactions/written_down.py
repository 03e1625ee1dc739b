"""The contact behind what somebody writes down without having begun it on the seat: by the API, or on a form."""

from datetime import datetime, timedelta

from django.db.models import Q

from madoguchi.foundation.prepared import insert
from madoguchi.interactions.models import Channel, Interaction, InteractionQuerySet
from madoguchi.people.models import Person, Staff, Team

_RECENT = timedelta(hours=12)
_DIALLING = timedelta(minutes=10)  # between the click and the telephone's own word, their clocks' difference included
_JUST_MADE = timedelta(hours=2)
_TALKED = (Channel.PHONE, Channel.VISIT, Channel.CHAT)  # the others begin with no member of staff


def contact_at_hand(*, channel: str, person: Person | None, staff: Staff, at: datetime) -> Interaction | None:
    """The contact that ``staff`` has with ``person`` on this channel: the call they are in, else the latest unsettled.

    By the person, or by one of their numbers and addresses: who called just now is perhaps not identified yet.
    """
    if person is None or channel not in _TALKED:
        return None
    spelled = [*person.phones.values_list("number", flat=True), *person.emails.values_list("address", flat=True)]
    with_them = Q(person=person) | Q(person__isnull=True, address__in=spelled)
    contacts = Interaction.objects.filter(with_them, channel=channel, staff=staff).select_related("call")
    return (
        contacts.filter(call__is_live=True).order_by("-started_at").first()
        or contacts.open().filter(started_at__gte=at - _RECENT).order_by("-started_at").first()
    )


def dialled_by_hand(*, staff: Staff, number: str, at: datetime) -> Interaction | None:
    """The outgoing call to ``number`` that our own screen noted for ``staff`` about this time."""
    near = _outbound(staff, number).filter(call__isnull=True)
    near = near.filter(started_at__gte=at - _DIALLING, started_at__lte=at + _DIALLING)
    return near.order_by("-started_at").first()


def outbound_at_hand(*, staff: Staff, number: str, at: datetime) -> Interaction | None:
    """The unsettled outgoing call that ``staff`` has made to ``number`` of late, whoever told of it."""
    recent = _outbound(staff, number).open().filter(started_at__gte=at - _JUST_MADE)
    return recent.select_related("call").order_by("-started_at").first()


def _outbound(staff: Staff, number: str) -> InteractionQuerySet:
    return Interaction.objects.filter(
        channel=Channel.PHONE, direction=Interaction.Direction.OUTBOUND, staff=staff, address=number
    )


def note_contact(
    *, channel: str, person: Person | None, staff: Staff | None, team: Team, summary: str, at: datetime
) -> Interaction:
    """A contact that is over and belongs to the ticket that is being raised, whose journal entry tells of it."""
    return insert(
        Interaction(
            channel=channel,
            person=person,
            organization=person.organization if person else None,
            staff=staff,
            team=team,
            summary=summary,
            started_at=at,
            ended_at=at,
            state=Interaction.State.LINKED,
        )
    )
