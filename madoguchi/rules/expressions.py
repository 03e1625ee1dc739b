"""What conditions ask of the store, as SQL expressions over a ticket; the same ones read its facts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    Expression,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Greatest
from django.db.models.sql.compiler import SQLCompiler

from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.rules.facts import COMPLAINT, REACHED, SPOKEN
from madoguchi.tickets.models import ACTIVE, Message, TicketInteraction

_ACTIVE = Q(status__in=ACTIVE)
_NEVER = Value(datetime(1970, 1, 1, tzinfo=UTC), output_field=DateTimeField())


class Answer(Func):
    """The answer to a hearing item as ``facts.text_of`` reads it: text, whole number or yes/no; else ``""``."""

    output_field = TextField()
    _SQLITE = (
        "CASE JSON_TYPE(%(column)s, %%s) WHEN 'text' THEN JSON_EXTRACT(%(column)s, %%s)"
        " WHEN 'integer' THEN CAST(JSON_EXTRACT(%(column)s, %%s) AS TEXT)"
        " WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE '' END"
    )
    _POSTGRES = (
        "CASE WHEN jsonb_typeof(%(column)s -> %%s) IN ('string', 'boolean')"
        " OR (jsonb_typeof(%(column)s -> %%s) = 'number' AND %(column)s ->> %%s ~ '^-?[0-9]+$')"
        " THEN %(column)s ->> %%s ELSE '' END"
    )

    def __init__(self, key: str, column: str = "details") -> None:
        super().__init__(F(column))
        self.key = key

    def as_sql(  # type: ignore[override]  # none of Func's own templates fit
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, list[Any]]:
        column, own = compiler.compile(self.source_expressions[0])
        if connection.vendor == "postgresql":
            return self._POSTGRES % {"column": column}, [*own, self.key] * 4
        return self._SQLITE % {"column": column}, [*own, f'$."{self.key}"'] * 3


def contacts_between(since: datetime, until: datetime) -> Expression:
    """How many contacts the ticket's requester made, whatever became of them."""
    contacts = Interaction.objects.filter(
        person=OuterRef("requester"), direction="inbound", started_at__gte=since, started_at__lte=until
    )
    return _counted(contacts, "person")


