"""Who hung up at once may settle itself, until the call turns out otherwise."""

from datetime import timedelta
from typing import Any

import pytest

from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import dismiss, identify
from madoguchi.interactions.models import CallBack, CallBackPolicy, Interaction
from madoguchi.interactions.owing import not_owed
from madoguchi.journal.models import Entry
from tests.cast import Cast
from tests.interactions.in_vain import NOW, WAITED, calls_in, gives_up, is_answered, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]


def test_who_hung_up_at_once_settles_itself_where_the_team_wants_it(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, settles_short=True)
    assert gives_up("long").state == "open"
    short = gives_up("short", 2, waited=3, number="0312345678")
    assert (short.state, short.dismissed_reason, short.staff) == ("dismissed", "hung_up", None)
    assert gives_up("withheld", 3, waited=3, number="").state == "dismissed"
    assert gives_up("other", 4, waited=3, queue="service-desk").state == "open"
    assert CallBack.objects.get().calls.filter(interaction__call__call_id="long").count() == 1


def test_who_hung_up_at_once_but_was_answered_is_to_be_settled_again(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, settles_short=True)
    short, again = gives_up("short", waited=3), gives_up("again", 1, number="0312345678")
    is_answered("later", 5, number="0312345678")
    by_hand = gives_up("by-hand", 2, waited=3, queue="service-desk", number="0399999999")
    dismiss(by_hand, reason="hung_up", by=cast.sato)
    for contact, minutes in ((short, 0), (again, 1), (by_hand, 2)):
        start = NOW + timedelta(minutes=minutes)
        tell(contact.call.call_id, ("agent.joined", 2, {"agent": "1001"}), start=start)  # type: ignore[union-attr]
        contact.refresh_from_db()
    assert (short.is_abandoned, short.state, short.dismissed_reason, short.staff) == (False, "open", "", cast.sato)
    assert (again.state, by_hand.state, by_hand.dismissed_reason) == ("open", "dismissed", "hung_up")
    assert {short, again} <= set(Interaction.objects.unsettled())
    assert Entry.objects.filter(kind="interaction.reopened").count() == 2


def waited_longer(contact: Interaction, minutes: float = 0) -> Interaction:
    """The telephone system's own record says that the caller had been in the queue for half a minute before."""
    start = NOW + timedelta(minutes=minutes)
    tell(contact.call.call_id, ("queue.entered", -WAITED, {"queue": "call-centre"}), start=start)  # type: ignore[union-attr]
    contact.refresh_from_db()
    return contact


def test_a_short_call_that_was_longer_after_all_is_owed_and_settled_with_what_is_owed(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, settles_short=True)
    short = waited_longer(gives_up("short", waited=3))
    assert (short.is_abandoned, short.state, short.dismissed_reason) == (True, "open", "")
    finish_call_back(CallBack.objects.get(), result=CallBack.Result.REACHED, by=cast.sato)
    short.refresh_from_db()
    assert (short.state, short.dismissed_reason) == ("dismissed", "called_back")


def test_a_short_call_without_a_number_that_was_longer_after_all_stands_on_the_list_again(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, settles_short=True)
    short, by_hand = gives_up("short", waited=3, number=""), gives_up("hand", 2, waited=3, queue="service-desk")
    identify(short, person=cast.yamada, by=cast.sato)
    dismiss(by_hand, reason="hung_up", by=cast.sato)
    assert (waited_longer(short).state, waited_longer(by_hand, 2).state) == ("open", "dismissed")
    assert list(not_owed(Interaction.objects.unsettled())) == [short]
    assert waited_longer(short).state == "open"
    assert Entry.objects.filter(kind="interaction.reopened").count() == 1


def test_a_short_call_that_was_longer_is_settled_by_the_call_that_was_answered_since(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, settles_short=True)
    short = gives_up("short", waited=3)
    is_answered("later", 5)
    short = waited_longer(short)
    assert (short.state, short.dismissed_reason) == ("dismissed", "called_again")
    assert not CallBack.objects.waiting().exists()


def test_who_was_found_to_have_called_again_by_their_name_is_to_be_settled_again_once_answered(cast: Cast) -> None:
    vain = gives_up("vain")
    identify(vain, person=cast.yamada, by=cast.suzuki)
    again = is_answered("again", 5, number="0398765432")
    identify(again, person=cast.yamada, by=cast.sato)
    vain.refresh_from_db()
    assert (vain.state, vain.dismissed_reason) == ("dismissed", "called_again")
    tell("vain", ("agent.joined", 20, {"agent": "1001"}), start=NOW)
    vain.refresh_from_db()
    assert (vain.is_abandoned, vain.state, vain.dismissed_reason) == (False, "open", "")
    assert Entry.objects.filter(kind="interaction.reopened").count() == 1


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("owing.dismiss", "short"),
        ("owing.dismiss", "before"),
        ("owing.dismiss", "between"),
        ("owing.finish_call_back", "late"),
        ("owing.finish_call_back", "again"),
        ("actions.call_backs.dismiss", "again"),
    ],
)
def test_what_somebody_does_in_the_same_instant_refuses_no_event(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, act: str, told: str
) -> None:
    CallBackPolicy.objects.create(settles_short=True)
    real: Any = {"dismiss": dismiss, "finish_call_back": finish_call_back}[act.rpartition(".")[2]]
    seen = []

    def second(row: Any, **said: Any) -> Any:
        seen.append(row)
        real(type(row).objects.get(pk=row.pk), **said)
        return real(row, **said)

    monkeypatch.setattr(f"madoguchi.interactions.{act}", second)
    if told == "short":
        gives_up("a-1", waited=3)
    elif told == "before":
        is_answered("a-2", 5)
        gives_up("a-1")
    elif told == "late":
        gives_up("a-1")
        tell("a-1", ("agent.joined", 20, {"agent": "1001"}), start=NOW)
    else:
        gives_up("a-1")
        if told == "between":
            gives_up("a-3", 10)
        is_answered("a-2", 5)
    assert len(seen) == 1
    assert CallBack.objects.waiting().count() == (told == "between")


def test_a_short_call_of_which_something_was_not_heard_is_settled_by_hand(cast: Cast) -> None:
    CallBackPolicy.objects.create(settles_short=True)
    start = calls_in("doubtful")
    tell("doubtful", ("call.incomplete", 2, {"missing": ["answered"]}), start=start)
    tell("doubtful", ("queue.left", 3, {"queue": "call-centre", "reason": "abandoned"}), start=start)
    tell("doubtful", ("call.ended", 3.1, {"by": "caller"}), start=start)
    assert Interaction.objects.get().state == "open"
