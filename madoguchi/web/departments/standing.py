"""Who of a department would be asked now, and how: as a question would find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from madoguchi.consultations.chain import Away
from madoguchi.consultations.queries import chains_for
from madoguchi.foundation.dates import short_date, short_time
from madoguchi.people.directory import Hit
from madoguchi.people.models import Contact


@dataclass(frozen=True)
class Line:
    """A hit as it is shown. ``chosen`` would be asked by ``channel``, now or ``at`` that moment.

    ``away``: the absence of the contact who was looked for. ``manages``: nobody of the chain is left, this is the
    manager.
    """

    hit: Hit
    chosen: Contact | None
    at: datetime | None
    channel: str
    away: Away | None
    manages: bool

    @property
    def away_until(self) -> str:
        """The last day or moment of the absence; empty: nobody knows."""
        return until(self.away.end) if self.away and self.away.end else ""

    @property
    def stands_in(self) -> bool:
        """Whether somebody else than the contact who was looked for would be asked."""
        return bool(self.hit.contact and self.chosen and self.hit.contact.pk != self.chosen.pk)

    @property
    def shown(self) -> Contact | None:
        """Whose numbers and note are shown: the person looked for, else who would be asked."""
        return self.hit.contact or self.chosen


def lines(hits: Sequence[Hit], *, at: datetime) -> list[Line]:
    """The hits with whom one would ask; a few queries for all of them."""
    chains = chains_for(
        [(hit.department, hit.topic) for hit in hits], at=at, also=[hit.contact.pk for hit in hits if hit.contact]
    )
    choices = [
        chain.choice_of(hit.contact.pk, asked=(), now=at, urgent=False)
        if hit.contact
        else chain.next(asked=(), now=at, urgent=False)
        for hit, chain in zip(hits, chains, strict=True)
    ]
    contacts = Contact.objects.in_bulk({choice.candidate.contact for choice in choices if choice})
    found = []
    for hit, chain, choice in zip(hits, chains, choices, strict=True):
        person = chain.people.get(hit.contact.pk) if hit.contact else None
        found.append(
            Line(
                hit,
                contacts[choice.candidate.contact] if choice else None,
                choice.send_at if choice and choice.send_at > at else None,
                choice.candidate.ways[0][0] if choice else "",
                person.away(at) if person else None,
                manages=bool(choice and choice.manages),
            )
        )
    return found


def since(moment: datetime) -> str:
    """The day that begins then, else the moment."""
    local = timezone.localtime(moment)
    return short_date(local.date()) if local.time() == time.min else short_time(moment)


def until(moment: datetime) -> str:
    """The last day, when it ends then, else the moment."""
    local = timezone.localtime(moment)
    return short_date(local.date() - timedelta(days=1)) if local.time() == time.min else short_time(moment)