def _counted(rows: "QuerySet[Any]", by: str) -> Expression:
    counted = rows.order_by().values(by).annotate(number=Count("*")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _moment(rows: "QuerySet[Any]", by: str, aggregate: Max | Min) -> Subquery:
    found = rows.order_by().values(by).annotate(moment=aggregate).values("moment")
    return Subquery(found, output_field=DateTimeField())


def _entries(**which: Any) -> "QuerySet[Entry]":
    return Entry.objects.filter(mentions__kind="ticket", mentions__ref=OuterRef("pk"), **which)


def _returns() -> Expression:
    return _counted(Handoff.objects.filter(ticket=OuterRef("pk"), state=Handoff.State.RETURNED), "ticket")


def _reopenings() -> Expression:
    return _counted(_entries(kind="ticket.reopened"), "mentions__ref")


def _wrote() -> Expression:
    return _counted(Message.objects.filter(ticket=OuterRef("pk"), from_requester=True, visibility="public"), "ticket")


def _complaint() -> Exists:
    said = Mention.objects.filter(
        kind="call", ref=OuterRef("interaction__call"), entry__kind="call.wrapup_ended", entry__data__code=COMPLAINT
    )
    return Exists(TicketInteraction.objects.filter(Exists(said), ticket=OuterRef("pk")))


def _told(what: str) -> Subquery:
    """Of the deadline that was last told of."""
    latest = _entries(kind__in=["clock.warned", "clock.breached"]).order_by("-id")
    return Subquery(latest.values(told=KT(f"data__{what}"))[:1], output_field=TextField())


def _told_clock() -> Expression:
    return Coalesce(_told("clock"), Value("", output_field=TextField()))


def _told_percent() -> Expression:
    return Coalesce(Cast(_told("percent"), IntegerField()), 0)


def _handoff_reason() -> Expression:
    latest = Handoff.objects.filter(ticket=OuterRef("pk")).order_by("-offered_at", "-id").values("reason_code")[:1]
    return Coalesce(Subquery(latest, output_field=CharField()), Value(""))


def _open() -> Expression:
    return _while_active(F("opened_at"))


def _unaccepted() -> Expression:
    offered = Handoff.objects.filter(ticket=OuterRef("pk"), state=Handoff.State.OFFERED)
    return Case(
        When(_ACTIVE & Q(offered_to__isnull=False), then=_moment(offered, "ticket", Max("offered_at"))),
        When(Q(status="new", assignee__isnull=True), then=F("opened_at")),
        output_field=DateTimeField(null=True),
    )


def _held() -> Expression:
    own = Handoff.objects.filter(ticket=OuterRef("pk"), accepted_at__isnull=False)
    back = own.filter(state=Handoff.State.RETURNED)
    assigned = RoutingDecision.objects.filter(ticket=OuterRef("pk"), kind__in=RoutingDecision.MOVING)
    moments = (
        _moment(own, "ticket", Max("accepted_at")),
        _moment(back, "ticket", Max("ended_at")),
        _moment(assigned, "ticket", Max("at")),
    )
    return _while_active(Greatest(F("opened_at"), *(Coalesce(moment, F("opened_at")) for moment in moments)))


def _answers(ticket: str) -> "QuerySet[Message]":
    """What was written to the requester and not kept to be told; ``ticket`` names the ticket in the query around."""
    answers = Message.objects.filter(
        ticket=OuterRef(ticket), from_requester=False, visibility="public", staff__isnull=False
    )
    return answers.exclude(delivery=Message.Delivery.CALL_BACK)


def _spoken(ticket: str) -> tuple[Expression, Expression]:
    """When somebody of ours spoke with the requester last: as it was raised or linked to a contact, or calling back."""
    said = Entry.objects.filter(
        mentions__kind="ticket", mentions__ref=OuterRef(ticket), kind__in=SPOKEN, data__spoken=True
    )
    called = CallBack.objects.filter(ticket_link__ticket=OuterRef(ticket), result__in=REACHED, done_at__isnull=False)
    return (
        Coalesce(_moment(said, "mentions__ref", Max("at")), _NEVER),
        Coalesce(_moment(called, "ticket_link__ticket", Max("done_at")), _NEVER),
    )


def _unanswered() -> Expression:
    latest = _answers("ticket").order_by("-id").values("id")[:1]
    asked = Message.objects.filter(ticket=OuterRef("pk"), from_requester=True, visibility="public")
    untold = asked.filter(id__gt=Coalesce(Subquery(latest), 0), at__gt=Greatest(*_spoken("ticket")))
    return _while_active(_moment(untold, "ticket", Min("at")))


def _untold() -> Expression:
    written = Coalesce(_moment(_answers("pk"), "ticket", Max("at")), F("opened_at"))
    return _while_active(Greatest(F("opened_at"), written, *_spoken("pk")))


def _waiting() -> Expression:
    begun = _moment(_entries(kind__in=["ticket.waiting", "ticket.referred_to_sales"]), "mentions__ref", Max("at"))
    return Case(When(Q(status="waiting"), then=begun), output_field=DateTimeField(null=True))


def _untouched() -> Expression:
    touched = _moment(_entries(actor_kind__in=["staff", "person"]), "mentions__ref", Max("at"))
    return _while_active(Coalesce(touched, F("opened_at")))


def _while_active(moment: Any) -> Expression:
    return Case(When(_ACTIVE, then=moment), output_field=DateTimeField(null=True))


# What a condition may need beyond the ticket's row → the annotations to read it, in order.
ANNOTATIONS: Mapping[str, Mapping[str, Any]] = {
    "returns": {"_returns": _returns},
    "reopenings": {"_reopenings": _reopenings},
    "said": {"_wrote": _wrote},
    "handoff_reason": {"_handoff_reason": _handoff_reason},
    "code_known": {},
    "complaint": {"_complaint": _complaint},
    "told_clock": {"_told_clock": _told_clock, "_told_percent": _told_percent},
    "since.open": {"_since_open": _open},
    "since.unaccepted": {"_since_unaccepted": _unaccepted},
    "since.held": {"_since_held": _held},
    "since.unanswered": {"_since_unanswered": _unanswered},
    "since.untold": {"_since_untold": _untold},
    "since.waiting": {"_since_waiting": _waiting},
    "since.untouched": {"_since_untouched": _untouched},
    "contacts": {},
}
