"""Months of a desk's life, written in bulk: ``write``. What the acts would have left behind, only faster.

Deterministic by seed, relative to the present. Every call has its events, every mail its original.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.demo import cases, telephone
from madoguchi.demo.bulk import Tables
from madoguchi.demo.ledger import Ledger
from madoguchi.demo.lives import Desk
from madoguchi.demo.plots import Plot
from madoguchi.demo.world import ZONE, Customer, Member, World
from madoguchi.files.models import StoredFile
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.interactions.models import CallBack, IdentityCheck, Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge.actions.learn import keep_newest
from madoguchi.knowledge.models import Article, ArticleText
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.search.models import Pending
from madoguchi.telephony.models import Call, CallAgent, CallEvent, StateTime
from madoguchi.tickets.models import Message, Ticket, TicketCallBack, TicketInteraction, TicketThread

_BATCH = 10_000
# In the order of their references, as far as the engines care.
MODELS = (
    StoredFile, MailThread, IncomingMail, OutgoingMail,
    Call, CallEvent, CallAgent, Interaction, IdentityCheck, CallBack,
    Ticket, Message, TicketInteraction, TicketCallBack, TicketThread,
    Handoff, RoutingDecision, Consultation, Approach, Remark, ArticleText, Entry, Mention, Pending,
)  # fmt: skip
# How busy the hours from midnight are, on a usual day; how busy the days from Monday are.
_HOURS = (1, 1, 0, 0, 0, 1, 2, 6, 45, 120, 135, 115, 62, 112, 108, 100, 98, 80, 42, 12, 6, 4, 3, 2)
_DAYS = (1.25, 1.05, 1.0, 0.95, 1.0, 0.22, 0.05)
_OPEN_HOURS = range(8, 19)


def write(tickets: int, *, seed: int, days: int = 90) -> None:
    """Write ``tickets`` tickets of the last ``days`` days with their contacts, messages, hand-offs and journal.

    Needs the sample company. Nothing else may be working in the database meanwhile.
    """
    chance = random.Random(seed)
    now = timezone.now()
    ledger = Ledger()
    arrived = arrivals(tickets, chance, now, days)
    for start in range(0, len(arrived), _BATCH):
        batch = arrived[start : start + _BATCH]
        last = start + _BATCH >= len(arrived)
        with transaction.atomic():
            tables = Tables(MODELS)
            if not start:
                desk = Desk(tables, ledger, World.read(), now)
            desk.tables = tables
            play(desk, chance, batch)
            ledger.write(tables, until=None if last else arrived[start + _BATCH])
            tables.write()
            tables.settle()
    with transaction.atomic():
        tables = Tables([StateTime])
        ledger.write_state_times(tables)
        tables.write()
        tables.settle()
    count_uses()


def count_uses() -> None:
    """What was written in bulk counts as if it had been learned one by one; articles were last looked at by and by."""
    keep_newest()
    texts = ArticleText.objects.filter(article=OuterRef("pk")).order_by().values("article").annotate(number=Count("id"))
    Article.objects.update(
        revision=F("revision") + 1,  # what was learned changes what is found
        uses=Coalesce(Subquery(texts.values("number")), 0),
        checked_day=timezone.localdate().toordinal() - F("id") * 37 % 200,
    )


def arrivals(count: int, chance: random.Random, until: datetime, days: int) -> list[datetime]:
    """Moments in UTC of the ``days`` days before ``until``, in order, by the rhythm of the week."""
    hours = list(_open_hours(until, days))
    weights = list(accumulate(weight for _, weight in hours))
    chosen = chance.choices([hour for hour, _ in hours], cum_weights=weights, k=count)
    return sorted(hour + timedelta(microseconds=chance.randrange(3_600_000_000)) for hour in chosen)


def _open_hours(now: datetime, days: int) -> Iterator[tuple[datetime, float]]:
    """Every whole hour of the last days with its weight; none that is not over yet."""
    hour = (now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    while hour + timedelta(hours=1) <= now:
        local = hour.astimezone(ZONE)
        yield hour, _HOURS[local.hour] * _DAYS[local.weekday()]
        hour += timedelta(hours=1)


def play(desk: Desk, chance: random.Random, arrived: Iterable[datetime]) -> None:
    """What became of each inquiry, into the desk's tables and ledger."""
    for at in arrived:
        _one(desk, chance, at)


def _one(desk: Desk, chance: random.Random, at: datetime) -> None:
    """One inquiry, and now and then a contact that becomes none."""
    _stray(desk, chance, at)
    case = cases.choose(chance)
    customer = _customer(desk, chance, desk.world.topics[case.category].service, at)
    plot = Plot(desk, chance, case, customer)
    open_now = at.astimezone(ZONE).hour in _OPEN_HOURS
    way = chance.random()
    if open_now and way < 0.68:
        operator = _free(desk, chance, at)
        plot.by_phone(at, operator, _wait(chance, at, operator))
    elif customer.email and way < 0.9:
        plot.by_mail(at, chance.choice(desk.world.operators))
    else:
        channel = "visit" if open_now and way > 0.97 else "web"
        plot.by_hand(at, chance.choice(desk.world.operators), channel)


