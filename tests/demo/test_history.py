"""The history is written in bulk, but must be what the acts would have left behind."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import models
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.catalog.models import Category
from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.models import Consultation
from madoguchi.demo import cases, company, history
from madoguchi.demo.bulk import Tables
from madoguchi.demo.ledger import Ledger
from madoguchi.demo.lives import Desk
from madoguchi.demo.moves import Life
from madoguchi.demo.plots import Plot
from madoguchi.demo.world import World
from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.insight.reports.registry import table
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Department, Person, Staff, Team
from madoguchi.telephony.fold import fold
from madoguchi.telephony.models import Call, CallEvent, StateTime
from madoguchi.telephony.projection import event_of
from madoguchi.telephony.state_times import slices
from madoguchi.tickets.actions.change import go_on, wait
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Message, Ticket

START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
DETAILS = {
    "error_code": "E-1",
    "since_when": "今朝",
    "impact": "全員",
    "steps_tried": "再起動",
    "callback_number": "09001234567",
}


@pytest.fixture
def built(db: None) -> None:
    company.build(password="demo-password-1", tickets=0)


@pytest.mark.usefixtures("built")
def test_a_ticket_written_in_bulk_is_the_ticket_that_the_acts_write() -> None:
    by_acts = _by_acts()
    by_bulk = _in_bulk()
    assert _row(by_bulk) == _row(by_acts)
    assert [_row(message) for message in by_bulk.messages.order_by("id")] == [
        _row(message) for message in by_acts.messages.order_by("id")
    ]
    assert [_row(handoff) for handoff in by_bulk.handoffs.order_by("id")] == [
        _row(handoff) for handoff in by_acts.handoffs.order_by("id")
    ]
    assert _told(by_bulk) == _told(by_acts)
    learned = Entry.objects.filter(kind__startswith="article.", data__source__startswith="ticket:").order_by("at", "id")
    kinds = ["article.learned", "article.unlearned"]
    for ticket in (by_acts, by_bulk):
        assert list(learned.filter(data__source=f"ticket:{ticket.pk}").values_list("kind", flat=True)) == kinds


def _by_acts() -> Ticket:
    sato, takahashi = (
        Staff.objects.get(email="sato@hoshinoha.example"),
        Staff.objects.get(email="takahashi@hoshinoha.example"),
    )
    person = _person()
    article, desk = Article.objects.get(key="mail-001"), Team.objects.get(key="service-desk")
    with freeze_time(START) as clock:
        contact = open_interaction(
            channel="visit", by=sato, person=person, staff=sato, team=Team.objects.get(key="call-centre")
        )
        ticket = open_ticket(
            subject="メールが送れない",
            body="今朝から送れません",
            channel="visit",
            by=sato,
            category=Category.objects.get(key="mail-trouble"),
            requester=person,
            interaction=contact,
        )
        clock.tick(60)
        post_message(ticket, body="お急ぎ", visibility="internal", team=ticket.holder_team, by=sato)
        clock.tick(60)
        first = offer(ticket, to_team=desk, reason="直らない", reason_code="beyond_knowledge", details=DETAILS, by=sato)
        clock.tick(60)
        return_(first, reason="missing_information", note="聞き直し", by=takahashi)
        clock.tick(60)
        second = offer(ticket, to_team=desk, reason="直らない", reason_code="beyond_knowledge", details={}, by=sato)
        clock.tick(60)
        accept(second, by=takahashi)
        clock.tick(60)
        wait(ticket, waiting_for="vendor", by=takahashi)
        clock.tick(60)
        go_on(ticket, by=takahashi)
        clock.tick(60)
        post_message(ticket, body="直りました", visibility="public", team=desk, said_in=contact, by=takahashi)
        clock.tick(60)
        resolve(ticket, resolution="設定を直した", article=article, by=takahashi)
        clock.tick(60)
        reopen(ticket, reason="再発", by=sato)
        clock.tick(60)
        resolve(ticket, resolution="設定を直した", no_article_reason="手順がない", by=takahashi)
        clock.tick(60)
        close(ticket, by=sato)
    return Ticket.objects.get(pk=ticket.pk)


def _in_bulk() -> Ticket:
    world, tables, ledger = World.read(), _tables(), Ledger()
    desk = Desk(tables, ledger, world, timezone.now() + timedelta(days=365))
    sato = next(member for member in world.operators if member.name == "佐藤 美咲")
    team = Team.objects.get(key="service-desk").pk
    takahashi = next(member for member in world.engineers[team] if member.name == "高橋 健")
    customer = next(each for each in world.customers if each.id == _person().pk)
    at = [START + timedelta(seconds=60 * step) for step in range(12)]
    plot = Plot(desk, Random(1), cases.all_cases()[0][0], customer)
    contact = plot._bare_contact(at[0], "visit", sato)
    life = Life(
        desk,
        at=at[0],
        subject="メールが送れない",
        body="今朝から送れません",
        channel="visit",
        by=sato.who,
        topic=world.topics["mail-trouble"],
        requester=customer,
        details={},
        contact=contact,
    )
    article = (Article.objects.get(key="mail-001").pk, "mail-001")
    life.note(at[1], "お急ぎ", sato)
    life.offer(at[2], team, reason="直らない", code="beyond_knowledge", details=DETAILS, urgent="", by=sato)
    life.return_(at[3], "missing_information", "聞き直し", takahashi)
    life.offer(at[4], team, reason="直らない", code="beyond_knowledge", details={}, urgent="", by=sato)
    life.accept(at[5], takahashi)
    life.wait(at[6], "vendor", takahashi)
    life.go_on(at[7], takahashi)
    life.answer(at[8], "直りました", takahashi, said_in=contact["id"])
    life.resolve(at[9], "設定を直した", takahashi, article=article, why_none="")
    life.reopen(at[10], by=sato.who, reason="再発")
    life.resolve(at[11], "設定を直した", takahashi, article=None, why_none="手順がない")
    life.close(at[11] + timedelta(seconds=60), sato.who)
    life.finish()
    ledger.write(tables)
    tables.write()
    tables.settle()
    return Ticket.objects.get(pk=life.id)


def _tables() -> Tables:
    return Tables(history.MODELS)


def _person() -> Person:
    return Person.objects.filter(emails__isnull=False, organization__contracts__isnull=False).order_by("id")[0]


def _row(row: models.Model) -> dict[str, Any]:
    """Every column but the row's own id and the ticket's."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in ("id", "ticket_id")
    }


