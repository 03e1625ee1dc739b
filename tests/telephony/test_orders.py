"""What the telephone system shall do: given once, refused with a sentence, settled once, followed by the queues."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.gateways.ami import Server
from madoguchi.gateways.lines import PbxLine
from madoguchi.journal import record as journal
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.telephony.actions import orders
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.models import Call, Order, Pbx, PbxDevice
from madoguchi.telephony.providers.asterisk.pbx import Pbx as Naming
from madoguchi.telephony.queries import still_rung
from tests.cast import Cast
from tests.telephony.lines import post, queue_call
from tests.telephony.test_concurrency import at_once

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def a_line(name: str) -> PbxLine:
    return PbxLine(Server("127.0.0.1", 5038, "cti", "secret"), Naming(key=f"asterisk:{name}"), name)


def connected(name: str) -> Pbx:
    until = timezone.now() + timedelta(seconds=60)
    return Pbx.objects.create(
        key=f"asterisk:{name}", name=name, state=Pbx.State.CONNECTED, held_by="somebody", held_until=until
    )


@pytest.fixture
def tokyo(settings: LazySettings) -> Pbx:
    settings.ASTERISK = (a_line("tokyo"), a_line("osaka"))
    return connected("tokyo")


def refusal(function: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        function(*args, **kwargs)
    return refused.value.code


def talking(cast: Cast, pbx: Pbx) -> Call:
    post(queue_call()[:6])
    Call.objects.update(sender=pbx.key)
    return Call.objects.get()


def test_a_click_is_an_order_that_soon_expires(cast: Cast, tokyo: Pbx) -> None:
    order = orders.call_number(cast.sato, "０３-9876-5432", name="山田 花子", by=cast.sato)
    assert (order.pbx, order.kind, order.state, order.extension) == (tokyo, "originate", "queued", "1001")
    assert order.parameters == {"number": "+81398765432", "name": "山田 花子"}
    assert order.expires_at - order.given_at == orders.SEND_WITHIN
    assert Entry.objects.filter(kind="order.given").count() == 1
    assert refusal(orders.call_number, cast.sato, "0312345678", by=cast.sato) == "already_calling"


def test_orders_are_refused_where_nothing_could_carry_them_out(cast: Cast, tokyo: Pbx) -> None:
    assert refusal(orders.call_number, cast.kimura, "0312345678", by=cast.kimura) == "no_extension"
    assert refusal(orders.call_number, cast.sato, "nothing", by=cast.sato) == "number_missing"
    for change in ({"state": "down"}, {"state": "connected", "held_until": timezone.now()}):
        Pbx.objects.update(**change)
        assert refusal(orders.call_number, cast.sato, "0312345678", by=cast.sato) == "no_pbx"
        assert refusal(orders.pause, cast.sato, "lunch", by=cast.sato) == "no_pbx"
    assert not Order.objects.exists()


def test_a_line_that_is_configured_no_more_takes_no_orders(cast: Cast, tokyo: Pbx, settings: LazySettings) -> None:
    settings.ASTERISK = (a_line("osaka"),)
    assert orders.pbx_of(cast.sato) is None


def test_of_two_telephone_systems_it_is_the_one_that_has_the_telephone(cast: Cast, tokyo: Pbx) -> None:
    osaka = connected("osaka")
    assert orders.pbx_of(cast.sato) is None
    talking(cast, osaka)
    assert orders.pbx_of(cast.sato) == osaka
    PbxDevice.objects.create(pbx=tokyo, extension="1001")
    assert orders.pbx_of(cast.sato) == tokyo


def test_only_who_is_in_a_call_passes_it_on_or_ends_it(cast: Cast, tokyo: Pbx) -> None:
    call = talking(cast, tokyo)
    order = orders.transfer(call, "1003", "attended", staff=cast.sato, by=cast.sato)
    assert (order.kind, order.call, order.parameters) == ("attended", call, {"to": "1003"})
    blind: dict[str, Any] = {"staff": cast.sato, "by": cast.sato}
    assert refusal(orders.transfer, call, "1003", "blind", **blind) == "already_passed_on"
    orders.settle(order, "done", by=SYSTEM, now=timezone.now())
    assert orders.transfer(call, "1003", "blind", **blind).kind == "redirect"
    assert orders.park(call, staff=cast.sato, by=cast.sato).kind == "park"
    assert refusal(orders.transfer, call, "1003", "warm", staff=cast.sato, by=cast.sato) == "unknown_kind"
    assert refusal(orders.hang_up, call, staff=cast.takahashi, by=cast.takahashi) == "not_in_call"
    Pbx.objects.update(state="down")
    assert refusal(orders.hang_up, call, staff=cast.sato, by=cast.sato) == "no_pbx"


def test_an_order_is_settled_once(cast: Cast, tokyo: Pbx) -> None:
    order, now = orders.call_number(cast.sato, "0312345678", by=cast.sato), timezone.now()
    assert orders.settle(order, "failed", "no_answer", by=SYSTEM, now=now)
    assert not orders.settle(order, "done", by=SYSTEM, now=now)
    assert Entry.objects.get(kind="order.settled").data["result"] == "no_answer"


def test_what_nobody_sent_expires_and_what_nobody_acknowledged_says_so(cast: Cast, tokyo: Pbx) -> None:
    sent = orders.call_number(cast.sato, "0312345678", by=cast.sato)
    Order.objects.update(state="sent")
    waiting = orders.unpause(cast.sato, by=cast.sato)
    assert orders.settle_overdue(timezone.now()) == 0
    assert orders.settle_overdue(timezone.now() + timedelta(minutes=1)) == 2
    assert Order.objects.get(pk=sent.pk).state == "unanswered"
    assert Order.objects.get(pk=waiting.pk).state == "expired"


def test_the_queues_follow_what_somebody_says_of_themselves(
    cast: Cast, tokyo: Pbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_reactions", lambda: {"operator.state_changed": (orders.follow_state,)})
    set_operator_state(cast.sato, "away", "会議", by=cast.sato)
    assert not Order.objects.exists()  # their telephone is in no queue
    PbxDevice.objects.create(pbx=tokyo, extension="1001", interfaces=["PJSIP/1001"])
    set_operator_state(cast.sato, "training", "研修", by=cast.sato)
    set_operator_state(cast.sato, "away", "会議", by=cast.sato)  # paused already
    set_operator_state(cast.sato, "available", by=cast.sato)
    assert list(Order.objects.order_by("id").values_list("kind", "parameters__reason")) == [
        ("pause", "研修"),
        ("unpause", None),
    ]


@pytest.mark.django_db(transaction=True)
def test_of_a_double_click_one_rings(cast: Cast, tokyo: Pbx) -> None:
    def click() -> None:
        orders.call_number(cast.sato, "0312345678", by=cast.sato)

    assert [getattr(failure, "code", failure) for failure in at_once(*[click] * 4)] == ["already_calling"] * 3
    assert Order.objects.count() == 1


@pytest.mark.parametrize("outcome", ["failed", "expired", "unanswered"])
def test_a_pause_that_did_not_come_about_is_given_once_more_and_again_with_the_next_state(
    cast: Cast, tokyo: Pbx, outcome: str
) -> None:
    set_operator_state(cast.sato, "away", "会議", by=cast.sato)
    device = PbxDevice.objects.create(pbx=tokyo, extension="1001", interfaces=["PJSIP/1001"])
    (first,) = orders.agree(cast.sato, by=SYSTEM)
    orders.settle(first, outcome, by=SYSTEM, now=timezone.now())
    second = Order.objects.get(state="queued")
    assert (second.kind, second.parameters["reason"]) == ("pause", "会議")
    orders.settle(second, outcome, by=SYSTEM, now=timezone.now())
    device.refresh_from_db()
    assert not device.is_paused
    assert not Order.objects.filter(state="queued").exists()
    set_operator_state(cast.sato, "away", "会議", by=cast.sato)
    assert Order.objects.get(state="queued").kind == "pause"


def test_whose_pause_failed_twice_is_told_and_so_is_the_board(cast: Cast, tokyo: Pbx, sign_in: SignIn) -> None:
    PbxDevice.objects.create(pbx=tokyo, extension="1001", interfaces=["PJSIP/1001"])
    set_operator_state(cast.sato, "paused", by=cast.sato)

    def told() -> tuple[bool, bool]:
        head = sign_in(cast.sato).get("/workbench/phone/").content.decode()
        board = sign_in(cast.hayashi).get("/board/live/?parts=alarms").content.decode()
        assert not sign_in(cast.suzuki).get("/workbench/phone/").content.decode().count("phone-failed")
        return (
            "電話機にまだ着信します" in head,
            "電話システムから着信が続いています：佐藤 美咲" in board,
        )

    for shown in (False, True):
        assert told() == (False, False)
        failed = Order.objects.get(state="queued")
        orders.settle(failed, "failed", "Interface not found", by=SYSTEM, now=timezone.now())
        assert told() == (shown, shown)
    set_operator_state(cast.sato, "paused", by=cast.sato)
    assert told() == (False, False), "it is asked once more"
    orders.settle(Order.objects.get(state="queued"), "done", by=SYSTEM, now=timezone.now())
    assert told() == (False, False)
    PbxDevice.objects.update(is_paused=False)
    set_operator_state(cast.sato, "available", by=cast.sato)
    assert told() == (False, False), "who takes calls may be rung"


def test_who_is_in_the_queues_of_two_telephone_systems_is_paused_in_both(cast: Cast, tokyo: Pbx) -> None:
    osaka = connected("osaka")
    for pbx in (tokyo, osaka):
        PbxDevice.objects.create(pbx=pbx, extension="1001", interfaces=["PJSIP/1001"])
    set_operator_state(cast.sato, "paused", by=cast.sato)
    first, second = Order.objects.order_by("id")
    assert {first.pbx, second.pbx} == {tokyo, osaka}
    assert not still_rung().exists()
    # Where one fails, that one alone is asked once more.
    orders.settle(second, "failed", by=SYSTEM, now=timezone.now())
    orders.settle(first, "done", by=SYSTEM, now=timezone.now())
    third = Order.objects.get(state="queued")
    assert third.pbx == second.pbx
    orders.settle(third, "failed", by=SYSTEM, now=timezone.now())
    assert still_rung().exists()
    set_operator_state(cast.sato, "available", by=cast.sato)
    fourth = Order.objects.get(state="queued")
    assert (fourth.pbx, fourth.kind) == (first.pbx, "unpause")


def test_a_pause_that_failed_after_its_end_was_asked_for_changes_nothing(cast: Cast, tokyo: Pbx) -> None:
    set_operator_state(cast.sato, "away", "会議", by=cast.sato)
    PbxDevice.objects.create(pbx=tokyo, extension="1001", interfaces=["PJSIP/1001"])
    (first,) = orders.agree(cast.sato, by=SYSTEM)
    set_operator_state(cast.sato, "available", by=cast.sato)
    assert orders.agree(cast.sato, by=SYSTEM) == []
    orders.settle(first, "failed", by=SYSTEM, now=timezone.now())
    assert list(Order.objects.filter(state="queued").values_list("kind", flat=True)) == ["unpause"]
