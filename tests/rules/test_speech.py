"""What was said to the requester is an answer, however it was said; what waits to be told by telephone is none yet."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack
from madoguchi.rules.facts import Since
from madoguchi.rules.models import Firing
from madoguchi.rules.store import facts_of
from madoguchi.rules.sweep import fire_due
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.rules.rules import after, on, rule

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def since(ticket: Ticket) -> dict[str, datetime]:
    return dict(facts_of([ticket.pk], {"since.unanswered", "since.untold"})[ticket.pk].since)


def test_who_was_spoken_with_is_not_unanswered(cast: Cast) -> None:
    with freeze_time(MORNING):
        called = open_ticket(subject="一", body="一", channel="phone", requester=cast.yamada, by=cast.sato)
        wrote = open_ticket(subject="二", body="二", channel="web", requester=cast.yamada, by=cast.sato)
    assert since(called) == {Since.UNTOLD: MORNING}
    assert since(wrote) == {Since.UNTOLD: MORNING, Since.UNANSWERED: MORNING}
    with freeze_time(MORNING + timedelta(minutes=5)):
        contact = open_interaction(channel="phone", staff=cast.sato, person=cast.yamada, by=cast.sato)
        link_interaction(wrote, interaction=contact, by=cast.sato)
    assert since(wrote) == {Since.UNTOLD: MORNING + timedelta(minutes=5)}


def test_an_answer_counts_when_it_was_told_by_telephone_and_not_when_it_was_written_down(cast: Cast) -> None:
    cast.yamada.emails.all().delete()
    late = rule(cast.hayashi, after("unanswered", 60, working=False))
    answered = rule(cast.hayashi, on("answered"), name="回答")
    with freeze_time(MORNING) as clock:
        ticket = open_ticket(
            subject="一", body="一", channel="web", requester=cast.yamada, by=cast.sato,
            details={"callback_number": "03-1111-2222"},
        )  # fmt: skip
        clock.tick(timedelta(minutes=30))
        post_message(ticket, body="直りました", visibility="public", by=cast.sato)
        assert since(ticket) == {Since.UNTOLD: MORNING, Since.UNANSWERED: MORNING}
        assert not Firing.objects.exists()
        clock.tick(timedelta(minutes=31))
        fire_due()
        assert set(Firing.objects.values_list("rule", flat=True)) == {late.pk}
        finish_call_back(CallBack.objects.get(), result="reached", by=cast.sato)
        assert since(ticket) == {Since.UNTOLD: timezone.now()}
        assert set(Firing.objects.values_list("rule", flat=True)) == {late.pk, answered.pk}
