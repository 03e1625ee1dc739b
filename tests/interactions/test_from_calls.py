"""What the telephone says becomes a contact, and one contact only, whoever noted it first."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.written_down import outbound_at_hand
from madoguchi.journal.models import Entry, Mention
from madoguchi.journal.record import NamedActor
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MOBILE = "+819011112222"


def tell(kind: str, call: str = "c-1", *, at: datetime | None = None, **fields: Any) -> Call:
    """One event of the telephone; the call as it stands then."""
    moment = at or timezone.now()
    event = {
        "id": f"{call}-{kind}-{moment.timestamp()}",
        "type": kind,
        "call": call,
        "at": moment.isoformat(),
        **{name.rstrip("_"): value for name, value in fields.items()},
    }
    receive_events(read_events([event]), sender="pbx", by=NamedActor("telephone", "pbx"))
    return Call.objects.get(call_id=call)


def dialled(call: str = "c-1", *, agent: str = "1001", at: datetime | None = None) -> Call:
    party = {"from": {"number": agent}, "to": {"number": "090-1111-2222"}}
    return tell("call.started", call, at=at, direction="outbound", agent=agent, **party)


def clicked(cast: Cast, *, at: datetime | None = None) -> Interaction:
    """佐藤 has clicked the number of 山田."""
    return open_interaction(
        channel="phone",
        direction="outbound",
        address=MOBILE,
        person=cast.yamada,
        staff=cast.sato,
        started_at=at,
        by=cast.sato,
    )


def test_an_outgoing_call_bears_the_number_that_was_called(cast: Cast) -> None:
    call = dialled()
    contact = Interaction.objects.get(call=call)
    assert (contact.direction, contact.address, contact.person, contact.staff) == (
        "outbound",
        MOBILE,
        cast.yamada,
        cast.sato,
    )


def test_a_call_by_click_and_the_telephones_word_of_it_are_one_contact(cast: Cast) -> None:
    contact = clicked(cast)
    call = dialled()
    tell("party.answered", number="09011112222")
    tell("call.ended", by="remote")
    contact.refresh_from_db()
    assert Interaction.objects.get() == contact
    assert (contact.call, contact.ended_at is not None) == (call, True)


@pytest.mark.parametrize(("agent", "minutes"), [("1002", 0), ("1001", 30)])
def test_another_persons_call_or_an_earlier_one_is_another_contact(cast: Cast, agent: str, minutes: int) -> None:
    clicked(cast, at=timezone.now() - timedelta(minutes=minutes))
    dialled(agent=agent)
    assert Interaction.objects.count() == 2


def test_two_calls_to_the_same_number_are_two_contacts(cast: Cast) -> None:
    clicked(cast)
    dialled("c-1")
    dialled("c-2")
    assert Interaction.objects.count() == 2


def test_what_the_telephone_told_is_at_hand_when_the_call_is_recorded(cast: Cast) -> None:
    contact = Interaction.objects.get(call=dialled())
    now = timezone.now()
    assert outbound_at_hand(staff=cast.sato, number=MOBILE, at=now) == contact
    assert outbound_at_hand(staff=cast.suzuki, number=MOBILE, at=now) is None
    assert outbound_at_hand(staff=cast.sato, number=MOBILE, at=now + timedelta(hours=3)) is None
    contact.state = "linked"
    contact.save()
    assert outbound_at_hand(staff=cast.sato, number=MOBILE, at=now) is None


def test_who_gives_up_before_anybody_is_rung_is_told_to_the_seats_at_once(cast: Cast) -> None:
    begun = timezone.now() - timedelta(seconds=40)
    caller: dict[str, Any] = {"from": {"number": "09011112222"}}
    tell("call.started", at=begun, direction="inbound", **caller)
    tell("queue.entered", at=begun + timedelta(seconds=1), queue="desk")
    assert not Entry.objects.filter(kind="call_back.needed").exists()
    tell("call.ended", at=begun + timedelta(seconds=30), by="caller")
    contact = Interaction.objects.get()
    (entry,) = Entry.objects.filter(kind="call_back.needed")
    assert (contact.is_abandoned, entry.data) == (True, {"number": MOBILE, "outcome": "abandoned"})
    assert Mention.objects.filter(entry=entry, kind="interaction", ref=contact.pk).exists()
    tell("recording.ready", at=begun + timedelta(seconds=35), url="x")
    assert Entry.objects.filter(kind="call_back.needed").count() == 1


def test_hold_and_its_end_are_told_once_each(cast: Cast) -> None:
    begun = timezone.now() - timedelta(seconds=40)
    tell("call.started", at=begun, direction="inbound")
    tell("agent.joined", at=begun + timedelta(seconds=2), agent="1001")
    tell("hold.started", at=begun + timedelta(seconds=9), agent="1001")
    tell("hold.started", at=begun + timedelta(seconds=9.1), agent="1001")
    tell("hold.ended", at=begun + timedelta(seconds=12), agent="1001")
    kinds = Entry.objects.filter(kind__in=("call.held", "call.retrieved")).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["call.held", "call.retrieved"]
    assert Mention.objects.filter(entry__kind="call.held", kind="staff", ref=cast.sato.pk).exists()
    tell("hold.started", at=begun + timedelta(seconds=20), agent="1001")
    tell("call.ended", at=begun + timedelta(seconds=25), by="caller")
    assert kinds.all().count() == 3


def test_a_number_that_was_shown_first_leaves_the_contact_when_it_turns_out_withheld(cast: Cast) -> None:
    now = timezone.now()
    tell("queue.entered", at=now, queue="desk", from_={"number": "090-1111-2222"})
    assert Interaction.objects.get().address == MOBILE
    withheld = {"number": None, "presentation": "restricted"}
    tell("call.started", at=now - timedelta(seconds=1), direction="inbound", from_=withheld)
    tell("call.ended", at=now + timedelta(seconds=9), by="caller")
    assert Interaction.objects.get().address == ""
