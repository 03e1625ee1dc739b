"""The list of calls behind the board's figures: filters in the address, keyset pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.http import urlencode

from madoguchi.foundation import phone
from madoguchi.interactions.models import Channel, Interaction, InteractionQuerySet
from madoguchi.people.access import Access
from madoguchi.telephony.answering import SLOT, in_time_calls, short_calls
from madoguchi.telephony.models import CallState, Outcome
from madoguchi.tickets.models import TicketInteraction
from madoguchi.web.shell.keyset import keyset

PAGE = 50
SHOWS = ("unlinked", "abandoned", "waiting", "talking", "short", "late")
_PARTS = ("show", "outcome", "day", "slot", "number", "after")


@dataclass(frozen=True)
class CallsAddress:
    """The filters as they stand in the address; what makes no sense is dropped, and today, which is meant anyway.

    ``show``: ``unlinked`` and ``abandoned`` hold what nobody has settled, of any day; ``waiting`` and ``talking``
    what is live; ``short`` and ``late`` (not answered within the time) are of the day, like every outcome.
    ``number``, in any writing, finds the calls from and to it, of any day.
    """

    parts: Mapping[str, str]

    @classmethod
    def read(cls, query: QueryDict) -> "CallsAddress":
        given = {name: str(query.get(name, "")).strip() for name in _PARTS}
        valid = {
            "show": given["show"] in SHOWS,
            "outcome": given["outcome"] in Outcome.values,
            "day": _day(given["day"]) not in (None, timezone.localdate()),
            "slot": _slot(given["slot"]) is not None,
            "number": bool(phone.normalise(given["number"][:80])),
        }
        return cls({name: value for name, value in given.items() if value and valid.get(name, True)})

    def get(self, name: str) -> str:
        return self.parts.get(name, "")

    @property
    def query(self) -> str:
        """The filters without the page."""
        return urlencode({name: value for name, value in self.parts.items() if name != "after"})

    def following(self, cursor: str) -> str:
        """The query of the next page; none at the end."""
        return urlencode({**self.parts, "after": cursor}) if cursor else ""

    @property
    def is_of_a_day(self) -> bool:
        return self.get("show") not in ("unlinked", "abandoned", "waiting", "talking") and not self.get("number")

    @property
    def day(self) -> date:
        return _day(self.get("day")) or timezone.localdate()

    def apply(self, contacts: InteractionQuerySet) -> InteractionQuerySet:
        """The contacts that fit."""
        show = self.get("show")
        if show in ("unlinked", "abandoned"):
            contacts = contacts.unsettled().filter(is_abandoned=show == "abandoned")
        else:
            contacts = contacts.filter(channel=Channel.PHONE)
        if self.is_of_a_day:
            start, end = self._span()
            contacts = contacts.filter(started_at__gte=start, started_at__lt=end)
        if show == "waiting":
            waiting = (CallState.WAITING, CallState.RINGING)
            contacts = contacts.filter(call__is_live=True, call__state__in=waiting, direction="inbound")
        elif show == "talking":
            talking = (CallState.TALKING, CallState.HELD, CallState.TRANSFERRING)
            contacts = contacts.filter(call__is_live=True, call__state__in=talking)
        elif show == "short":
            contacts = contacts.filter(short_calls("call__"))
        elif show == "late":
            contacts = contacts.filter(call__ended_at__isnull=False, direction="inbound")
            contacts = contacts.exclude(in_time_calls("call__"))
            contacts = contacts.exclude(short_calls("call__"))
        if self.get("number"):
            contacts = contacts.filter(address=phone.normalise(self.get("number")))
        if self.get("outcome"):
            contacts = contacts.filter(call__outcome=self.get("outcome"))
        return contacts

    def _span(self) -> tuple[datetime, datetime]:
        start = timezone.make_aware(datetime.combine(self.day, time()))
        slot = _slot(self.get("slot"))
        if slot is not None:
            start = timezone.make_aware(datetime.combine(self.day, slot))
            return start, start + SLOT
        return start, timezone.make_aware(datetime.combine(date.fromordinal(self.day.toordinal() + 1), time()))


def contacts_page(address: CallsAddress, access: Access) -> tuple[list[Interaction], str]:
    """One page, newest first, each with its call, who took it and its tickets; and the query of the next page."""
    rows, cursor = keyset(
        _listed(address, access), ("started_at", "id"), after=address.get("after"), size=PAGE, descending=True
    )
    return rows, address.following(cursor)


def contacts_of(address: CallsAddress, access: Access, *, most: int) -> Iterator[Interaction]:
    """The list from its beginning, for a file."""
    return _listed(address, access)[:most].iterator(chunk_size=500)


def _listed(address: CallsAddress, access: Access) -> QuerySet[Interaction]:
    # Whoever may watch the board sees every ticket: asking which of them would read them all.
    links = TicketInteraction.objects.select_related("ticket").only("interaction", "ticket__subject").order_by("id")
    return (
        address.apply(Interaction.objects.visible_to(access))
        .select_related("call__answered_by", "person__organization", "organization", "staff", "team")
        .prefetch_related(Prefetch("ticket_links", links))
        .order_by("-started_at", "-id")
    )


def _day(written: str) -> date | None:
    try:
        return parse_date(written)
    except ValueError:
        return None


def _slot(written: str) -> time | None:
    try:
        slot = parse_time(written)
    except ValueError:
        return None
    return slot.replace(second=0, microsecond=0) if slot and slot.minute in (0, 30) and not slot.tzinfo else None
