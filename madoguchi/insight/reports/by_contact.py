"""Reports about contacts: those past the desk, and those that needed no ticket."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, month_words, span_of
from madoguchi.interactions.models import Channel, Interaction, InteractionQuerySet
from madoguchi.interactions.reasons import labels
from madoguchi.people.access import Access
from madoguchi.people.models import Organization, Staff, Team

_COLUMN = {
    "customer": "organization",
    "reached": "staff",
    "team": "team",
    "reason": "dismissed_reason",
    "month": "month",
}
_NOBODY: Mapping[str, Promise] = {
    "customer": gettext_lazy("Customer not known"),
    "reached": gettext_lazy("Nobody named"),
    "team": gettext_lazy("No team"),
}


def _contacts(of: Q, period: Period, access: Access | None) -> InteractionQuerySet:
    contacts = Interaction.objects.visible_to(access) if access else Interaction.objects.all()
    return contacts.filter(of, started_at__gte=period.start, started_at__lt=period.end)


def _rows(
    of: Q, columns: Sequence[Column], period: Period, by: str, access: Access | None
) -> tuple[list[Row], Mapping[str, Figure]]:
    contacts: Any = _contacts(of, period, access).order_by()
    if by == "month":
        contacts = contacts.annotate(month=TruncMonth("started_at", tzinfo=timezone.get_default_timezone()))
    group = _COLUMN[by]
    sums = {column.key: Count("pk", filter=column.where) for column in columns}
    found = {row.pop(group): row for row in contacts.values(group).annotate(**sums)}
    total = {column.key: sum(row[column.key] for row in found.values()) for column in columns}
    return _named(by, found), total


def _named(by: str, found: Mapping[Any, Mapping[str, Figure]]) -> list[Row]:
    """By time; customers, colleagues, teams and reasons with the most contacts first."""
    if by == "month":
        return [Row(f"{month:%Y-%m}", month_words(month), found[month]) for month in sorted(found)]
    names = labels() if by == "reason" else _names(by, [key for key in found if key])
    rows = [
        Row(str(key) if key else "", names.get(key, str(key)) if key else str(_NOBODY[by]), figures)
        for key, figures in found.items()
    ]
    return sorted(rows, key=lambda row: (-int(row.figures["contacts"] or 0), row.label))


def _names(by: str, keys: list[int]) -> dict[Any, str]:
    if by == "team":
        return {team.pk: team.label for team in Team.objects.filter(pk__in=keys)}
    model: type[Organization | Staff] = Organization if by == "customer" else Staff
    return {row.pk: row.name for row in model.objects.filter(pk__in=keys)}


def _behind(
    of: Q, period: Period, access: Access | None, by: str, key: str | None, column: Column
) -> InteractionQuerySet:
    contacts = _contacts(of, period, access)
    if column.where is not None:
        contacts = contacts.filter(column.where)
    if key is None:
        return contacts
    if by == "month":
        span = span_of(by, key)
        return contacts.filter(started_at__gte=span.start, started_at__lt=span.end) if span else contacts.none()
    if by == "reason":
        return contacts.filter(dismissed_reason=key)
    if not key:
        return contacts.filter(**{f"{_COLUMN[by]}__isnull": True})
    return contacts.filter(**{_COLUMN[by]: int(key)}) if key.isdecimal() and len(key) < 19 else contacts.none()


def _report(
    name: str,
    label: Promise,
    meaning: Promise,
    *,
    of: Q,
    by: Mapping[str, Promise],
    columns: Sequence[Column],
) -> Report:
    return Report(
        name,
        label,
        meaning,
        by,
        columns,
        drawn="contacts",
        rows=partial(_rows, of, columns),
        contacts_behind=partial(_behind, of),
    )


BYPASSES = _report(
    "bypasses",
    gettext_lazy("Contacts past the desk"),
    gettext_lazy(
        "Customers who turned to somebody directly, recorded on the page, by mail or by a forwarded voicemail."
    ),
    of=Q(channel=Channel.BYPASS),
    by={
        "customer": gettext_lazy("Customer"),
        "reached": gettext_lazy("Whom they reached"),
        "month": gettext_lazy("Month"),
    },
    columns=[
        Column("contacts", gettext_lazy("Contacts"), gettext_lazy("Contacts recorded as past the desk.")),
        Column(
            "linked",
            gettext_lazy("With a ticket"),
            gettext_lazy("Of these, those that belong to a ticket."),
            where=Q(state=Interaction.State.LINKED),
        ),
        Column(
            "unsettled",
            gettext_lazy("Not settled"),
            gettext_lazy("Of these, those without a ticket and without a reason why there is none."),
            where=Q(state=Interaction.State.OPEN),
        ),
    ],
)
NO_TICKET = _report(
    "no-ticket",
    gettext_lazy("Contacts that needed no ticket"),
    gettext_lazy("Contacts settled without a ticket, and why; reasons no longer in use keep their names."),
    of=Q(state=Interaction.State.DISMISSED),
    by={
        "reason": gettext_lazy("Why no ticket"),
        "team": gettext_lazy("Team"),
        "month": gettext_lazy("Month"),
    },
    columns=[
        Column("contacts", gettext_lazy("Contacts"), gettext_lazy("Contacts settled without a ticket.")),
        Column(
            "unanswered",
            gettext_lazy("Not answered"),
            gettext_lazy("Of these, callers whom nobody answered."),
            where=Q(is_abandoned=True),
        ),
    ],
)
