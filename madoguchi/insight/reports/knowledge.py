"""How the desk lives with its knowledge: what tickets were solved with, and what became of articles.

The measures are those of Knowledge-Centered Service (Consortium for Service Innovation, KCS v6 Practices Guide): link
rate, participation, reuse, known against new, time to publish. None of them is made by person: counts of what people
do become goals, and then people link and write for the count. They are read by team, by matter and by time.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import CharField, Count, Exists, Min, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation.literal import Words
from madoguchi.handoffs.models import Handoff
from madoguchi.insight.reports.by_ticket import of_tickets
from madoguchi.insight.reports.frame import (
    BY_TICKET,
    Column,
    Figure,
    Period,
    Report,
    Row,
    Unit,
    grouped,
    named,
    of_group,
    span_of,
)
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge.models import Article, ArticleVersion, Showing, State
from madoguchi.people.access import Access
from madoguchi.tickets.models import Ticket, TicketInteraction, TicketQuerySet

# --- tickets --------------------------------------------------------------------------------------------------------

_SOLVED = Q(resolved_at__isnull=False)
_LINKED = _SOLVED & Q(article__isnull=False)
_OWN = Q(article__source=Concat(Value("ticket:"), Cast("pk", CharField())))
_KNOWN = _LINKED & ~_OWN
_NO_QUESTION = Q(no_article_reason__in=["one_off", "not_a_question"])
_NEW = _SOLVED & (Q(article__isnull=True) & ~_NO_QUESTION | _OWN)


def _handed() -> Q:
    handoffs = Handoff.objects.filter(ticket=OuterRef("pk")).exclude(state=Handoff.State.RECALLED)
    return Q(Exists(handoffs))


LINKS = of_tickets(
    "knowledge-links",
    _("Solved with knowledge"),
    _(
        "What tickets opened in the period were solved with: an article that was there, a new one, or none. "
        "Never by person: a count that becomes somebody's goal is no measure any more."
    ),
    [
        Column(
            "tickets",
            _("Tickets"),
            _("Opened in the period; merged ones count with the ticket they went into."),
            where=Q(pk__isnull=False),
        ),
        Column("solved", _("Solved"), _("Of these tickets, those that are solved now."), where=_SOLVED),
        Column("linked", _("With an article"), _("Solved, and linked to the article that solved it."), where=_LINKED),
        Column(
            "link_rate",
            _("Link rate"),
            _("With an article, of all that are solved."),
            Unit.SHARE,
            share_of=("linked", "solved"),
        ),
        Column(
            "said",
            _("Said"),
            _("Solved, and somebody said which article solved it or why there was none."),
            where=_SOLVED & (Q(article__isnull=False) | ~Q(no_article_reason="")),
        ),
        Column(
            "participation",
            _("Participation"),
            _("Said, of all that are solved: how far the desk takes part."),
            Unit.SHARE,
            share_of=("said", "solved"),
        ),
        Column(
            "known",
            _("Known"),
            _("Solved with an article that was not made from this ticket: the answer was there."),
            where=_KNOWN,
        ),
        Column(
            "new",
            _("New to us"),
            _(
                "Solved without an article, but for single cases and what was no question, or with one that was made "
                "from this ticket."
            ),
            where=_NEW,
        ),
        Column(
            "questions",
            _("Known and new"),
            _("Both together: everything solved that an article could answer."),
            where=_KNOWN | _NEW,
        ),
        Column(
            "known_share",
            _("Share known"),
            _("Known, of known and new. Low: articles are missing. High: the desk has seen it before."),
            Unit.SHARE,
            share_of=("known", "questions"),
        ),
        Column(
            "handed_known",
            _("Handed over though known"),
            _("Handed over and solved with an article that was there: training, a script or a right is missing."),
            where=_KNOWN & _handed(),
        ),
        Column(
            "handed_new",
            _("Handed over and new"),
            _("Handed over and new to us: an article is missing. They stand in the list of gaps."),
            where=_NEW & _handed(),
        ),
    ],
    drawn="link_rate",
)

# --- articles -------------------------------------------------------------------------------------------------------

_CREATED = "article.created"


def _articles(period: Period, access: Access | None) -> dict[int, tuple[datetime, bool]]:
    """Articles written in the period: id → (when, whether as validated)."""
    entries = Entry.objects.filter(kind=_CREATED, at__gte=period.start, at__lt=period.end)
    found: dict[int, tuple[datetime, bool]] = {}
    mentions = Mention.objects.filter(kind="article", entry__in=entries)
    for ref, at, data in mentions.values_list("ref", "entry__at", "entry__data"):
        found[ref] = (at, data.get("state") == State.VALIDATED)
    visible = Article.objects.visible_to(access) if access else Article.objects.all()
    kept = set(visible.filter(pk__in=list(found)).values_list("pk", flat=True))
    return {ref: one for ref, one in found.items() if ref in kept}


def _published(written: Mapping[int, tuple[datetime, bool]]) -> dict[int, float]:
    """Seconds from writing to the first validation that is known, of those that were validated.

    The first is the earliest of: its first version that is validated, however it was saved; the first entry of a
    validation; when neither is kept, ``validated_at``, which every later validation renews.
    """
    first: dict[int, datetime] = {ref: at for ref, (at, validated) in written.items() if validated}
    versions = ArticleVersion.objects.filter(article__in=list(written), fields__state=State.VALIDATED).order_by()
    said = Mention.objects.filter(kind="article", ref__in=list(written), entry__kind="article.validated")
    for ref, at in [*versions.values_list("article").annotate(Min("at")), *said.values_list("ref", "entry__at")]:
        first[ref] = min(first.get(ref, at), at)
    stands = Article.objects.filter(pk__in=set(written) - set(first), state=State.VALIDATED, validated_at__isnull=False)
    first |= {ref: at for ref, at in stands.values_list("pk", "validated_at") if at is not None}
    return {ref: max(0.0, (at - written[ref][0]).total_seconds()) for ref, at in first.items()}


def _linked(period: Period, access: Access | None) -> TicketQuerySet:
    return period.tickets(access).filter(_LINKED)


def _used(period: Period) -> Any:
    """Along the index of uses."""
    return Showing.objects.filter(outcome=Words("used"), outcome_at__gte=period.start, outcome_at__lt=period.end)


def _only_used(period: Period) -> dict[tuple[str, int, int], datetime]:
    """Uses of the period that no link counts: (kind, id, article) → the first; of a contact it is its ticket's.

    A call in which an article was used and whose ticket was solved with it is one reuse, that of the ticket. What was
    used for the ticket that the article was made from is none.
    """
    used = _used(period)
    tickets: dict[int, list[int]] = {}
    links = TicketInteraction.objects.filter(interaction__in=used.filter(kind="interaction").values("ref"))
    for contact, ticket in links.order_by("ticket").values_list("interaction", "ticket"):
        tickets.setdefault(contact, []).append(ticket)
    solved = Ticket.objects.filter(_LINKED, merged_into__isnull=True)
    solved = solved.filter(Q(pk__in=links.values("ticket")) | Q(pk__in=used.filter(kind="ticket").values("ref")))
    linked = set(solved.values_list("pk", "article"))
    found: dict[tuple[str, int, int], datetime] = {}
    for kind, ref, article, source, at in used.order_by("outcome_at", "pk").values_list(
        "kind", "ref", "article", "article__source", "outcome_at"
    ):
        about = [ref] if kind == "ticket" else tickets.get(ref, [])
        if not any((one, article) in linked or source == f"ticket:{one}" for one in about):
            found.setdefault(("ticket", about[0], article) if about else (kind, ref, article), at)
    return found


def _group_of(by: str) -> Callable[[int, datetime], Any]:
    """(article, moment) → the group that something about it belongs to: by what the article is, or by time."""
    if by in {"month", "week"}:
        return lambda _article, at: _day_of(by, at)
    column = "owner_team__key" if by == "team" else "category__key"
    keys = dict(Article.objects.values_list("pk", column))
    return lambda article, _at: keys.get(article)


def _day_of(by: str, at: datetime) -> datetime:
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if by == "month" else day - timedelta(days=day.weekday())


def _key(by: str, value: Any) -> str:
    """The key of the row that ``_group_of`` means."""
    if by in {"month", "week"}:
        return f"{value:%Y-%m}" if by == "month" else f"{value:%Y-%m-%d}"
    return value or ""


def _rows(period: Period, by: str, access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    group = _group_of(by)
    written = _articles(period, access)
    published = _published(written)
    counts: dict[Any, Counter[str]] = {}
    times: dict[Any, list[float]] = {}
    for ref, (at, _validated) in written.items():
        key = group(ref, at)
        counts.setdefault(key, Counter())["created"] += 1
        if ref in published:
            counts[key]["validated"] += 1
            times.setdefault(key, []).append(published[ref])
    timely = by in {"month", "week"}
    tickets, column = grouped(_linked(period, access), by) if timely else (_linked(period, access), "article")
    sums = tickets.order_by().values_list(column).annotate(linked=Count("pk"), reused=Count("pk", filter=_KNOWN))
    for value, links, reuse in sums:
        row = counts.setdefault(timezone.localtime(value) if timely else group(value, period.start), Counter())
        row["links"] += links
        row["reuse"] += reuse
    for article, at in _used(period).values_list("article", "outcome_at"):
        counts.setdefault(group(article, at), Counter())["uses"] += 1
    for (_kind, _ref, article), at in _only_used(period).items():
        counts.setdefault(group(article, at), Counter())["reuse"] += 1
    whole = sum(counts.values(), Counter())
    everything = [span for spans in times.values() for span in spans]
    rows = {key: _figures(row, times.get(key, [])) for key, row in counts.items()}
    return named(by, rows), _figures(whole, everything)


def _figures(row: Mapping[str, int], spans: list[float]) -> dict[str, Figure]:
    return {
        "created": row["created"],
        "validated": row["validated"],
        "publish_median_s": median(spans) if spans else None,
        "publish_mean_s": sum(spans) / len(spans) if spans else None,
        "links": row["links"],
        "uses": row["uses"],
        "reuse": row["reuse"],
        "reuse_per_created": row["reuse"] / row["created"] if row["created"] else None,
    }


def _behind(period: Period, access: Access | None, by: str, key: str | None, column: Column) -> TicketQuerySet:
    """The tickets that an article was linked to or used for; of articles, those that they solved, whenever it was."""
    tickets = Ticket.objects.visible_to(access) if access else Ticket.objects.all()
    tickets = tickets.filter(merged_into__isnull=True)
    fits = Q(pk__in=[])
    reuse = column.key in {"reuse", "reuse_per_created"}
    if column.key == "links" or reuse:
        linked = _linked(period, access).filter(_KNOWN if reuse else Q())
        if key is not None:
            linked = of_group(linked, by, key) if by in {"month", "week"} else _of_articles(linked, "article", by, key)
        fits |= Q(pk__in=linked.values("pk"))
    if reuse:
        group = _group_of(by)
        only = {
            ref
            for (kind, ref, article), at in _only_used(period).items()
            if kind == "ticket" and (key is None or _key(by, group(article, at)) == key)
        }
        fits |= Q(pk__in=only)
    if column.key == "uses":
        used = _used(_within(period, by, key))
        if key is not None and by not in {"month", "week"}:
            used = _of_articles(used, "article", by, key)
        contacts = TicketInteraction.objects.filter(interaction__in=used.filter(kind="interaction").values("ref"))
        fits |= Q(pk__in=used.filter(kind="ticket").values("ref")) | Q(pk__in=contacts.values("ticket"))
    if column.key in {"created", "validated", "publish_median_s", "publish_mean_s"}:
        written = _articles(_within(period, by, key), access)
        chosen = Article.objects.filter(pk__in=list(written if column.key == "created" else _published(written)))
        if key is not None and by not in {"month", "week"}:
            chosen = _of_articles(chosen, "", by, key)
        fits |= Q(article__in=chosen.values("pk")) & _SOLVED
    return tickets.filter(fits)


def _of_articles(rows: Any, path: str, by: str, key: str) -> Any:
    column = "owner_team__key" if by == "team" else "category__key"
    column = f"{path}__{column}" if path else column
    return rows.filter(**{column: key}) if key else rows.filter(**{f"{column}__isnull": True})


def _within(period: Period, by: str, key: str | None) -> Period:
    """The part of the period that is in a row of time."""
    span = span_of(by, key) if key is not None and by in {"month", "week"} else None
    return Period(max(period.first, span.first), min(period.last, span.last)) if span else period


ARTICLES = Report(
    "knowledge-articles",
    _("Articles written and used"),
    _(
        "Articles that were written in the period, how soon somebody vouched for them, and how often articles were "
        "used, by the article's owner or category, or by time. A healthy desk uses more than it writes. Never by "
        "person."
    ),
    {**BY_TICKET, "team": _("Owner"), "category": _("Category")},
    [
        Column("created", _("Written"), _("Articles written in the period. Opens the tickets that they solved.")),
        Column("validated", _("Validated since"), _("Of these, those that somebody has vouched for since.")),
        Column(
            "publish_median_s",
            _("Time to publish, half of them"),
            _(
                "From writing to the first validation, by the clock on the wall: half of the validated ones took no "
                "longer."
            ),
            Unit.SECONDS,
        ),
        Column(
            "publish_mean_s", _("Time to publish on average"), _("The same, as a mean of all validated."), Unit.SECONDS
        ),
        Column("links", _("Links"), _("Tickets opened in the period that were solved with an article.")),
        Column("uses", _("Uses"), _("How often an article's answer was used while the caller was there.")),
        Column(
            "reuse",
            _("Reuse"),
            _(
                "Links and uses together, each ticket or contact and article once. The ticket that an article was made "
                "from is no reuse of it."
            ),
        ),
        Column(
            "reuse_per_created",
            _("Reuse for each written"),
            _("Reuse divided by written: create against reuse. Above 1, more is used than written."),
            Unit.AVERAGE,
        ),
    ],
    drawn="reuse",
    rows=_rows,
    behind=_behind,
)