def _told(ticket: Ticket) -> list[tuple[object, ...]]:
    """The ticket's entries: when, what, who, about which kinds of rows and which fixed rows, with which data."""
    names: dict[int, set[tuple[str, int]]] = defaultdict(set)
    entries = list(Entry.objects.filter(mentions__kind="ticket", mentions__ref=ticket.pk).order_by("at", "id"))
    for mention in Mention.objects.filter(entry__in=entries):
        moving = mention.kind in ("ticket", "interaction", "handoff")
        names[mention.entry_id].add((mention.kind, 0 if moving else mention.ref))
    return [
        (
            entry.at,
            entry.kind,
            entry.actor_kind,
            entry.actor_id,
            entry.actor_name,
            names[entry.pk],
            {key: value for key, value in entry.data.items() if key not in {"message", "handoff", "call_back"}},
        )
        for entry in entries
    ]


@pytest.mark.usefixtures("built")
def test_a_history_is_whole_and_of_the_past() -> None:
    history.write(150, seed=7)
    now = timezone.now()
    assert Ticket.objects.count() == 150
    assert not Ticket.objects.filter(opened_at__gt=now).exists()
    assert not Entry.objects.filter(at__gt=now).exists()
    assert Ticket.objects.filter(resolved_at_first_line=True).exists()
    assert Handoff.objects.filter(state="accepted").exists()
    assert not Interaction.objects.filter(state="linked", ticket_links__isnull=True).exists()
    ordered = list(Entry.objects.order_by("id").filter(kind__startswith="ticket.").values_list("at", flat=True))
    assert ordered == sorted(ordered)
    refs = set(Entry.objects.filter(kind="ticket.opened").values_list("mentions__ref", flat=True))
    assert set(Ticket.objects.values_list("pk", flat=True)) <= refs


@pytest.mark.usefixtures("built")
def test_every_call_is_the_fold_of_its_events() -> None:
    history.write(60, seed=3)
    calls = list(Call.objects.all())
    assert calls
    for call in calls:
        events = [event_of(row) for row in CallEvent.objects.filter(call=call)]
        assert fold(call.call_id, events).record == call.record


