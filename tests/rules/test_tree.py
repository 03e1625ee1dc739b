"""The condition tree says the same in memory and as a query, whatever the tree and whatever the ticket."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from madoguchi.calendars.actions import ensure_defaults
from madoguchi.calendars.working_time import ALWAYS
from madoguchi.clocks.reading import Kind
from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.journal.record import SYSTEM, record
from madoguchi.knowledge.models import Article
from madoguchi.people.models import EmailAddress
from madoguchi.rules import tree
from madoguchi.rules.facts import Count, Since
from madoguchi.rules.store import facts_of, tickets_on_which
from madoguchi.rules.world import World, begun_by
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.change import change, wait
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

NEEDS = frozenset(
    {
        "said",
        "returns",
        "reopenings",
        "handoff_reason",
        "code_known",
        "contacts",
        "complaint",
        "told_clock",
        *(f"since.{s.value}" for s in Since),
    }
)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class OfficeHours:
    """9:00–17:30, every day; the network team's hours in these tests."""

    def add(self, start: datetime, seconds: int) -> datetime:
        raise NotImplementedError

    def is_open(self, at: datetime) -> bool:
        local = timezone.localtime(at)
        return (9, 0) <= (local.hour, local.minute) < (17, 30)

    def between(self, start: datetime, end: datetime) -> int:
        total = timedelta()
        day = timezone.localtime(start).replace(hour=0, minute=0, second=0, microsecond=0)
        while day < end:
            opens, closes = day + timedelta(hours=9), day + timedelta(hours=17, minutes=30)
            total += max(timedelta(), min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return int(total.total_seconds())


def world(cast: Cast) -> World:
    office = OfficeHours()
    return World(hours_of=lambda team: office if team in {cast.network.pk, cast.call_centre.pk} else ALWAYS)


def a_few_tickets(cast: Cast) -> None:
    """Ten tickets that differ in everything conditions speak of."""
    desk: dict[str, Any] = {"channel": "phone", "by": cast.sato}
    with freeze_time(NOW - timedelta(days=2)) as clock:
        open_interaction(channel="phone", by=cast.sato, person=cast.yamada)
        first = open_ticket(
            subject="メールが送れない", body="ｶﾞｰﾄﾞのエラー 0x800CCC0E", category=cast.mail_trouble,
            requester=cast.yamada, details={"error_code": "0x800CCC0E", "impact": "営業部の全員"}, **desk,
        )  # fmt: skip
        clock.tick(600)
        open_ticket(subject="何もわからない", body="返金してください", priority="urgent", **desk)
        third = open_ticket(
            subject="配線", body="上司を出してください", category=cast.wiring, requester=cast.nakagawa,
            details={"error_code": "Ｅ－１７", "count": 3, "urgent": True, "list": [1]}, **(desk | {"channel": "web"}),
        )  # fmt: skip
        clock.tick(3600)
        handoff = offer(
            first, to_team=cast.service_desk, reason="設定", reason_code="beyond_knowledge", by=cast.sato,
            urgent_because="急ぎ",
        )  # fmt: skip
        clock.tick(900)
        accept(handoff, by=cast.takahashi)
        clock.tick(900)
        return_(handoff, reason="wrong_team", by=cast.takahashi)
        clock.tick(60)
        offer(third, to_team=cast.network, reason="ネットワーク", by=cast.sato)
        fourth = open_ticket(subject="パスワード", body="忘れました", requester=cast.walk_in, **desk)
        clock.tick(60)
        post_message(fourth, body="社内で確認中", visibility="internal", by=cast.sato)
        change(fourth, priority="high", assignee=cast.sato, by=cast.sato)
        wait(fourth, waiting_for="requester", by=cast.sato)
        fifth = open_ticket(subject="ｴﾗｰ", body="画面が出ない", requester=cast.yamada, **desk)
        post_message(fifth, body="再起動してください", visibility="public", by=cast.sato)
        clock.tick(60)
        resolve(fifth, resolution="再起動", by=cast.sato)
        clock.tick(60)
        reopen(fifth, by=cast.sato, reason="また")
        sixth = open_ticket(subject="済み", body="ありがとう", requester=cast.nakagawa, **desk)
        resolve(sixth, resolution="済み", by=cast.sato)
        seventh = open_ticket(
            subject="LANが切れる", body="昨日から", category=cast.general, details={"error_code": "E-1"}, **desk
        )
        clock.tick(60)
        accept(offer(seventh, to_team=cast.network, reason="LAN", by=cast.sato), by=cast.ito)
        for said, contact in (
            ("", False),
            ("お調べしました", False),
            ("", True),
        ):  # told, still to be told, spoken with
            written = open_ticket(
                subject="返事", body="まだですか", requester=cast.yamada, details={"callback_number": "03-1111-2222"},
                **(desk | {"channel": "web"}),
            )  # fmt: skip
            clock.tick(60)
            if not contact and not said:  # its team works around the clock, the one that offers does not
                offer(
                    written, to_team=cast.service_desk, reason="設定", reason_code="beyond_knowledge",
                    urgent_because="急ぎ", by=cast.sato,
                )  # fmt: skip
            if said:
                EmailAddress.objects.filter(person=cast.yamada).delete()
                post_message(written, body=said, visibility="public", by=cast.sato)
            elif contact:
                spoken = open_interaction(channel="phone", staff=cast.sato, person=cast.yamada, by=cast.sato)
                link_interaction(written, interaction=spoken, by=cast.sato)
            else:
                promised = promise_call(written, due_at=timezone.now() + timedelta(hours=1), by=cast.sato)
                clock.tick(60)
                finish_call_back(promised, result="left_message", by=cast.sato)
        for ticket, percent in ((first, 80), (third, 80), (third, 100)):
            clock_told(ticket, percent)
        complained(fourth, cast)
    ensure_defaults(by=SYSTEM)
    Article.objects.create(
        key="send", question="送信できない", answer="コード 0X800ccc0e か E-17 のとき", updated_at=NOW
    )


def clock_told(ticket: Ticket, percent: int) -> None:
    """The sweep told of a deadline."""
    data = {"clock": "resolution", "subject": 1, "percent": percent, "target": "1"}
    record("clock.breached" if percent == 100 else "clock.warned", by=SYSTEM, about=[ticket], data=data)


def complained(ticket: Ticket, cast: Cast, code: str = "complaint") -> None:
    """A call of the ticket ended, and its wrap-up said what it was."""
    call = Call.objects.create(call_id=f"c{ticket.pk}-{Call.objects.count()}", started_at=timezone.now())
    contact = open_interaction(channel="phone", call=call, person=ticket.requester, by=cast.sato)
    link_interaction(ticket, interaction=contact, by=cast.sato)
    record("call.wrapup_ended", by=cast.sato, about=[call], data={"wrapup_s": 30, "code": code})


def conditions(cast: Cast) -> st.SearchStrategy[dict[str, Any]]:
    def one_of(kind: str, values: list[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3)
        return st.fixed_dictionaries({"kind": st.just(kind), "one_of": chosen, **more})

    words = st.lists(
        st.sampled_from(
            ["えらー", "エラー", "返金", "ガード", "ﾒｰﾙ", "0x800ccc0e", "LAN", "(", "a.c", "確認", "上司", "３"]
        ),
        min_size=1,
        max_size=3,
    )
    teams = ["call-centre", "service-desk", "network", "nowhere"]
    codes = ["beyond_knowledge", "other", "rule"]
    keys = st.sampled_from(["error_code", "impact", "count", "urgent", "list", "nothing", "steps-tried"])
    flag = st.booleans()
    return st.one_of(
        one_of("priority", ["low", "normal", "high", "urgent"]),
        one_of("status", ["new", "open", "waiting", "resolved", "closed"]),
        one_of("waiting_for", ["requester", "vendor"]),
        one_of("channel", ["phone", "web", "mail"]),
        one_of("category", ["general", "mail-trouble", "wiring", "gone"]),
        one_of("team", teams, role=st.sampled_from(["holder", "front", "offered_to"])),
        one_of("requester", [cast.yamada.pk, cast.walk_in.pk, 99]),
        one_of("organization", [cast.minato.pk, 99]),
        one_of("service_class", ["標準", "なし"]),
        one_of("handoff_reason", codes),
        st.fixed_dictionaries({"kind": st.just("line"), "first": flag}),
        st.fixed_dictionaries(
            {"kind": st.just("hours"), "open": flag, "calendar": st.sampled_from(["", "", "always", "gone"])}
        ),
        one_of("clock", [kind.value for kind in Kind], percent=st.sampled_from([0, 80, 100])),
        st.fixed_dictionaries({"kind": st.sampled_from(["assigned", "not_entitled", "complaint"]), "yes": flag}),
        st.just({"kind": "unknown_code"}),
        st.fixed_dictionaries(
            {"kind": st.just("words"), "any_of": words, "by": st.sampled_from(["requester", "anybody"])}
        ),
        st.fixed_dictionaries({"kind": st.just("item"), "key": keys, "answer": st.sampled_from(["given", "missing"])}),
        st.fixed_dictionaries({"kind": st.just("item"), "key": keys, "answer": st.just("contains"), "any_of": words}),
        st.fixed_dictionaries(
            {
                "kind": st.just("at_least"),
                "of": st.sampled_from([count.value for count in Count]),
                "number": st.integers(1, 3),
                "days": st.integers(1, 3),
            }
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("lasting"),
                "state": st.sampled_from([since.value for since in Since]),
                "seconds": st.sampled_from([60, 3600, 4 * 3600, 86_400, 2 * 86_400 - 3600, 2 * 86_400]),
                "working": flag,
            }
        ),
        st.fixed_dictionaries({"kind": st.just("time_of_day"), "from": _clock(), "until": _clock()}),
    )


def _clock() -> st.SearchStrategy[str]:
    return st.sampled_from(["00:00", "09:00", "18:30", "18:31", "23:00"])


def trees(leaf: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def level(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        )

    return st.one_of(leaf, level(leaf), level(st.one_of(leaf, level(leaf))))


@pytest.mark.django_db
def test_a_tree_holds_in_memory_where_its_query_finds_the_ticket(cast: Cast, engine: str) -> None:
    a_few_tickets(cast)
    there = world(cast)
    facts = facts_of(list(Ticket.objects.values_list("pk", flat=True)), NEEDS, now=NOW)
    assert len(facts) == 10
    said: set[bool] = set()

    @settings(
        max_examples=600 if engine == "sqlite" else 200,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(trees(conditions(cast)))
    def same(written: dict[str, Any]) -> None:
        node = tree.parse(written)
        in_memory = {pk for pk, known in facts.items() if tree.matches(node, known, there)}
        assert set(tickets_on_which(node, there, now=NOW).values_list("pk", flat=True)) == in_memory
        assert tree.parse(tree.written(node)) == node
        for pk in in_memory:
            reasons = tree.reasons(node, facts[pk], there)
            assert all(leaf.holds(facts[pk], there) == held for leaf, held in reasons)
        said.add(0 < len(in_memory) < len(facts))

    same()
    assert said == {True, False}


@given(
    ago=st.integers(0, 4 * 86_400_000_000),
    seconds=st.integers(60, 3 * 86_400),
    now=st.integers(0, 30 * 86_400_000_000),
)
@settings(max_examples=500, deadline=None)
def test_the_latest_beginning_is_exact(ago: int, seconds: int, now: int) -> None:
    hours, moment = OfficeHours(), NOW + timedelta(microseconds=now)
    since = moment - timedelta(microseconds=ago)
    assert (hours.between(since, moment) >= seconds) == (since <= begun_by(hours, moment, seconds))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "priority", "one_of": []},
        {"kind": "nothing"},
        {"kind": "words", "any_of": ["a\0b"]},
        {"kind": "words", "any_of": [" "]},
        {"kind": "item", "key": "0", "answer": "given"},
        {"kind": "item", "key": "x", "answer": "contains"},
        {"any": []},
        {"all": [], "any": []},
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"kind": "hours"}}}}}}}},
        "priority",
        None,
    ],
)
def test_what_is_no_tree_is_refused(wrong: Any) -> None:
    with pytest.raises((ValidationError, ValueError)):
        tree.parse(wrong)
