"""Where a telephone system is connected, a click and a transfer are orders to it; a failed one is said."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from madoguchi.interactions.models import Interaction, Passing
from madoguchi.telephony.models import Call, Order, Pbx
from tests.cast import Cast
from tests.telephony.test_orders import a_line, connected
from tests.web.workbench.calls import MOBILE, answers, happen, rings

type SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def pbx(settings: LazySettings) -> Pbx:
    settings.ASTERISK = (a_line("tokyo"),)
    settings.ENCODER = False
    return connected("tokyo")


def test_a_clicked_number_is_ordered_and_the_telephone_s_own_word_makes_the_contact(
    cast: Cast, sign_in: SignIn, pbx: Pbx
) -> None:
    client = sign_in(cast.sato)
    assert 'data-dials="order"' in client.get("/tickets/").content.decode()
    answer = client.post("/workbench/ring/", {"number": "+819011112222", "person": str(cast.yamada.pk)})
    assert "HX-Trigger" not in answer
    order = Order.objects.get()
    assert (order.kind, order.staff, order.parameters["name"]) == ("originate", cast.sato, "山田 花子")
    assert not Interaction.objects.exists()
    assert client.post("/workbench/ring/", {"number": "+819011112222"}).status_code == 409  # it rings already
    Pbx.objects.update(state="down")
    assert "dial-by-hand" in client.post("/workbench/ring/", {"number": "+819011112222"})["HX-Trigger"]
    assert Interaction.objects.get().direction == "outbound"


def test_calling_back_from_the_seat_is_ordered_and_noted(cast: Cast, sign_in: SignIn, pbx: Pbx) -> None:
    sign_in(cast.sato).post("/workbench/dial/", {"number": "+819011112222"})
    assert Order.objects.get().kind == "originate"
    assert Interaction.objects.get().address == "+819011112222"


@pytest.mark.parametrize(("kind", "order"), [("blind", "redirect"), ("attended", "attended")])
def test_a_transfer_is_ordered_with_the_ticket_and_a_failed_one_is_said(
    cast: Cast, sign_in: SignIn, pbx: Pbx, kind: str, order: str
) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    Call.objects.update(sender=pbx.key)
    written: dict[str, Any] = {"notes": "VPN", "to_staff": str(cast.takahashi.pk), "kind": kind}
    client = sign_in(cast.sato)
    page = client.post(f"/workbench/contacts/{contact.pk}/pass-on/", written, headers=HTMX | {"HX-Target": "div#seat"})
    assert "電話機で" not in page.content.decode()
    given = Order.objects.get()
    assert (given.kind, given.parameters, Passing.objects.get().order) == (order, {"to": "2001"}, given)
    seat = f"/workbench/?contact={contact.pk}"
    assert "転送できません" not in client.get(seat).content.decode()
    for state, result, words in (
        ("failed", "No such channel", "No such channel"),
        ("failed", "not_in_call", "この通話に参加していません。"),
        ("failed", "failed", ""),
        ("unanswered", "", "応答なし（結果不明）"),
    ):
        Order.objects.update(state=state, result=result)
        html = client.get(seat).content.decode()
        said = html[html.index("転送できません") :].partition("</p>")[0]
        assert said == f"転送できませんでした。 {words}"


@pytest.mark.parametrize(
    ("state", "result", "words"),
    [
        ("failed", "no_answer", "自席の電話に出ず"),
        ("failed", "busy", "話中"),
        ("failed", "<b>Extension does not exist.", "接続失敗 &lt;b&gt;Extension"),
        ("expired", "", "送信されませんでした"),
        ("unanswered", "", "応答なし（結果不明）"),
        ("done", "", ""),
    ],
)
def test_a_clicked_number_that_is_not_called_says_so_in_the_head_for_a_minute(
    cast: Cast, sign_in: SignIn, pbx: Pbx, state: str, result: str, words: str
) -> None:
    client = sign_in(cast.sato)
    client.post("/workbench/ring/", {"number": "+819011112222"})
    Order.objects.update(state=state, result=result, settled_at=timezone.now())
    slot = client.get("/workbench/phone/").content.decode()
    assert ("090-1111-2222" in slot) == bool(words)
    assert words in slot
    assert "090-1111-2222" not in sign_in(cast.suzuki).get("/workbench/phone/").content.decode()
    Order.objects.update(settled_at=timezone.now() - timedelta(seconds=61))
    assert "090-1111-2222" not in sign_in(cast.sato).get("/workbench/phone/").content.decode()


def test_the_next_click_takes_the_failed_call_s_place(cast: Cast, sign_in: SignIn, pbx: Pbx) -> None:
    client = sign_in(cast.sato)
    client.post("/workbench/ring/", {"number": "+819011112222"})
    Order.objects.update(state="failed", settled_at=timezone.now())
    client.post("/workbench/ring/", {"number": "+819011112222"})
    assert "phone-failed" not in client.get("/workbench/phone/").content.decode()