@pytest.mark.usefixtures("built")
def test_the_same_seed_tells_the_same_story() -> None:
    def story() -> list[tuple[str, str]]:
        with freeze_time(START):
            history.write(40, seed=11)
        told = list(Ticket.objects.order_by("-id").values_list("subject", "status")[:40])
        return told[::-1]

    assert story() == story()


@pytest.mark.usefixtures("built")
def test_after_a_history_new_rows_get_new_ids() -> None:
    history.write(20, seed=5)
    newest = Ticket.objects.order_by("-id").values_list("id", flat=True)[0]
    staff = Staff.objects.get(email="sato@hoshinoha.example")
    ticket = open_ticket(subject="新しい件", body="本文", channel="phone", by=staff)
    assert ticket.pk == newest + 1
    assert Message.objects.filter(ticket=ticket).count() == 1


@pytest.mark.usefixtures("built")
def test_questions_of_the_past_are_as_the_acts_write_them() -> None:
    with freeze_time(START):  # what happens in a story hangs on the hour at which it is told
        history.write(400, seed=2)
    questions = Consultation.objects.all()
    assert questions.filter(state="answered").count() > 5
    assert not questions.open().exists()
    assert not Ticket.objects.filter(waiting_for="department").exists()
    for row in questions.prefetch_related("approaches", "remarks"):
        answered = [approach for approach in row.approaches.all() if approach.state == "answered"]
        assert (len(answered) == 1) == (row.state == "answered") == (row.answer is not None)
    staff, ticket = Staff.objects.get(email="sato@hoshinoha.example"), Ticket.objects.active().order_by("-id")[0]
    question = ask(ticket, department=Department.objects.get(key="accounting"), question="発行済みですか", by=staff)
    decline(question, by=staff)
    answer(question, body="発行済みです", by=staff)

    def told(number: int) -> dict[str, set[str]]:
        rows = Entry.objects.filter(
            mentions__kind="consultation", mentions__ref=number, kind__startswith="consultation."
        )
        return {entry.kind: set(entry.data) for entry in rows}

    acts = told(question.pk)
    by_hand = {kind: names for row in questions.exclude(pk=question.pk) for kind, names in told(row.pk).items()}
    for kind in ("asked", "declined", "moved_on", "answered"):
        assert by_hand[f"consultation.{kind}"] == acts[f"consultation.{kind}"]


@pytest.mark.usefixtures("built")
def test_who_was_on_the_telephone_has_the_times_that_the_journal_gives() -> None:
    history.write(150, seed=3)
    spent: dict[tuple[int, datetime, str], float] = {}
    states: dict[int, tuple[str, datetime]] = {}
    days: defaultdict[tuple[int, Any], set[str]] = defaultdict(set)
    mentions = Mention.objects.filter(entry__kind="operator.state_changed", kind="staff").select_related("entry")
    for mention in mentions.order_by("entry_id"):
        entry, staff = mention.entry, mention.ref
        before, since = states.get(staff, ("logged_off", entry.at))
        assert entry.data["from"] == before
        assert since <= entry.at <= timezone.now() + timedelta(hours=1)
        for slot, seconds in slices(since, entry.at) if before != "logged_off" else ():
            spent[staff, slot, before] = spent.get((staff, slot, before), 0.0) + seconds
        states[staff] = (entry.data["to"], entry.at)
        days[staff, timezone.localdate(entry.at)].add(entry.data["to"])
    kept = {(row.staff_id, row.slot, row.state): row.seconds for row in StateTime.objects.all()}
    assert kept == pytest.approx(spent)
    assert {state for state, _ in states.values()} == {"logged_off"}
    assert all({"available", "talking", "wrapup", "logged_off"} <= told for told in days.values())
    assert sum("paused" in told for told in days.values()) > len(days) / 2
    today = timezone.localdate()
    report = table("operators", first=today - timedelta(days=80), last=today - timedelta(days=1), by="day", access=None)
    assert len(report.rows) > 30
    for row in report.rows:
        figures = {name: float(figure or 0) for name, figure in row.figures.items()}
        assert figures["handled"] > 0
        assert 60 < figures["aht_s"] < 3000
        assert 0 < figures["occupancy"] < figures["utilisation"] < 1.001