def _customer(desk: Desk, chance: random.Random, service: str, at: datetime) -> Customer:
    """Somebody, and nearly always somebody whose contract covers what they ask for."""
    day = at.astimezone(ZONE).date()
    for _ in range(1 if chance.random() < 0.05 else 12):
        customer = chance.choice(desk.world.customers)
        if customer.is_covered(service, day):
            break
    return customer


def _free(desk: Desk, chance: random.Random, at: datetime) -> Member:
    """Whoever is not in a call; when all are, whoever is free first. The partner takes a share."""
    share = desk.world.partner_operators and chance.random() < 0.09
    people = desk.world.partner_operators if share else desk.world.operators
    idle = [member for member in people if member.free_at is None or member.free_at <= at]
    return chance.choice(idle) if idle else min(people, key=lambda member: member.free_at or at)


def _wait(chance: random.Random, at: datetime, operator: Member) -> float:
    """Seconds until the answer: the ring, sometimes a queue, and until the operator is free."""
    queue = chance.expovariate(1 / 40) if chance.random() < 0.32 else 0.0
    busy = (operator.free_at - at).total_seconds() if operator.free_at and operator.free_at > at else 0.0
    return busy + min(queue, 240.0) + chance.uniform(3.0, 14.0)


def _stray(desk: Desk, chance: random.Random, at: datetime) -> None:
    """Callers who give up, wrong numbers, and those who go round the desk."""
    if at.astimezone(ZONE).hour not in _OPEN_HOURS:
        return
    way, moment = chance.random(), at - timedelta(seconds=chance.uniform(200, 1500))
    if way < 0.06:
        _given_up(desk, chance, moment)
    elif way < 0.1:
        operator = _free(desk, chance, moment)
        if operator.free_at is None or operator.free_at < moment:
            number = chance.choice(desk.world.unknown_callers)
            talk = chance.uniform(8, 70)
            contact = telephone.answered(
                desk, chance, at=moment, number=number, person=None, by=operator, wait=chance.uniform(3, 12), talk=talk
            )
            reasons = ("wrong_number", "sales_call", "sales_call", "passed_on", "silent")
            _settle(desk, chance, contact, operator, chance.choice(reasons), minutes=3)
    elif way < 0.108:
        _bypass(desk, chance, moment)


def _given_up(desk: Desk, chance: random.Random, at: datetime) -> None:
    known: Customer | None = chance.choice(desk.world.customers) if chance.random() < 0.75 else None
    number = known.number if known else chance.choice(desk.world.unknown_callers)
    wait = min(chance.expovariate(1 / 62) + 2.0, 180.0)
    person = known if known and known.own else None
    contact = telephone.abandoned(desk, chance, at=at, number=number, person=person, wait=wait)
    reason = "called_back" if chance.random() < 0.8 else "not_reached"
    _settle(desk, chance, contact, chance.choice(desk.world.operators), reason, minutes=90)


def _settle(
    desk: Desk, chance: random.Random, contact: dict[str, Any], by: Member, reason: str, *, minutes: float
) -> None:
    """``dismiss`` after a while; until then the contact stands on the list of what is unsettled."""
    at = contact["ended_at"] + timedelta(seconds=20 + chance.random() * minutes * 60)
    if at <= desk.now:
        contact |= {"state": "dismissed", "dismissed_reason": reason}
        subjects = [("interaction", contact["id"]), ("staff", contact["staff_id"])]
        desk.ledger.record(at, "interaction.dismissed", by=by.who, about=subjects, data={"reason": reason, "note": ""})
    desk.tables[Interaction].add(**contact)


def _bypass(desk: Desk, chance: random.Random, at: datetime) -> None:
    """Somebody rang an engineer directly, who wrote it down in three fields."""
    engineer = chance.choice([member for team in desk.world.engineers.values() for member in team])
    customer = chance.choice(desk.world.customers)
    text = cases.Text(chance, cases.choose(chance), {"org": customer.organization_name, "family": customer.family})
    who, what = f"{customer.organization_name} {customer.family}様", text.subject()
    contact: dict[str, Any] = {
        "id": desk.tables[Interaction].new_id(),
        "channel": "bypass",
        "contact_name": who,
        "summary": what,
        "staff_id": engineer.id,
        "started_at": at,
        "ended_at": at,
    }
    subjects = [("interaction", contact["id"]), ("staff", engineer.id)]
    data = {"channel": "bypass", "direction": "inbound"}
    desk.ledger.record(at, "interaction.opened", by=engineer.who, about=subjects, data=data)
    data = {"who": who, "reached": engineer.name}
    desk.ledger.record(at, "bypass.recorded", by=engineer.who, about=subjects, data=data)
    _settle(desk, chance, contact, chance.choice(desk.world.operators), "passed_on", minutes=240)
