"""対応範囲: what the first line is meant to do with each category, and what it does."""

from collections.abc import Mapping, Sequence
from functools import partial

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, Unit, grouped, named, of_group
from madoguchi.people.access import Access
from madoguchi.tickets.models import TicketQuerySet

_SOLVED = Q(resolved_at__isnull=False)
_FIRST = _SOLVED & Q(resolved_at_first_line=True)
_MOVED = Q(moves__gt=0)
# As declared: solved where it is meant to be solved; handed over, or solved by others, where it is not.
_AS_DECLARED = _SOLVED & (
    Q(category__scope=Category.Scope.SOLVES, resolved_at_first_line=True)
    | Q(category__scope__in=[Category.Scope.COLLECTS, Category.Scope.NOT_OURS], resolved_at_first_line=False)
)
_DECLARED = _SOLVED & ~Q(category__scope="") & Q(category__isnull=False)

COLUMNS = [
    Column(
        "tickets",
        gettext_lazy("Tickets"),
        gettext_lazy("Opened in the period; merged ones count with the ticket they went into."),
        where=Q(pk__isnull=False),
    ),
    Column(
        "solved", gettext_lazy("Solved"), gettext_lazy("Of these tickets, those that are solved now."), where=_SOLVED
    ),
    Column(
        "first_line",
        gettext_lazy("Solved at first line"),
        gettext_lazy("Solved by the first line, never handed over."),
        where=_FIRST,
    ),
    Column(
        "first_line_share",
        gettext_lazy("Share at first line"),
        gettext_lazy("Solved at first line, of all that are solved."),
        Unit.SHARE,
        share_of=("first_line", "solved"),
    ),
    Column("handed_over", gettext_lazy("Handed over"), gettext_lazy("Changed the team at least once."), where=_MOVED),
    Column(
        "declared",
        gettext_lazy("Solved, with a declared scope"),
        gettext_lazy("Solved tickets of a category for which it is declared what the first line does."),
        where=_DECLARED,
    ),
    Column(
        "as_declared",
        gettext_lazy("As declared"),
        gettext_lazy(
            "Of these: solved at first line where it solves them, and not there where it asks and hands over, or where "
            "they are not for us."
        ),
        where=_AS_DECLARED,
    ),
    Column(
        "as_declared_share",
        gettext_lazy("Share as declared"),
        gettext_lazy("As declared, of all that are solved and have a declared scope."),
        Unit.SHARE,
        share_of=("as_declared", "declared"),
    ),
]
BY: Mapping[str, str | Promise] = {
    "category": gettext_lazy("Category and what the first line does"),
    "scope": gettext_lazy("What the first line does"),
    "month": gettext_lazy("Month"),
}


def _figures(columns: Sequence[Column], found: Mapping[str, int]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for column in columns:
        if column.share_of:
            part, whole = (found[f"n_{key}"] for key in column.share_of)
            figures[column.key] = part / whole if whole else None
        else:
            figures[column.key] = found[f"n_{column.key}"]
    return figures


def _rows(
    columns: Sequence[Column], period: Period, by: str, access: Access | None
) -> tuple[list[Row], Mapping[str, Figure]]:
    """One aggregate; a row of a category also says what is declared for it."""
    tickets, group = _grouped(period.tickets(access), by)
    counts = {f"n_{column.key}": Count("pk", filter=column.where) for column in columns if column.where is not None}
    found = {row.pop(group): row for row in tickets.order_by().values(group).annotate(**counts)}
    whole = {name: sum(row[name] for row in found.values()) for name in counts}
    figures = {key: _figures(columns, row) for key, row in found.items()}
    return _named(by, figures), _figures(columns, whole)


def _grouped(tickets: TicketQuerySet, by: str) -> tuple[TicketQuerySet, str]:
    return (tickets, "category__scope") if by == "scope" else grouped(tickets, by)


def _named(by: str, figures: Mapping[str | None, Mapping[str, Figure]]) -> list[Row]:
    if by == "scope":
        rows = [Row(key, str(label), figures[key]) for key, label in Category.Scope.choices if key in figures]
        rows += [Row("", _("Not declared"), figures[""])] if "" in figures else []
        return rows + ([Row("-", _("No category"), figures[None])] if None in figures else [])
    rows = named(by, figures)
    if by != "category":
        return rows
    scopes = dict(Category.objects.filter(key__in=[row.key for row in rows]).values_list("key", "scope"))
    words = dict(Category.Scope.choices)
    return [
        Row(row.key, _("%(name)s – %(scope)s") % {"name": row.label, "scope": words[scope]}, row.figures)
        if (scope := scopes.get(row.key, ""))
        else row
        for row in rows
    ]


def _behind(period: Period, access: Access | None, by: str, key: str | None, column: Column) -> TicketQuerySet:
    tickets = period.tickets(access)
    if key is not None and by == "scope":
        tickets = tickets.filter(category__isnull=True) if key == "-" else tickets.filter(category__scope=key)
    elif key is not None:
        tickets = of_group(tickets, by, key)
    if column.share_of:
        counted = next(one for one in COLUMNS if one.key == column.share_of[0])
        return tickets.filter(counted.where) if counted.where is not None else tickets
    return tickets.filter(column.where) if column.where is not None else tickets


SCOPE = Report(
    "scope",
    gettext_lazy("Scope of the first line"),
    gettext_lazy("What the first line is meant to do with each category, against what it did."),
    BY,
    COLUMNS,
    "first_line_share",
    rows=partial(_rows, COLUMNS),
    behind=_behind,
)
