"""A department is asked, and what it says: through the acts, with mails that come and go as they do in life."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.consultations.actions.hear import answer, ask_back, decline, need_time
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import read_as
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.links import approach_of, token_of
from madoguchi.consultations.models import Approach, Consultation, Remark, State
from madoguchi.consultations.queries import consultations_of
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.notifications.models import Notification
from madoguchi.people.access import access_of
from madoguchi.people.actions import add_contact, add_department, change_contact, note_contact_absence
from madoguchi.people.cover import Absence
from madoguchi.people.models import Contact
from madoguchi.tickets.models import Status, Ticket, WaitingFor
from tests.cast import Cast
from tests.consultations.letters import by_mail, leave, sent_to
from tests.consultations.questions import asked, kinds, states


def test_the_first_of_the_chain_gets_a_mail_with_a_thread_and_a_link_of_its_own(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    (mail,) = OutgoingMail.objects.all()
    approach = consultation.approaches.get()
    assert (mail.to, mail.subject) == (
        ["keiri@example.jp"],
        f"[照会 {ticket.number_shown}-{consultation.pk}] 8月分の請求書は発行済みですか",
    )
    assert approach.thread is not None
    assert approach.thread.token in mail.reply_to
    assert "8月分の請求書は発行済みですか" in mail.body
    assert f"/answer/{token_of(approach)}/" in mail.body
    assert "佐藤" in mail.body
    assert not {"山田", "みなと商事", "請求書が届かない", "hanako"} & set(mail.body.split())
    assert all(word not in mail.body for word in ("山田", "みなと商事", "hanako.yamada"))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_for) == (Status.WAITING, WaitingFor.DEPARTMENT)
    assert consultation.due_at == consultation.asked_at + timedelta(seconds=cast.accounting.answer_within_s)


def test_who_stands_in_for_whoever_asked_hears_of_the_answer(cast: Cast, ticket: Ticket) -> None:
    asked(cast, ticket)
    Absence.objects.create(staff=cast.sato, substitute=cast.admin, starts_at=timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(assignee=None)
    by_mail(sent_to("keiri@example.jp"), "発行済みです。", sender="別の人 <betsu@example.jp>")
    told = Notification.objects.filter(kind="consultation.answered").values_list("staff", flat=True)
    assert list(told) == [cast.admin.pk]


def test_a_reply_by_mail_is_the_answer_and_the_ticket_goes_on(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    messages = ticket.messages.count()
    incoming = by_mail(sent_to("keiri@example.jp"), "発行済みです。", sender="別の人 <betsu@example.jp>")
    consultation.refresh_from_db()
    ticket.refresh_from_db()
    assert (incoming.state, incoming.error) == ("taken", "")
    assert consultation.answer is not None
    assert (consultation.state, consultation.answer.body) == (State.ANSWERED, "発行済みです。")
    assert consultation.answer.author_name == "別の人"
    assert consultation.next_at is None
    assert ticket.status == Status.OPEN
    assert ticket.messages.count() == messages
    assert Ticket.objects.count() == 1
    assert kinds(ticket) == ["asked", "answered"]


def test_a_requesters_mail_is_never_taken_for_an_answer(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    by_mail(None, "まだですか", sender="山田 花子 <hanako.yamada@minato.example>", subject="Re: [照会] 請求書")
    consultation.refresh_from_db()
    assert consultation.state == State.WAITING


def test_not_me_goes_on_to_the_next_and_the_last_one_ends_it(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    decline(consultation, note="担当外です", by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.state == State.WAITING
    assert states(consultation) == [("経理 窓口", "declined"), ("岡田 部長", "asked")]
    decline(consultation, by=cast.sato)
    consultation.refresh_from_db()
    ticket.refresh_from_db()
    assert (consultation.state, consultation.next_at) == (State.DECLINED, None)
    assert ticket.status == Status.OPEN
    assert kinds(ticket) == ["asked", "declined", "moved_on", "declined"]


def test_whoever_is_named_is_asked_next_and_entered_in_the_directory(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    decline(consultation, named=Named(name="松本 恵", email="matsumoto@example.jp"), by=cast.sato)
    matsumoto = Contact.objects.get(email="matsumoto@example.jp")
    assert (matsumoto.is_confirmed, matsumoto.position) == (False, None)
    assert states(consultation) == [("経理 窓口", "declined"), ("松本 恵", "asked")]


def test_a_question_does_not_follow_to_a_strangers_domain(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    decline(consultation, named=Named(name="だれか", email="someone@elsewhere.example"), by=cast.sato)
    assert states(consultation)[-1] == ("岡田 部長", "asked")
    assert not OutgoingMail.objects.filter(to=["someone@elsewhere.example"]).exists()
    stranger = Contact.objects.get(email="someone@elsewhere.example")
    assert stranger.is_confirmed is False
    for again in (Named(name="だれか"), Named(email="someone@elsewhere.example"), Named(contact=stranger)):
        other = asked(cast, ticket, question=f"もう一つ {again!r}")
        decline(other, named=again, by=cast.sato)
        assert states(other)[-1] == ("岡田 部長", "asked")


def test_a_question_to_a_department_of_ours_never_goes_to_another_company(cast: Cast, ticket: Ticket) -> None:
    partner = add_department(name="ひびき 倉庫", key="hibiki-warehouse", is_partner=True, by=cast.admin)
    theirs = add_contact(partner, name="倉庫 係", email="soko@hibiki.example", by=cast.admin)
    consultation = asked(cast, ticket)
    decline(consultation, named=Named(email="soko@hibiki.example"), by=cast.sato)
    assert states(consultation)[-1] == ("岡田 部長", "asked")
    change_contact(cast.accounting_second, deputy=theirs, by=cast.admin)
    now = timezone.now()
    note_contact_absence(cast.accounting_second, starts_at=now - timedelta(hours=1), by=cast.admin)
    other = asked(cast, ticket, question="もう一つ")
    decline(other, by=cast.sato)
    assert not OutgoingMail.objects.filter(to=["soko@hibiki.example"]).exists()


def test_a_need_for_time_moves_the_deadline(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    until = timezone.now() + timedelta(days=2)
    need_time(consultation, until=until, by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.state == State.NEEDS_TIME
    assert abs(consultation.due_at - until) < timedelta(seconds=1)
    assert consultation.next_at == consultation.approaches.get().deadline_at


def test_a_question_back_stops_the_time_until_the_desk_replies(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    ask_back(consultation, body="何月分ですか", by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.state, consultation.next_at) == (State.ASKED_BACK, None)
    reply(consultation, body="8月分です", by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.state == State.WAITING
    assert consultation.next_at is not None
    mail = sent_to("keiri@example.jp")
    assert "8月分です" in mail.body
    assert mail.in_reply_to


def test_the_desk_goes_on_and_a_late_answer_of_the_first_still_counts(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    first = sent_to("keiri@example.jp")
    next_contact(consultation, by=cast.sato)
    assert states(consultation) == [("経理 窓口", "silent"), ("岡田 部長", "asked")]
    leave()
    by_mail(first, "遅くなりました。発行済みです")
    consultation.refresh_from_db()
    assert consultation.state == State.ANSWERED
    assert states(consultation) == [("経理 窓口", "answered"), ("岡田 部長", "settled")]
    settled = sent_to("okada@example.jp")
    assert settled.is_automatic
    assert "発行済み" not in settled.body.replace("8月分の請求書は発行済みですか", "")
    with pytest.raises(Refused):
        next_contact(consultation, by=cast.sato)


def test_a_second_answer_is_kept_for_review(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    answer(consultation, body="はい", by=cast.sato)
    by_mail(sent_to("keiri@example.jp"), "訂正です。いいえ")
    consultation.refresh_from_db()
    assert consultation.answer is not None
    assert (consultation.answer.body, consultation.to_review) == ("はい", True)
    assert consultation.remarks.get(body="訂正です。いいえ").late
    assert kinds(ticket) == ["asked", "answered", "late_answer"]


def test_withdrawing_tells_who_was_asked_and_keeps_what_still_comes(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    question = sent_to("keiri@example.jp")
    leave()
    withdraw(consultation, note="解決しました", by=cast.sato)
    assert "取り下げ" in sent_to("keiri@example.jp").body
    by_mail(question, "発行済みです")
    consultation.refresh_from_db()
    assert (consultation.state, consultation.answer, consultation.to_review) == (State.WITHDRAWN, None, True)
    with pytest.raises(Refused):
        withdraw(consultation, by=cast.sato)


def test_what_is_settled_before_it_left_leaves_no_more(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    question = sent_to("keiri@example.jp")
    withdraw(consultation, by=cast.sato)
    question.refresh_from_db()
    assert question.state == "dropped"
    assert sent_to("keiri@example.jp") == question
    assert [remark.kind for remark in consultation.remarks.all()] == ["question"]
    assert Entry.objects.filter(kind="mail.taken_back").count() == 1


def test_who_has_said_it_is_not_asked_for_it_any_more(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    answer(consultation, body="発行済みです", by=cast.sato)
    assert sent_to("keiri@example.jp").state == "dropped"


def test_who_was_never_reached_gets_the_question_as_if_nothing_had_been(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    next_contact(consultation, by=cast.sato)
    answer(consultation, body="岡田さんから聞きました", by=cast.sato)
    dropped = sent_to("keiri@example.jp")
    read_as(consultation.remarks.get(kind=Remark.Kind.ANSWER), Remark.Kind.NOTE, by=cast.sato)
    mail = sent_to("keiri@example.jp")
    assert (mail == dropped, dropped.state) == (False, "dropped")
    assert (mail.subject[:2], mail.in_reply_to, "誤りでした" in mail.body) == ("[照", "", False)


def test_a_ticket_goes_on_only_when_its_last_question_is_settled(cast: Cast, ticket: Ticket) -> None:
    one, two = asked(cast, ticket), asked(cast, ticket, question="振込先は?")
    answer(one, body="はい", by=cast.sato)
    ticket.refresh_from_db()
    assert ticket.status == Status.WAITING
    answer(two, body="みなと銀行", by=cast.sato)
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert [row.pk for row in consultations_of(ticket, access_of(cast.hayashi))] == [two.pk, one.pk]


@pytest.mark.parametrize("more", [{"question": " "}, {"due_at": timezone.now() - timedelta(days=1)}])
def test_nothing_is_asked_without_question_or_into_the_past(cast: Cast, ticket: Ticket, more: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        asked(cast, ticket, **more)
    assert not Consultation.objects.exists()


def test_a_department_without_anybody_to_ask_is_refused(cast: Cast, ticket: Ticket) -> None:
    Contact.objects.update(is_active=False)
    with pytest.raises(Refused) as refused:
        asked(cast, ticket)
    assert (refused.value.code, refused.value.status) == ("nobody", 409)


def test_a_partner_sees_only_what_their_own_team_asked(cast: Cast, ticket: Ticket) -> None:
    ticket.front_team = cast.partner
    ticket.save()
    own, other = asked(cast, ticket, by=cast.ogawa), asked(cast, ticket)
    assert own.team == cast.partner
    assert consultations_of(ticket, access_of(cast.ogawa)) == [own]
    assert set(consultations_of(ticket, access_of(cast.watanabe))) == {own, other}
    assert consultations_of(ticket, access_of(cast.outsider)) == []


def test_a_link_says_whose_it_is_and_holds_until_two_weeks_after_the_end(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    approach = consultation.approaches.get()
    token = token_of(approach)
    assert approach_of(token) == approach
    assert approach_of(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert approach_of(token.replace(f"{approach.pk}-", f"{approach.pk + 1}-")) is None
    answer(consultation, body="はい", by=cast.sato)
    assert approach_of(token) == approach
    Consultation.objects.update(ended_at=timezone.now() - timedelta(days=15))
    assert approach_of(token) is None


def test_a_link_holds_as_long_as_its_answer_is_waited_for(cast: Cast, ticket: Ticket) -> None:
    approach = asked(cast, ticket).approaches.get()
    token = token_of(approach)
    asked_at = timezone.now() - timedelta(days=100)
    Approach.objects.update(send_at=asked_at, asked_at=asked_at, deadline_at=None)
    assert approach_of(token) is None
    Approach.objects.update(deadline_at=timezone.now() - timedelta(days=2), reminded_at=timezone.now())
    assert approach_of(token) == approach
