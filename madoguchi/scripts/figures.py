"""What came of a script's walks, counted in the database: two aggregates over a bounded number of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Case, Count, Exists, OuterRef, Q, When
from django.utils import timezone

from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Access
from madoguchi.scripts.definition import ENDS, ValidationError, parse
from madoguchi.scripts.models import ScriptVersion, Stay, Walk, WalkQuerySet

# Of more walks than these, the latest are counted: what a page costs has a bound, and older calls say little.
MOST = 10_000
# A contact that nobody settles: the script was left so long after its end, or its beginning, when nothing moves.
QUIET, UNENDED = timedelta(hours=1), timedelta(days=1)


def _is_left(now: datetime) -> Q:
    """On purpose, or the contact was settled without the script, or ended and nothing has happened for a while."""
    quiet = now - QUIET
    still = ~Q(Exists(Stay.objects.filter(walk=OuterRef("pk"), entered_at__gte=quiet)))
    over = Q(interaction__ended_at__lt=quiet) | Q(interaction__ended_at=None, started_at__lt=now - UNENDED)
    settled = ~Q(interaction__state=Interaction.State.OPEN)
    return Q(outcome=Walk.Outcome.LEFT) | Q(outcome="") & (settled | over & still)


@dataclass(frozen=True)
class StepFigure:
    """``seen`` walks came to the step (each counted once), ``left`` of them ended there though it is no end.

    ``seconds`` is the average of a stay at it; None when nobody has left it yet.
    """

    seen: int
    left: int
    seconds: float | None


@dataclass(frozen=True)
class Figures:
    """Of the latest ``MOST`` walks that began since a moment; ``steps`` by key, ``outcomes`` by ``Walk.Outcome``.

    ``since`` is the moment from which on walks are counted: later than asked for when there are more.
    """

    since: datetime
    walks: int
    steps: Mapping[str, StepFigure]
    outcomes: Mapping[str, int]


def figures(version: ScriptVersion, *, since: datetime, access: Access) -> Figures:
    """The figures of the walks that ``access`` may see; four queries."""
    since = counted_since(version, since=since, access=access)
    walks = walks_of(version, since=since, access=access)
    ends = _ends(version)
    outcomes: dict[str, int] = {}
    left: dict[str, int] = {}
    total = 0
    for outcome, is_left, here, number in (
        walks.order_by()
        .annotate(is_left=Case(When(_is_left(timezone.now()), then=True), default=False))
        .values_list("outcome", "is_left", "here")
        .annotate(n=Count("pk"))
    ):
        total += number
        if is_left:
            outcomes[Walk.Outcome.LEFT] = outcomes.get(Walk.Outcome.LEFT, 0) + number
        elif outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + number
        if here not in ends and (is_left or outcome):
            left[here] = left.get(here, 0) + number
    stays = (
        Stay.objects.filter(walk__in=walks.order_by())
        .order_by()
        .values("step")
        .annotate(seen=Count("walk", distinct=True), seconds=Avg("seconds"))
    )
    steps = {row["step"]: StepFigure(row["seen"], left.get(row["step"], 0), _number(row["seconds"])) for row in stays}
    return Figures(since, total, steps, outcomes)


def counted_since(version: ScriptVersion, *, since: datetime, access: Access) -> datetime:
    """``since``, or the beginning of the ``MOST``-th latest walk when more began since then; one query."""
    latest = (
        Walk.objects.visible_to(access).filter(version=version, started_at__gte=since).order_by("-started_at", "-id")
    )
    return latest.values_list("started_at", flat=True)[MOST - 1 : MOST].first() or since


def walks_of(
    version: ScriptVersion, *, since: datetime, access: Access, step: str = "", what: str = "", outcome: str = ""
) -> WalkQuerySet:
    """The walks behind a figure: that came to ``step`` (``what`` seen) or left the script there, or with an outcome."""
    walks = Walk.objects.visible_to(access).filter(version=version, started_at__gte=since)
    left = _is_left(timezone.now())
    if outcome:
        return walks.filter(left) if outcome == Walk.Outcome.LEFT else walks.filter(outcome=outcome)
    if step and what == "left":
        ended = walks.filter(left | ~Q(outcome=""), here=step)
        return ended.none() if step in _ends(version) else ended
    if step:
        return walks.filter(Exists(Stay.objects.filter(walk=OuterRef("pk"), step=step)))
    return walks


def _ends(version: ScriptVersion) -> set[str]:
    try:
        return {step.key for step in parse(version.definition).steps if isinstance(step, ENDS)}
    except ValidationError:
        return set()


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
