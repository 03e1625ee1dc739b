"""Tickets that say the same as what is being told, and which category it likely is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from madoguchi.catalog.models import Category
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.suggest import Suggestion
from madoguchi.people.access import Access
from madoguchi.search.similar import similar
from madoguchi.tickets.models import ACTIVE, Ticket

_LOOKED_AT = 40
_LEAST_SHARE = 0.3  # of what is said; below it a ticket is about something else
_SAME = 0.5  # of what is said: somebody else says it, too
_LATELY = timedelta(hours=24)
_LIKELY = 0.5  # of all that speaks for any category


@dataclass(frozen=True)
class AlikeTicket:
    """A ticket, which part of the text it says too (0 … 1), and the words by which it was found, rarest first."""

    ticket: Ticket
    share: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """The open tickets first, then the others, each best first; ``others`` open ones of the last day say the same,
    the first of them since ``since``.
    """

    tickets: tuple[AlikeTicket, ...] = ()
    others: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Likely:
    """A category, and why: the articles and the tickets that fit and belong to it, best first."""

    category: Category
    articles: tuple[Article, ...]
    tickets: tuple[Ticket, ...]


def alike_tickets(text: str, *, access: Access, limit: int = 5, without: Collection[int] = ()) -> Alike:
    """Up to ``limit`` tickets that this person may see and that say what ``text`` says; ``without`` are ids."""
    visible = Ticket.objects.visible_to(access)
    found = similar("ticket", text, visible, limit=_LOOKED_AT, few=access.is_partner)
    near = {one.ref: one for one in found if one.share >= _LEAST_SHARE and one.ref not in without}
    if not near:
        return Alike()
    # Asked again through ``visible_to``: it is the only way to get a ticket.
    rows = visible.filter(pk__in=list(near), merged_into=None)
    states = {pk: (status in ACTIVE, opened) for pk, status, opened in rows.values_list("pk", "status", "opened_at")}
    lately = timezone.now() - _LATELY
    same = [
        opened for pk, (active, opened) in states.items() if active and opened >= lately and near[pk].share >= _SAME
    ]
    best = sorted(states, key=lambda pk: (not states[pk][0], -near[pk].score, -pk))[:limit]
    shown = rows.select_related("category").in_bulk(best)
    tickets = [AlikeTicket(shown[pk], near[pk].share, near[pk].words) for pk in best if pk in shown]
    return Alike(tuple(tickets), len(same), min(same, default=None))


def likely_category(articles: Sequence[Suggestion], tickets: Sequence[AlikeTicket]) -> Likely | None:
    """The category that most of what fits belongs to, when at least half of it does; each weighs as well as it fits.

    An article weighs its score beside the best one's, a ticket the share of the text that it says.
    """
    best = max((one.score for one in articles), default=0.0)
    weights: dict[Category, float] = {}
    for article in articles:
        if article.article.category is not None and best > 0:
            category = article.article.category
            weights[category] = weights.get(category, 0.0) + max(0.0, article.score) / best
    for ticket in tickets:
        if ticket.ticket.category is not None:
            weights[ticket.ticket.category] = weights.get(ticket.ticket.category, 0.0) + ticket.share
    if not weights:
        return None
    category = max(weights, key=lambda one: (weights[one], -one.pk))
    if not category.is_active or weights[category] < _LIKELY * sum(weights.values()):
        return None
    return Likely(
        category,
        tuple(one.article for one in articles if one.article.category_id == category.pk),
        tuple(one.ticket for one in tickets if one.ticket.category_id == category.pk),
    )
