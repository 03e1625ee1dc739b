"""Several at once: one row for a caller, one owner for a call, one letter for a month."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, take_call_back
from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.letters import send_letters
from madoguchi.interactions.models import BypassLetter, CallBack
from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events
from tests.cast import enter
from tests.telephony.lines import PBX
from tests.telephony.test_concurrency import at_once
from tests.web.workbench.calls import MOBILE, told

pytestmark = pytest.mark.django_db(transaction=True)


def gives_up(sender: str, call: str) -> None:
    events = [
        told("call.started", call, 100, direction="inbound", **{"from": {"number": MOBILE}}),
        told("queue.entered", call, 100, queue="call-centre"),
        told("queue.left", call, 60, queue="call-centre", reason="abandoned"),
        told("call.ended", call, 60, by="caller"),
    ]
    receive_events(read_events(events), sender=sender, by=PBX)


def test_two_telephone_systems_tell_of_the_same_caller() -> None:
    enter()
    assert at_once(*(lambda n=n: gives_up(f"pbx-{n}", f"c-{n}") for n in range(3))) == []
    row = CallBack.objects.get()
    assert row.calls.count() == 3


def test_two_operators_take_and_record_a_call() -> None:
    cast = enter()
    due_at = timezone.now() + timedelta(hours=1)
    row = promise_call_back(number="03-1111-2222", due_at=due_at, team=cast.call_centre, by=cast.sato)
    people = (cast.sato, cast.suzuki)
    refused = at_once(*(lambda who=who: take_call_back(CallBack.objects.get(), by=who) for who in people))
    row.refresh_from_db()
    assert row.staff in people
    assert [str(one) for one in refused] == [f"この折り返しは、すでに{row.staff.name}が引き受けています。"]
    refused = at_once(
        *(lambda who=who: finish_call_back(CallBack.objects.get(), result="reached", by=who) for who in people)
    )
    assert [type(one) for one in refused] == [Refused]
    assert Entry.objects.filter(kind="call_back.done").count() == 1
    assert row.tries.count() == 1


def test_two_workers_write_the_letters() -> None:
    cast = enter()
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    zone = timezone.get_default_timezone()
    at = datetime(last_month.year, last_month.month, last_month.day, 12, tzinfo=zone)
    for _ in range(3):
        for reached in (cast.takahashi, cast.ito):
            record_bypass(who="山田", what="VPN", reached=reached, at=at, by=cast.sato)
    now = datetime(timezone.localdate().year, timezone.localdate().month, 2, 12, tzinfo=zone)
    assert at_once(*(lambda: send_letters(now=now) for _ in range(3))) == []
    assert (BypassLetter.objects.count(), OutgoingMail.objects.count()) == (2, 2)
