"""The report about contacts that reached somebody past the desk: which customers, and whom they reached."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, month_words, span_of
from madoguchi.interactions.models import Channel, Interaction, InteractionQuerySet
from madoguchi.people.access import Access
from madoguchi.people.models import Organization, Staff

_OPEN, _LINKED = Q(state=Interaction.State.OPEN), Q(state=Interaction.State.LINKED)
_COLUMN = {"customer": "organization", "reached": "staff", "month": "month"}
COLUMNS = [
    Column("contacts", gettext_lazy("Contacts"), gettext_lazy("Contacts recorded as past the desk.")),
    Column(
        "linked", gettext_lazy("With a ticket"), gettext_lazy("Of these, those that belong to a ticket."), where=_LINKED
    ),
    Column(
        "unsettled",
        gettext_lazy("Not settled"),
        gettext_lazy("Of these, those without a ticket and without a reason why there is none."),
        where=_OPEN,
    ),
]


def _contacts(period: Period, access: Access | None) -> InteractionQuerySet:
    contacts = Interaction.objects.visible_to(access) if access else Interaction.objects.all()
    return contacts.filter(channel=Channel.BYPASS, started_at__gte=period.start, started_at__lt=period.end)


def _rows(period: Period, by: str, access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    contacts: Any = _contacts(period, access).order_by()
    if by == "month":
        contacts = contacts.annotate(month=TruncMonth("started_at", tzinfo=timezone.get_default_timezone()))
    column = _COLUMN[by]
    sums = {column.key: Count("pk", filter=column.where) for column in COLUMNS}
    found = {row.pop(column): row for row in contacts.values(column).annotate(**sums)}
    total = {column.key: sum(row[column.key] for row in found.values()) for column in COLUMNS}
    return _named(by, found), total


def _named(by: str, found: Mapping[Any, Mapping[str, Figure]]) -> list[Row]:
    """By time; customers and colleagues with the most contacts first."""
    if by == "month":
        return [Row(f"{month:%Y-%m}", month_words(month), found[month]) for month in sorted(found)]
    model: type[Organization | Staff] = Organization if by == "customer" else Staff
    names = {row.pk: row.name for row in model.objects.filter(pk__in=[key for key in found if key])}
    nobody = _("Customer not known") if by == "customer" else _("Nobody named")
    rows = [
        Row(str(key) if key else "", names.get(key, nobody) if key else nobody, figures)
        for key, figures in found.items()
    ]
    return sorted(rows, key=lambda row: (-int(row.figures["contacts"] or 0), row.label))


def _behind(period: Period, access: Access | None, by: str, key: str | None, column: Column) -> InteractionQuerySet:
    contacts = _contacts(period, access)
    if column.where is not None:
        contacts = contacts.filter(column.where)
    if key is None:
        return contacts
    if by == "month":
        span = span_of(by, key)
        return contacts.filter(started_at__gte=span.start, started_at__lt=span.end) if span else contacts.none()
    if not key:
        return contacts.filter(**{f"{_COLUMN[by]}__isnull": True})
    return contacts.filter(**{_COLUMN[by]: int(key)}) if key.isdecimal() and len(key) < 19 else contacts.none()


BYPASSES = Report(
    "bypasses",
    gettext_lazy("Contacts past the desk"),
    gettext_lazy(
        "Customers who turned to somebody directly, recorded on the page, by mail or by a forwarded voicemail."
    ),
    {
        "customer": gettext_lazy("Customer"),
        "reached": gettext_lazy("Whom they reached"),
        "month": gettext_lazy("Month"),
    },
    COLUMNS,
    drawn="contacts",
    rows=_rows,
    contacts_behind=_behind,
)
