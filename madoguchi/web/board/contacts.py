"""The list of calls behind the board's figures: filters in the address, keyset pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.http import urlencode

from madoguchi.foundation.numbers import row_number
from madoguchi.interactions.models import Channel, Interaction, InteractionQuerySet
from madoguchi.people.access import Access
from madoguchi.telephony.models import CallState, Outcome
from madoguchi.tickets.models import TicketInteraction
from madoguchi.web.board.figures import ANSWER_WITHIN_S, SLOT, answered_calls, short_calls

PAGE = 50
SHOWS = ("unlinked", "abandoned", "waiting", "talking", "short", "late")
_PARTS = ("show", "outcome", "day", "slot", "after")


@dataclass(frozen=True)
class CallsAddress:
    """The filters as they stand in the address; what makes no sense is dropped, and today, which is meant anyway.

    ``show``: ``unlinked`` and ``abandoned`` hold what nobody has settled, of any day; ``waiting`` and ``talking``
    what is live; ``short`` and ``late`` (not answered within the time) are of the day, like every outcome.
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
            "after": _cursor(given["after"]) is not None,
        }
        return cls({name: value for name, value in given.items() if value and valid[name]})

    def get(self, name: str) -> str:
        return self.parts.get(name, "")

    @property
    def query(self) -> str:
        """The filters without the page."""
        return urlencode({name: value for name, value in self.parts.items() if name != "after"})

    def following(self, last: Interaction) -> str:
        """The query of the next page."""
        after = f"{last.started_at.isoformat()}_{last.pk}"
        return urlencode({**self.parts, "after": after})

    @property
    def is_of_a_day(self) -> bool:
        return self.get("show") not in ("unlinked", "abandoned", "waiting", "talking")

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
            in_time = answered_calls("call__") & Q(call__wait_s__lte=ANSWER_WITHIN_S)
            contacts = contacts.filter(call__ended_at__isnull=False, direction="inbound").exclude(in_time)
            contacts = contacts.exclude(short_calls("call__"))
        if self.get("outcome"):
            contacts = contacts.filter(call__outcome=self.get("outcome"))
        if after := _cursor(self.get("after")):
            moment, last = after
            contacts = contacts.filter(Q(started_at__lt=moment) | Q(started_at=moment, pk__lt=last))
            contacts = contacts.filter(started_at__lte=moment)
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
    rows = _listed(address, access)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], address.following(found[PAGE - 1]) if len(found) > PAGE else ""


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


def _cursor(written: str) -> tuple[datetime, int] | None:
    at, _underscore, last = written.rpartition("_")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    row = row_number(last)
    return (moment, row) if moment.tzinfo and row is not None else None
