"""What a connector reads, into the database: in which order it locks, and what is kept when the database goes away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.gateways import asterisk_keeping, asterisk_orders
from madoguchi.gateways.ami import BackOff
from madoguchi.gateways.asterisk import Connector
from madoguchi.gateways.asterisk_keeping import Heard, Keeper
from madoguchi.journal.models import Entry
from madoguchi.problems.models import Problem
from madoguchi.telephony.actions import orders, pbx_lines
from madoguchi.telephony.actions.pbx_lines import alarm_about_lost
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import OperatorState, Order, Pbx, PbxDevice
from tests.cast import Cast
from tests.gateways.playing import line_to
from tests.gateways.running import run_through

NOW = 1_790_000_000.0


def message(event: str, **fields: str) -> Heard:
    return Heard("received", NOW, [("Event", event), *fields.items()])


def keeper() -> Keeper:
    found = Keeper(line_to(1), "a connector")
    assert found.claim(lambda _holder: False)
    return found


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_is_set_aside_and_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(_keeper: Keeper, _heard: Heard) -> list[Event]:
        raise DataError("value too long")

    monkeypatch.setattr(Keeper, "_take", take)
    assert keeper().keep([message("Huge")]) == 1
    assert Problem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_kept_before_the_database_went_away_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def take(_keeper: Keeper, heard: Heard) -> list[Event]:
        name = heard.pairs[0][1]
        taken.append(name)
        if name == "Unforeseen":
            raise ValueError(name)
        if name == "Late" and taken.count(name) == 1:
            raise OperationalError("the database is away")
        return []

    monkeypatch.setattr(Keeper, "_take", take)
    batch = [message("Early"), message("Unforeseen"), message("Late")]
    tokyo = keeper()
    assert tokyo.keep(batch) == 2
    assert tokyo.keep(batch[2:]) == 1
    assert Problem.objects.count() == 1
    assert taken == ["Early", "Unforeseen", "Early", "Unforeseen", "Late", "Late"]


@pytest.mark.django_db(transaction=True)
def test_what_lacks_what_its_kind_must_have_is_named_without_people(caplog: pytest.LogCaptureFixture) -> None:
    bad = message("CoreShowChannel", Channel="PJSIP/1001-1", CallerIDNum="0312345678")
    assert keeper().keep([bad, message("CoreShowChannelsComplete")]) == 2
    assert "PJSIP/1001-1" in caplog.text
    assert "0312345678" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_line_that_was_renewed_meanwhile_is_not_taken() -> None:
    tokyo = keeper()

    def gone(_holder: str) -> bool:
        tokyo.renew()
        return True

    other = Keeper(line_to(1), "another connector")
    assert not other.claim(gone)
    assert Pbx.objects.get().held_by == "a connector"


@pytest.mark.django_db(transaction=True)
def test_a_standby_leaves_the_line_to_who_could_not_renew_it_while_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokyo, other = keeper(), Keeper(line_to(1), "another connector", looks=3)

    def claims(times: int) -> list[bool]:
        return [other.claim(lambda _holder: False) for _ in range(times)]

    def away(*_given: str) -> None:
        raise OperationalError("the database is away")

    Pbx.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert claims(2) == [False, False]
    with monkeypatch.context() as outage:
        outage.setattr(pbx_lines, "enrol", away)
        with pytest.raises(OperationalError):
            claims(1)
    assert claims(2) == [False, False], "the watch begins anew"
    tokyo.renew()
    Pbx.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert claims(2) == [False, False], "it was renewed"
    assert tokyo.keep([message("Kept")]) == 1
    assert claims(9) == [False] * 9, "its lease runs"
    Pbx.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert claims(3) == [False, False, True]


@pytest.mark.django_db(transaction=True)
def test_an_order_that_nobody_foresaw_fails_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tokyo = keeper()
    now = timezone.now()
    for number in ("bad", "0312345678"):
        Order.objects.create(
            pbx=Pbx.objects.get(),
            kind="originate",
            staff=cast.sato,
            extension="1001",
            parameters={"number": number},
            expires_at=now + timedelta(minutes=1),
            request=number,
        )

    def actions_of(order: Order, *rest: object) -> object:
        if order.parameters["number"] == "bad":
            raise TypeError(order)
        return asterisk_orders.actions_of(order, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(asterisk_keeping, "actions_of", actions_of)
    ((_id, [(action, _fields)]),) = tokyo.claim_orders()
    assert action == "Originate"
    assert [order.state for order in Order.objects.order_by("id")] == ["failed", "sent"]
    assert Problem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["while the lock was awaited", "while its actions were made"])
def test_an_order_that_was_given_up_meanwhile_is_not_sent(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    tokyo = keeper()
    soon = timezone.now() + timedelta(minutes=1)
    order = Order.objects.create(
        pbx=Pbx.objects.get(), kind="originate", staff=cast.sato, parameters={"number": "0312345678"}, expires_at=soon
    )
    hold = pbx_lines.hold

    def wait(key: str, *, holder: str, now: datetime) -> Pbx:
        held = hold(key, holder=holder, now=now)
        Order.objects.update(expires_at=timezone.now())
        return held

    def actions_of(order: Order, *rest: object) -> object:
        assert orders.settle(order, "expired", by=tokyo.by, now=timezone.now())
        return asterisk_orders.actions_of(order, *rest)  # type: ignore[arg-type]

    if when == "while the lock was awaited":
        monkeypatch.setattr(pbx_lines, "hold", wait)
    else:
        monkeypatch.setattr(asterisk_keeping, "actions_of", actions_of)
    assert tokyo.claim_orders() == []
    order.refresh_from_db()
    assert (order.state, order.sent_at) == ("expired", None)


@pytest.mark.django_db(transaction=True)
def test_a_line_stood_and_fell_when_it_was_heard_not_when_it_is_stored() -> None:
    tokyo = keeper()
    tokyo.keep([Heard("begun", NOW, []), Heard("down", NOW + 60, [("Message", "cut")])])
    row = Pbx.objects.get()
    assert row.down_since == row.error_at == datetime.fromtimestamp(NOW + 60, UTC)
    tokyo.keep([Heard("begun", NOW + 90, [])])
    row = Pbx.objects.get()
    assert (row.connected_since, row.down_since) == (datetime.fromtimestamp(NOW + 90, UTC), None)
    assert [entry.data["seconds"] for entry in Entry.objects.filter(kind="pbx.connected").order_by("id")] == [0, 30]
    assert row.held_until is not None
    assert row.held_until > timezone.now()  # the lease is of now


@pytest.mark.django_db(transaction=True)
def test_a_line_that_was_alarmed_only_because_the_database_was_away_stands_after_all() -> None:
    tokyo = keeper()
    tokyo.keep([Heard("begun", NOW, [])])
    Pbx.objects.update(held_until=timezone.now() - timedelta(minutes=3))
    assert alarm_about_lost([("asterisk:tokyo", "tokyo")], timezone.now()) == 1
    tokyo.renew()
    row = Pbx.objects.get()
    assert (row.state, row.down_since, row.told_down_at) == ("connected", None, None)
    assert row.connected_since == datetime.fromtimestamp(NOW, UTC)
    assert Entry.objects.filter(kind="pbx.connected").latest("id").data["alarmed"]


@pytest.mark.django_db(transaction=True)
def test_a_line_that_was_taken_over_is_down_until_it_is_connected() -> None:
    tokyo, other = keeper(), Keeper(line_to(1), "another connector")
    tokyo.keep([Heard("begun", NOW, [])])
    assert other.claim(lambda _holder: True)
    other.renew()
    row = Pbx.objects.get()
    assert (row.state, row.connected_since) == ("down", None)
    assert row.down_since is not None
    other.keep([Heard("begun", NOW + 5, [])])
    assert Pbx.objects.get().state == "connected"


def test_after_a_long_outage_what_rings_is_stored_while_it_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = list[float]()
    next_pause = BackOff.next

    def keep(heard: list[Heard]) -> int:
        if len(pauses) < 12:
            raise OperationalError("the database is away")
        return len(heard)

    def pause(back_off: BackOff) -> float:
        pauses.append(next_pause(back_off))
        return 0.0

    async def run() -> None:
        connector = Connector(line_to(1))
        monkeypatch.setattr(connector.keeper, "keep", keep)
        queue: asyncio.Queue[Heard | None] = asyncio.Queue()
        queue.put_nowait(message("Ring"))
        queue.put_nowait(None)
        await connector._keep(queue)

    monkeypatch.setattr(BackOff, "next", pause)
    monkeypatch.setattr(Keeper, "_restore", lambda _self: None)
    run_through(run())
    assert max(pauses) <= 1.0


def test_the_connector_keeps_only_the_rest_again(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, asked = [message("One"), message("Two"), message("Three")], list[int]()

    def keep(heard: list[Heard]) -> int:
        asked.append(len(heard))
        if len(asked) == 2:
            raise OperationalError("the database is away")
        return 2 if len(asked) == 1 else len(heard)

    async def run() -> Connector:
        connector = Connector(line_to(1))
        monkeypatch.setattr(connector.keeper, "keep", keep)
        queue: asyncio.Queue[Heard | None] = asyncio.Queue()
        for one in [*batch, None]:
            queue.put_nowait(one)
        connector.behind = len(batch)
        await connector._keep(queue)
        return connector

    monkeypatch.setattr(BackOff, "next", lambda _self: 0.0)
    monkeypatch.setattr(Keeper, "_restore", lambda _self: None)
    assert run_through(run()).behind == 0
    assert asked == [3, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_operators_are_locked_before_their_telephones(cast: Cast, settings: LazySettings) -> None:
    settings.ASTERISK = (line_to(1),)
    tokyo = keeper()
    pbx = Pbx.objects.get()
    set_operator_state(cast.sato, "available", by=cast.sato)
    PbxDevice.objects.create(pbx=pbx, extension="1001", interfaces=["PJSIP/1001"])
    pause = message("QueueMemberPause", Queue="600", Interface="PJSIP/1001", Paused="1", PausedReason="Break")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert tokyo.keep([pause]) == 1
    said = [query["sql"] for query in asked]
    locked = next(place for place, sql in enumerate(said) if "telephony_operatorstate" in sql)
    written = next(place for place, sql in enumerate(said) if sql.startswith("INSERT") and "pbxdevice" in sql)
    assert locked < written
    assert OperatorState.objects.get(staff=cast.sato).state == "paused"
    assert PbxDevice.objects.get().is_paused
    assert not Order.objects.exists()
