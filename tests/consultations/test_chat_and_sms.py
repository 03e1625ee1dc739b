"""Contacts who are reached by chat or by SMS: what is posted, what is not taken, and how the question goes on."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.consultations.actions.hear import answer, ask_back
from madoguchi.consultations.actions.read import read_as
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.chat import message
from madoguchi.consultations.deliveries import BACK_OFF, deliver_due
from madoguchi.consultations.links import approach_of
from madoguchi.consultations.models import Consultation, Delivery, Remark, State
from madoguchi.consultations.queries import ways_of
from madoguchi.consultations.sms import SmsProvider
from madoguchi.consultations.sweep import advance_due
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.actions import change_contact
from madoguchi.problems.models import Problem
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.hook import Hook, listening
from tests.consultations.questions import asked, kinds, states

LINK = re.compile(r"http\S+/answer/([^/\s]+)/")


@pytest.fixture
def hook(settings: LazySettings) -> Iterator[Hook]:
    settings.CHAT_HOSTS = ("127.0.0.1",)
    with listening() as hook:
        yield hook


@pytest.fixture
def provider(hook: Hook, settings: LazySettings) -> SmsProvider:
    settings.PUBLIC_ADDRESS = "https://madoguchi.example.co.jp"
    settings.SMS = provider = SmsProvider(
        f"http://127.0.0.1:{hook.port}/send?ref={{id}}",
        {"Authorization": "Bearer geheim", "Content-Type": "application/json"},
        '{"to": "{to_national}", "message": "{text}"}',
        "",
    )
    return provider


def in_chat(cast: Cast, ticket: Ticket, hook: Hook, *channels: str, **more: object) -> Consultation:
    change_contact(
        cast.accounting_first,
        chat_url=hook.url,
        mobile="090-1234-5678",
        channels=list(channels) or ["chat"],
        by=cast.admin,
    )
    return asked(cast, ticket, **more)


def later(minutes: float) -> int:
    with freeze_time(timezone.now() + timedelta(minutes=minutes)):
        return deliver_due()


def test_a_question_is_posted_to_the_room_with_a_link_that_answers_it(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook)
    assert not hook.posted
    assert deliver_due() == 1
    (posted,) = hook.posted
    assert posted.headers["Content-Type"].startswith("application/json")
    assert list(posted.json) == ["text"]
    text = posted.json["text"]
    assert "8月分の請求書は発行済みですか" in text
    assert consultation.number_shown in text
    assert not [word for word in ("山田", "みなと商事", "hanako", "請求書が届かない") if word in text]
    link = LINK.search(text)
    assert link is not None
    assert approach_of(link[1]) == consultation.approaches.get()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.answer) == ("sent", 200, "ok")
    assert deliver_due() == 0
    assert not OutgoingMail.objects.exists()


def test_a_question_calls_nobody_together_and_hides_no_address(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    in_chat(
        cast,
        ticket,
        hook,
        question="<!channel> @here <https://evil.example|こちら> [次](https://evil.example) a@all.jp",
    )
    deliver_due()
    text = hook.posted[0].json["text"]
    assert "<" not in text
    assert "](" not in text
    assert "@here" not in text
    assert "@all" not in text


def test_teams_gets_a_card_with_a_button() -> None:

    url = "https://prod-1.japaneast.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig=s"
    card = json.loads(message(url, "一行目\n二行目", "https://x.example/answer/t/", "回答する"))
    (attachment,) = card["attachments"]
    assert (card["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert [line["text"] for line in attachment["content"]["body"]] == ["一行目", "二行目"]
    assert attachment["content"]["actions"] == [
        {"type": "Action.OpenUrl", "title": "回答する", "url": "https://x.example/answer/t/"}
    ]


def test_an_sms_says_no_more_than_needed_and_is_short(
    cast: Cast, ticket: Ticket, hook: Hook, provider: SmsProvider
) -> None:
    consultation = in_chat(cast, ticket, hook, "sms")
    deliver_due()
    (posted,) = hook.posted
    assert posted.path == f"/send?ref=madoguchi-{Delivery.objects.get().pk}"
    assert posted.headers["Authorization"] == "Bearer geheim"
    assert posted.json["to"] == "09012345678"
    text = posted.json["message"]
    assert "請求書" not in text
    link = LINK.search(text)
    assert link is not None
    assert approach_of(link[1]) == consultation.approaches.get()
    assert len(text) <= 2 * 67  # two parts, as carriers in Japan count them


def test_a_form_is_written_as_a_form(hook: Hook) -> None:
    provider = SmsProvider(hook.url, {}, "To={to}&Body={text}&Id={id}", "")
    url, body, headers = provider.request("+819012345678", 'a&b="①\n{to}', "k1")
    assert url == hook.url
    assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert body == b"To=%2B819012345678&Body=a%26b%3D%22%E2%91%A0%0A%7Bto%7D&Id=k1"


@pytest.mark.parametrize("status", [404, 410, 400, 403, 302])
def test_a_room_that_is_gone_is_a_bounce_and_the_next_way_is_taken(
    cast: Cast, ticket: Ticket, hook: Hook, status: int
) -> None:
    consultation = in_chat(cast, ticket, hook, "chat", "mail")
    hook.status, hook.says = status, "no_service"
    deliver_due()
    approach = consultation.approaches.get()
    assert (approach.channel, approach.state, approach.tried) == ("mail", "asked", ["chat", "mail"])
    assert OutgoingMail.objects.get().to == ["keiri@example.jp"]
    assert kinds(ticket) == ["asked", "bounced"]
    shown = consultation.remarks.get(kind=Remark.Kind.MACHINE)
    assert f"HTTP {status}: no_service" in shown.body
    assert (Delivery.objects.get().state, Delivery.objects.get().answer) == ("failed", "no_service")
    assert later(60) == 0


def test_without_another_way_it_goes_to_the_next_contact(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook)
    hook.status = 404
    deliver_due()
    assert states(consultation) == [("経理 窓口", "bounced"), ("岡田 部長", "asked")]


def test_a_busy_room_is_asked_again_when_it_says_so_and_given_up_in_the_end(
    cast: Cast, ticket: Ticket, hook: Hook
) -> None:
    consultation = in_chat(cast, ticket, hook)
    hook.status, hook.headers = 429, {"Retry-After": "600"}
    deliver_due()
    assert states(consultation) == [("経理 窓口", "asked")]
    assert later(9) == 0
    assert later(11) == 1
    Delivery.objects.update(attempts=len(BACK_OFF))
    assert later(300) == 1
    assert states(consultation) == [("経理 窓口", "bounced"), ("岡田 部長", "asked")]


def test_an_answer_that_no_database_keeps_is_posted_once(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    hook.says = "o\0k"
    in_chat(cast, ticket, hook)
    deliver_due()
    assert Delivery.objects.get().state == "sent"
    assert later(60) == 0
    assert len(hook.posted) == 1


def test_a_room_that_is_away_holds_up_nobody(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    change_contact(cast.accounting_second, chat_url=hook.url, channels=["chat"], by=cast.admin)
    in_chat(cast, ticket, hook)
    Delivery.objects.update(address="http://127.0.0.1:9/")
    asked(cast, ticket, question="もう一つ")
    assert deliver_due() == 2
    assert [row.state for row in Delivery.objects.order_by("id")] == ["queued", "sent"]
    assert "refused" in Delivery.objects.order_by("id")[0].answer.lower()
    assert Delivery.objects.order_by("id")[0].status is None


def test_nobody_is_asked_in_a_room_what_is_settled_by_now(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook)
    withdraw(consultation, by=cast.sato)
    deliver_due()
    assert not hook.posted
    assert {row.state for row in Delivery.objects.all()} == {"dropped"}


def test_the_room_hears_reminders_replies_and_that_it_is_settled(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook)
    deliver_due()
    ask_back(consultation, body="何月分ですか", by=cast.sato)
    reply(consultation, body="8月分です", by=cast.sato)
    deliver_due()
    consultation.refresh_from_db()
    assert consultation.next_at is not None
    with freeze_time(consultation.next_at):
        advance_due()
        deliver_due()
    next_contact(consultation, by=cast.sato)
    answer(consultation, body="済み", name="岡田", by=cast.sato)
    deliver_due()
    question, replied, reminder, settled = (posted.json["text"] for posted in hook.posted)
    assert "8月分です" in replied
    assert "ご回答をいただいておりません" in reminder
    assert all(LINK.search(text) for text in (question, replied, reminder))
    assert "解決いたしました" in settled
    assert not LINK.search(settled)


def test_a_room_that_was_passed_over_hears_that_it_is_open_after_all(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook)
    deliver_due()
    next_contact(consultation, by=cast.sato)
    answer(consultation, body="岡田さんは休みです", name="岡田", by=cast.sato)
    deliver_due()
    read_as(consultation.remarks.get(kind=Remark.Kind.ANSWER), Remark.Kind.NOTE, by=cast.sato)
    deliver_due()
    question, settled, open_still = (posted.json["text"] for posted in hook.posted)
    assert LINK.search(question)
    assert "解決いたしました" in settled
    assert "誤り" in open_still


def test_a_provider_that_does_not_know_us_is_a_problem_of_the_administrators(
    cast: Cast, ticket: Ticket, hook: Hook, provider: SmsProvider
) -> None:
    in_chat(cast, ticket, hook, "sms")
    hook.status, hook.says = 401, "unknown key"
    deliver_due()
    assert "unknown key" in Problem.objects.get(where="consultations.sms").message
    assert kinds(ticket) == ["asked", "bounced", "moved_on"]


def test_a_provider_may_say_no_with_200(cast: Cast, ticket: Ticket, hook: Hook, settings: LazySettings) -> None:
    settings.SMS = SmsProvider(hook.url, {}, "to={to}&text={text}", '"status":"0"')
    consultation = in_chat(cast, ticket, hook, "sms")
    hook.says = '{"status":"4"}'
    deliver_due()
    assert states(consultation)[0] == ("経理 窓口", "bounced")


@pytest.mark.parametrize(
    ("chat_url", "mobile", "ways"),
    [
        ("https://hooks.slack.com/services/T/B/X", "", ["chat"]),
        ("http://hooks.slack.com/services/T/B/X", "", []),
        ("https://user:secret@hooks.slack.com/x", "", []),
        ("", "090-1234-5678", ["sms"]),
        ("", "03-5000-1234", []),
    ],
)
def test_only_ways_that_lead_somewhere_are_taken(
    cast: Cast, provider: SmsProvider, chat_url: str, mobile: str, ways: list[str]
) -> None:
    contact = change_contact(
        cast.accounting_first, chat_url=chat_url, mobile=mobile, channels=["chat", "sms"], by=cast.admin
    )
    assert [way for way, _address in ways_of(contact)] == ways


def test_without_a_provider_sms_are_passed_over(cast: Cast, ticket: Ticket, hook: Hook) -> None:
    consultation = in_chat(cast, ticket, hook, "sms", "mail")
    assert consultation.approaches.get().channel == "mail"
    assert consultation.state == State.WAITING


def test_what_a_dead_worker_had_claimed_is_posted_by_another_under_the_same_key(
    cast: Cast, ticket: Ticket, hook: Hook, provider: SmsProvider
) -> None:
    in_chat(cast, ticket, hook, "sms")
    now = timezone.now()
    claimed = {"state": "sending", "claimed_by": "dead"}
    Delivery.objects.update(**claimed, claimed_until=now + timedelta(minutes=1))
    assert deliver_due() == 0
    Delivery.objects.update(**claimed, claimed_until=now - timedelta(seconds=1))
    assert deliver_due() == 1
    assert [posted.path for posted in hook.posted] == [f"/send?ref=madoguchi-{Delivery.objects.get().pk}"]
    assert Delivery.objects.get().claimed_by == ""
