"""What is shown for what somebody says, by whichever door: articles, similar tickets, notices, the likely category."""

from collections.abc import Collection
from dataclasses import dataclass

from madoguchi.catalog.models import Category
from madoguchi.knowledge.suggest import Suggestion, suggest
from madoguchi.notices.fitting import FittingNotice, fitting_notices
from madoguchi.people.access import Access
from madoguchi.tickets.alike import Alike, Likely, alike_tickets, likely_category


@dataclass(frozen=True)
class Shown:
    """The articles and tickets that fit, best first, notices in force, those that concern it first; the likely category
    only while none is chosen.
    """

    articles: list[Suggestion]
    similar: Alike
    notices: list[FittingNotice]
    likely: Likely | None


def shown_for(
    text: str,
    *,
    access: Access,
    category: Category | None,
    articles: int = 5,
    tickets: int = 4,
    notices: int = 5,
    without_articles: Collection[int] = (),
    without_tickets: Collection[int] = (),
) -> Shown:
    """Up to so many of each, and nothing that ``access`` may not see; ``without_…`` are ids. ``tickets`` 0: none is
    looked for, nor does any speak for a category.
    """
    said = bool(text.strip())
    found = suggest(text, access=access, category=category, limit=articles, without=without_articles) if said else []
    similar = (
        alike_tickets(text, access=access, limit=tickets, without=without_tickets) if said and tickets else Alike()
    )
    return Shown(
        articles=found,
        similar=similar,
        notices=fitting_notices(text, category, limit=notices),
        likely=None if category else likely_category(found, similar.tickets),
    )
