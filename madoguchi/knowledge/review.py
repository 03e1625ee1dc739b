"""The review (棚卸し): which articles somebody should look at first, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone

from madoguchi.foundation.numbers import row_numbers
from madoguchi.knowledge.models import Article, ArticleQuerySet, State

AGE = 90  # days after which an article that nobody looked at comes up by itself
COMPLAINT = 4  # what one open comment weighs, beside an article without any


@dataclass(frozen=True)
class Queue:
    """One page of the review, the cursor of the next (``""`` at the end), and the weight of the very first row."""

    rows: Sequence[Article]
    next: str
    heaviest: int


def queue(rows: ArticleQuerySet, *, after: str, size: int, by_uses: bool = True) -> Queue:
    """Articles among ``rows`` that wait for somebody to look at them, the heaviest first.

    In it are current articles that are not validated, whose day of review has come, that nobody looked at for 90 days,
    or that somebody complains about. What is used most, is longest unseen and is complained about comes first:

        weight = (1 + uses) × (1 + days since it was last written or found right) × (1 + 4 × open comments)

    Whoever may not know how often articles were used is shown them by the other two factors (``by_uses`` false): order
    and cursor would tell them.

    Each factor has its 1, so that no article drops out for having never been used, being new, or having no complaint.
    ``after`` is the cursor ``weight~id~day``: the day goes with it, so that midnight moves nothing between two pages.
    """
    weight, pk, day = _read(after) or (None, None, timezone.localdate().toordinal())
    waiting = rows.current().filter(_waits(day)).annotate(weight=_weight(day, by_uses=by_uses))
    if weight is not None:
        waiting = waiting.filter(Q(weight__lt=weight) | Q(weight=weight, pk__lt=pk))
    found = list(waiting.light().select_related("owner_team", "category").order_by("-weight", "-pk")[: size + 1])
    following = ""
    if len(found) > size:
        last = found[size - 1]
        following = f"{last.weight}~{last.pk}~{day}"
    return Queue(found[:size], following, found[0].weight if found else 0)


def _waits(day: int) -> Q:
    today = timezone.localdate() + timedelta(days=day - timezone.localdate().toordinal())
    return (
        Q(open_comments__gt=0)
        | Q(review_on__lte=today)
        | Q(checked_day__lte=day - AGE)
        | Q(state__in=[State.WIP, State.NOT_VALIDATED])
    )


def _weight(day: int, *, by_uses: bool) -> ExpressionWrapper:
    # As a long number from the first factor on: PostgreSQL would stop at two thousand million.
    uses = Cast("uses" if by_uses else Value(0), BigIntegerField())
    product = (1 + uses) * (1 + day - F("checked_day")) * (1 + COMPLAINT * F("open_comments"))
    return ExpressionWrapper(product, output_field=BigIntegerField())


def _read(cursor: str) -> tuple[int, int, int] | None:
    parts = row_numbers(cursor.split("~"))
    if len(parts) != 3:
        return None
    weight, pk, day = parts
    return (weight, pk, day) if 1 <= day <= 3_000_000 else None
