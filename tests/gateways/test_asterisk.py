"""The connector of a telephone system: how it stands, who keeps it, what it orders, what it survives."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.utils import timezone

from madoguchi.gateways import ami
from madoguchi.gateways.ami import Patience
from madoguchi.journal.models import Entry
from madoguchi.notifications.models import Notification
from madoguchi.problems.models import Problem
from madoguchi.telephony.actions import orders
from madoguchi.telephony.actions.pbx_lines import alarm_about_lost
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.models import Call, CallEvent, OperatorState, Order, Pbx, PbxDevice
from tests.cast import Cast
from tests.gateways.fake_ami import FakeAmi
from tests.gateways.playing import LONG_AGO, Played, in_database, line_to, records, wait_for, wrong
from tests.gateways.recorded import recording
from tests.gateways.running import run_through
from tests.telephony.recordings import ABSENT, SCENARIOS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.skipif(not SCENARIOS, reason=ABSENT)]
QUIET = "h-internal"


@pytest.fixture(autouse=True)
def _configured(settings: LazySettings) -> None:
    settings.ASTERISK = (line_to(1), line_to(2, "osaka"))


def play(scenario: str, story: Callable[[FakeAmi, Played], Awaitable[Any]], cast: Cast) -> None:
    """Tell a story of a connector that listens to a fake Asterisk; it ends in order."""

    async def run() -> None:
        async with FakeAmi(recording(scenario)) as fake:
            played = Played(fake, cast)
            await story(fake, played)
            await played.end()

    run_through(run())


def pbx(name: str = "tokyo") -> Pbx:
    return Pbx.objects.get(key=f"asterisk:{name}")


async def stands(state: str, name: str = "tokyo") -> Pbx:
    """The row, once its line stands so."""
    async with asyncio.timeout(60):
        while True:
            row = await in_database(lambda: Pbx.objects.filter(key=f"asterisk:{name}", state=state).first())
            if row is not None:
                return row
            await asyncio.sleep(0.01)


async def settled(order: Order) -> Order:
    async with asyncio.timeout(60):
        while True:
            row = await in_database(lambda: Order.objects.get(pk=order.pk))
            if row.state not in Order.OPEN:
                return row
            await asyncio.sleep(0.01)


async def asked(fake: FakeAmi, action: str, times: int = 1) -> list[dict[str, str]]:
    def found() -> list[dict[str, str]]:
        return [sent for sent in fake.actions if sent["Action"] == action]

    await fake.until(lambda: len(found()) >= times)
    return found()


# The line


def test_what_is_asked_first_is_asked_in_this_order(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await fake.ready()
        names = [sent["Action"] for sent in fake.actions]
        assert names == ["Login", *["Filter"] * 3, "CoreStatus", "CoreShowChannels", "QueueStatus", "BridgeList"]
        row = await stands("connected")
        assert (row.down_since, row.error) == (None, "")
        assert row.connected_since is not None

    play(QUIET, story, cast)
    assert Entry.objects.filter(kind="pbx.connected").count() == 1


def test_a_wrong_password_is_told_and_the_right_one_is_taken(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        fake.secret = "another"
        row = await stands("refused")
        assert row.error == "Authentication failed"
        assert row.down_since is not None
        fake.secret = "secret"
        assert (await stands("connected")).error == ""

    play(QUIET, story, cast)
    assert Entry.objects.filter(kind="pbx.lost").count() == 1


def test_a_silent_network_is_left_and_the_line_comes_back(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        fake.is_silent = True
        row = await stands("down")
        assert row.error == ami.SILENT
        fake.is_silent = False
        await stands("connected")
        await fake.play(after=played.read_all)

    async def run() -> None:
        async with FakeAmi(recording(QUIET)) as fake:
            played = Played(fake, cast, patience=Patience(ask_after=0.2, give_up_after=0.5))
            await story(fake, played)
            await played.end()

    run_through(run())
    assert wrong(QUIET, "asterisk:tokyo", 0.5) == []


def test_two_telephone_systems_at_once_have_calls_of_their_own(cast: Cast) -> None:
    first, second = "a-answered-caller-hangs-up", "n-direct-inbound"

    async def run() -> None:
        async with FakeAmi(recording(first)) as one, FakeAmi(recording(second)) as other:
            tokyo, osaka = Played(one, cast), Played(other, cast, "osaka")
            await asyncio.gather(one.play(after=tokyo.read_all), other.play(after=osaka.read_all))
            await asyncio.gather(tokyo.end(), osaka.end())

    run_through(run())
    assert wrong(first, "asterisk:tokyo", 0.5) == []
    assert wrong(second, "asterisk:osaka", 0.5) == []


def test_of_two_connectors_one_keeps_the_line_and_the_other_takes_it_when_that_ends(cast: Cast) -> None:
    async def run() -> None:
        async with FakeAmi(recording(QUIET)) as fake:
            one = Played(fake, cast)
            await stands("connected")
            other = Played(fake, cast)
            await asyncio.sleep(0)
            half = len(fake.recording.steps) // 2
            await fake.play(half, after=one.read_all)
            assert (fake.logins, other.connector.read) == (1, 0)
            await one.kept_all()
            other.begins_here()
            await one.end()
            await fake.until(lambda: fake.logins == 2)
            await fake.play(after=other.read_all)
            await other.end()

    run_through(run())
    assert wrong(QUIET, "asterisk:tokyo", 0.5) == []


def test_who_lost_the_line_to_another_stores_nothing_more_and_says_how_much(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        await played.kept_all()
        until = timezone.now() + timedelta(minutes=5)
        await in_database(lambda: Pbx.objects.update(held_by="another", held_until=until))
        before = await in_database(CallEvent.objects.count)
        fake.send(fake.recording.steps[0].raw)
        fake.send(fake.recording.steps[1].raw)
        await wait_for(lambda: fake.logins == 1 and fake.lost)
        assert await in_database(CallEvent.objects.count) == before
        await in_database(lambda: Pbx.objects.update(held_until=LONG_AGO))
        await fake.until(lambda: fake.logins == 2)
        played.begins_here()

    play(QUIET, story, cast)
    assert re.search(r"another connector has this line; [1-9]\d* messages were not kept", caplog.text)


# What goes wrong


def test_what_comes_while_the_database_is_away_is_kept_with_its_own_times(cast: Cast) -> None:
    failures: list[str] = []

    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "telephony_callevent" in sql and len(failures) < 3:
            failures.append(sql)
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        await played.kept_all()
        await played.connector._in_thread(lambda: connection.execute_wrappers.append(away))
        await fake.play(after=played.read_all)
        await played.kept_all()
        await played.connector._in_thread(lambda: connection.execute_wrappers.remove(away))

    play("n-direct-inbound", story, cast)
    assert len(failures) == 3
    assert wrong("n-direct-inbound", "asterisk:tokyo", 0.5) == []
    assert not Problem.objects.exists()


def test_a_message_that_nobody_foresaw_is_set_aside_alone(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await fake.play(3, after=played.read_all)
        raw = fake.recording.steps[3].raw
        fake.send(raw.replace(b"Timestamp: ", b"Timestamp: 99999999999999"))
        await fake.play(after=played.read_all)

    play("n-direct-inbound", story, cast)
    assert wrong("n-direct-inbound", "asterisk:tokyo", 0.5) == []
    assert [problem.where for problem in Problem.objects.all()] == ["telephony.asterisk"]


def test_administrators_hear_of_a_line_that_stays_down_once_and_of_its_return(cast: Cast) -> None:
    lines, now = [("asterisk:tokyo", "tokyo")], timezone.now()
    assert alarm_about_lost(lines, now) == 0  # just begun
    Pbx.objects.update(error="[Errno 111] Connect call failed ('127.0.0.1', 5038)")
    assert [alarm_about_lost(lines, now + timedelta(minutes=3)) for _ in range(2)] == [1, 0]
    told = Notification.objects.get()
    assert (told.staff, told.kind) == (cast.admin, "pbx.stays_down")
    assert told.words.endswith("待ち受けているものがありません。"), "in the reader's language"

    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")

    play(QUIET, story, cast)
    assert list(Notification.objects.order_by("id").values_list("kind", flat=True)) == [
        "pbx.stays_down",
        "pbx.connected",
    ]
    assert alarm_about_lost(lines, now + timedelta(minutes=2)) == 0
    # Given up by its connector, and nobody took it.
    assert alarm_about_lost(lines, now + timedelta(minutes=9)) == 1
    assert Notification.objects.latest("id").words.endswith("接続できていません。")


# Orders


def test_a_click_rings_the_own_telephone_and_the_call_knows_its_order(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await fake.play(before=played.order, after=played.read_all)

    play("g-click-to-call", story, cast)
    order = Order.objects.get(kind="originate")
    assert (order.state, order.request) == ("done", "4711")
    (record,) = records("asterisk:tokyo").values()
    assert record["request_id"] == "4711"
    assert Entry.objects.get(kind="order.settled").data["request"] == "4711"


def test_an_own_telephone_that_nobody_picks_up_fails_the_order(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await fake.play(before=played.order, after=played.read_all)

    play("g3-click-to-call-operator-no-answer", story, cast)
    order = Order.objects.get(kind="originate")
    assert (order.state, order.result) == ("failed", "no_answer")


def test_a_hang_up_is_done_when_the_pbx_says_so(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await fake.play(before=played.order, after=played.read_all)

    play("s-hangup-by-ami", story, cast)
    assert Order.objects.get(kind="hangup").state == "done"


def test_what_the_pbx_refuses_says_why(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        fake.refuses = {"Originate": "Extension does not exist."}
        await stands("connected")
        order = await settled(await in_database(lambda: orders.call_number(cast.sato, "0312345678", by=cast.sato)))
        assert (order.state, order.result) == ("failed", "Extension does not exist.")

    play(QUIET, story, cast)


def test_an_order_about_a_call_that_has_ended_is_not_sent(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        half = next(n for n, step in enumerate(fake.recording.steps) if step.message.get("Event") == "AgentConnect")
        await fake.play(half + 3, after=played.read_all)
        await played.kept_all()
        await played.connector._in_thread(played.connector.keeper._translation.legs.clear)
        call = await in_database(Call.objects.get)
        order = await in_database(lambda: orders.transfer(call, "1003", "blind", staff=cast.sato, by=cast.sato))
        assert ((await settled(order)).state, (await settled(order)).result) == ("failed", "not_in_call")
        assert not [sent for sent in fake.actions if sent["Action"] == "Redirect"]

    play("a-answered-caller-hangs-up", story, cast)


def test_what_was_sent_and_not_acknowledged_is_not_sent_again(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        await in_database(lambda: orders.call_number(cast.sato, "0312345678", by=cast.sato))
        await asked(fake, "Originate")
        await played.kill()
        played.start()
        await fake.until(lambda: fake.logins == 2)
        # A later order is sent, so this one would have been, too.
        await stands("connected")
        await in_database(lambda: orders.call_number(cast.suzuki, "0312345678", by=cast.suzuki))
        sent = await asked(fake, "Originate", 2)
        assert [action["Channel"] for action in sent] == ["PJSIP/1001", "PJSIP/1002"]

    play(QUIET, story, cast)
    assert orders.settle_overdue(timezone.now() + timedelta(minutes=2)) == 2
    assert set(Order.objects.values_list("state", flat=True)) == {"unanswered"}


def test_a_number_is_dialled_as_in_japan_and_named_to_the_operator(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        name = '山田 "花子" <x>'
        order = await in_database(lambda: orders.call_number(cast.sato, "03-9876-5432", name=name, by=cast.sato))
        (sent,) = await asked(fake, "Originate")
        assert sent["Channel"] == "PJSIP/1001"
        assert (sent["Context"], sent["Exten"], sent["Async"]) == ("from-internal", "0398765432", "true")
        assert sent["CallerID"] == '"山田  花子   x " <0398765432>'
        assert sent["ChannelId"] == f"cti-req-{order.request}"
        await in_database(lambda: orders.call_number(cast.suzuki, "+1 202-555-0123", by=cast.suzuki))
        assert (await asked(fake, "Originate", 2))[1]["Exten"] == "01012025550123"

    play(QUIET, story, cast)


def test_a_break_pauses_the_telephone_in_every_queue_once_and_its_echo_changes_nothing(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        fake.accepts = {"QueuePause"}
        await stands("connected")
        await played.kept_all()
        await in_database(lambda: set_operator_state(cast.sato, "away", "会議", by=cast.sato))
        sent = await asked(fake, "QueuePause", 2)
        assert sorted(action["Interface"] for action in sent) == ["Local/1001@from-queue/n", "PJSIP/1001"]
        assert {(action["Paused"], action["Reason"], action.get("Queue")) for action in sent} == {
            ("true", "会議", None)
        }
        echo = next(step for step in fake.recording.steps if step.message.get("Event") == "QueueMemberPause")
        assert (echo.message["Paused"], echo.message["Interface"]) == ("1", "PJSIP/1001")
        fake.send(echo.raw)
        await played.kept_all()
        await in_database(lambda: set_operator_state(cast.sato, "available", by=cast.sato))
        await asked(fake, "QueuePause", 4)

    play("k-pause-unpause", story, cast)
    assert OperatorState.objects.get(staff=cast.sato).state == "available"
    assert list(Order.objects.order_by("id").values_list("kind", "state")) == [("pause", "done"), ("unpause", "done")]


def test_a_pause_made_at_the_telephone_is_shown_at_the_desk(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        await played.kept_all()
        await in_database(lambda: set_operator_state(cast.sato, "available", by=cast.sato))
        echo = next(step for step in fake.recording.steps if step.message.get("Event") == "QueueMemberPause")
        fake.send(echo.raw)
        await played.kept_all()

    play("k-pause-unpause", story, cast)
    state = OperatorState.objects.get(staff=cast.sato)
    assert (state.state, state.reason) == ("paused", "Break")
    assert not Order.objects.exists()


def test_who_went_on_a_break_while_the_line_was_down_is_paused_when_it_is_back(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        fake.accepts = {"QueuePause"}
        await stands("connected")
        await played.kept_all()
        await in_database(lambda: set_operator_state(cast.sato, "available", by=cast.sato))
        fake.is_open = False
        fake.cut()
        await stands("down")
        await in_database(lambda: set_operator_state(cast.sato, "paused", "昼休み", by=cast.sato))
        fake.is_open = True
        sent = await asked(fake, "QueuePause", 2)
        assert {action["Paused"] for action in sent} == {"true"}

    play(QUIET, story, cast)
    assert PbxDevice.objects.get(extension="1001").is_paused
