"""The desk reads what was said: as something else, as looked at, into a reply; and questions follow their ticket."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Kind as ClockKind
from madoguchi.clocks.queries import clocks_of
from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import note, read_as, review
from madoguchi.consultations.actions.steer import next_contact
from madoguchi.consultations.actions.use import use_answers
from madoguchi.consultations.models import Consultation, Remark, State
from madoguchi.foundation.refusal import Refused
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.access import access_of
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Message, Status, Ticket, WaitingFor
from madoguchi.tickets.timeline import timeline
from tests.cast import Cast
from tests.consultations.letters import by_mail, leave, sent_to
from tests.consultations.questions import asked, kinds, raised, states

FIRST, SECOND = "keiri@example.jp", "okada@example.jp"
Kind = Remark.Kind


def answered(cast: Cast, ticket: Ticket, words: str = "担当ではありません") -> tuple[Consultation, Remark]:
    consultation = asked(cast, ticket)
    by_mail(sent_to(FIRST), words)
    consultation.refresh_from_db()
    assert consultation.answer is not None
    return consultation, consultation.answer


def test_an_answer_that_was_none_goes_on_to_whoever_it_names(cast: Cast, ticket: Ticket) -> None:
    consultation, remark = answered(cast, ticket, "担当ではありません。松本さんへお願いします")
    read_as(remark, Kind.DECLINE, named=Named(name="松本 恵", email="matsumoto@example.jp"), by=cast.sato)
    consultation.refresh_from_db()
    ticket.refresh_from_db()
    assert (consultation.state, consultation.answer, consultation.ended_at) == (State.WAITING, None, None)
    assert states(consultation) == [("経理 窓口", "declined"), ("松本 恵", "asked")]
    assert (ticket.status, ticket.waiting_for) == (Status.WAITING, WaitingFor.DEPARTMENT)
    assert kinds(ticket) == ["asked", "answered", "reread", "moved_on"]


def test_a_question_that_was_taken_back_unsent_is_asked_once_when_the_answer_was_none(
    cast: Cast, ticket: Ticket
) -> None:
    consultation = asked(cast, ticket)
    answer(consultation, body="済み", name="だれか", by=cast.sato)
    read_as(consultation.remarks.get(kind=Kind.ANSWER), Kind.DECLINE, by=cast.sato)
    mails = OutgoingMail.objects.filter(thread__approach__consultation=consultation).order_by("id")
    assert list(mails.values_list("state", flat=True)) == ["dropped", "queued"]


def test_whoever_was_told_that_it_is_settled_is_asked_again(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    question = sent_to(FIRST)
    next_contact(consultation, by=cast.sato)
    leave()
    by_mail(question, "岡田さんに聞いてください")
    assert states(consultation)[-1] == ("岡田 部長", "settled")
    read_as(consultation.remarks.get(kind=Kind.ANSWER), Kind.DECLINE, by=cast.sato)
    assert states(consultation) == [("経理 窓口", "declined"), ("岡田 部長", "asked")]
    assert "誤りでした" in sent_to(SECOND).body
    assert OutgoingMail.objects.filter(to=[SECOND]).count() == 3


def test_a_wrong_answer_leaves_the_next_one_that_came(cast: Cast, ticket: Ticket) -> None:
    consultation, remark = answered(cast, ticket, "受け取りました")
    by_mail(sent_to(FIRST), "発行済みです")
    read_as(remark, Kind.NOTE, by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.answer is not None
    assert (consultation.state, consultation.answer.body) == (State.ANSWERED, "発行済みです")


def test_an_acknowledgement_read_as_a_note_leaves_the_writer_asked(cast: Cast, ticket: Ticket) -> None:
    consultation, remark = answered(cast, ticket, "受け取りました。確認します")
    read_as(remark, Kind.NOTE, by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.state, states(consultation)) == (State.WAITING, [("経理 窓口", "asked")])
    assert consultation.next_at is not None


def test_an_answer_can_be_a_need_for_time_or_a_question_back(cast: Cast, ticket: Ticket) -> None:
    consultation, remark = answered(cast, ticket, "金曜までお待ちください")
    with pytest.raises(Refused):
        read_as(remark, Kind.NEEDS_TIME, by=cast.sato)
    until = timezone.now() + timedelta(days=1)
    read_as(remark, Kind.NEEDS_TIME, until=until, by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.state, consultation.next_at) == (State.NEEDS_TIME, consultation.due_at)
    read_as(remark, Kind.ASK_BACK, by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.state, consultation.next_at) == (State.ASKED_BACK, None)
    read_as(remark, Kind.ANSWER, by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.state, consultation.answer) == (State.ANSWERED, remark)


def test_what_came_late_is_looked_at_once(cast: Cast, ticket: Ticket) -> None:
    consultation, _ = answered(cast, ticket, "はい")
    by_mail(sent_to(FIRST), "追記です")
    review(consultation, by=cast.sato)
    review(consultation, by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.to_review is False
    assert kinds(ticket) == ["asked", "answered", "late_answer", "reviewed"]


def test_the_answer_goes_into_a_reply_that_remembers_it(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    said = answer(consultation, body="発行済み", by=cast.sato)
    message = use_answers(ticket, [said], body="発行済みとのことです。", by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.used_in, message.delivery) == (message, Message.Delivery.MAIL)
    assert "経理" not in sent_to("hanako.yamada@minato.example").body


@pytest.mark.parametrize("opened", [False, True])
def test_the_true_answer_waits_for_the_desk_though_the_requester_was_told_another(
    cast: Cast, ticket: Ticket, opened: bool
) -> None:
    consultation = asked(cast, ticket)
    first = answer(consultation, body="確認します", by=cast.sato)
    use_answers(ticket, [first], body="確認しております", by=cast.sato)
    if opened:
        read_as(first, Kind.NOTE, by=cast.sato)
        true = answer(consultation, body="発行済み", by=cast.sato)
    else:
        true = answer(consultation, body="発行済み", by=cast.sato)
        read_as(first, Kind.NOTE, by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.answer, consultation.used_in, consultation.needs) == (true, None, "use")
    assert consultation in Consultation.objects.needing_somebody()


def test_a_reply_takes_nothing_off_the_list_that_came_while_it_was_written(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    said = answer(consultation, body="発行済み", by=cast.sato)
    late = answer(consultation, body="訂正します。未発行です", by=cast.sato)
    use_answers(ticket, [said], body="発行済みとのことです。", by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.used_at is not None, consultation.needs) == (True, "review")
    read_as(said, Kind.NOTE, by=cast.sato)
    with pytest.raises(Refused, match="別の回答") as refusal:
        use_answers(ticket, [said], body="発行済みとのことです。", by=cast.sato)
    assert refusal.value.status == 409
    use_answers(ticket, [late], body="未発行とのことです。", by=cast.sato)


def test_a_reply_to_what_came_after_the_ticket_was_solved_is_a_look_at_it(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    resolve(ticket, resolution="済", no_article_reason="one_off", by=cast.sato)
    said = answer(consultation, body="発行済み", by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.needs == "review"
    use_answers(ticket, [said], body="発行済みとのことです。", by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.needs == ""


def test_a_note_changes_nothing_else(cast: Cast, ticket: Ticket) -> None:
    consultation = asked(cast, ticket)
    note(consultation, body="電話したが不在", by=cast.sato)
    assert states(consultation) == [("経理 窓口", "asked")]
    assert kinds(ticket) == ["asked", "noted"]


def test_questions_go_with_a_merged_ticket(cast: Cast, ticket: Ticket) -> None:
    with_clock(cast)
    other = raised(cast, subject="同じ件")
    consultation = asked(cast, ticket)
    merged = merge(ticket, into=other, by=cast.sato)
    assert (merged.status, merged.waiting_for) == (Status.WAITING, WaitingFor.DEPARTMENT)
    by_mail(sent_to(FIRST), "発行済みです")
    consultation.refresh_from_db()
    assert (consultation.ticket, consultation.state) == (other, State.ANSWERED)
    assert kinds(other) == ["moved", "answered"]
    old, new = (clocks_of(row).all for row in (ticket, other))
    assert [reading.ended_at is not None for reading in (*old, *new) if reading.kind == "answer"] == [True, True]


def test_the_clock_of_an_answer_ends_with_it_and_begins_again_when_it_was_none(cast: Cast, ticket: Ticket) -> None:
    with_clock(cast)
    consultation = asked(cast, ticket)
    decline(consultation, by=cast.sato)
    assert clock(ticket) == (False, consultation.due_at)
    decline(consultation, by=cast.sato)
    assert clock(ticket)[0]
    by_mail(sent_to(FIRST), "担当ではありません")
    remark = consultation.remarks.get(kind=Kind.ANSWER)
    read_as(remark, Kind.NOTE, by=cast.sato)
    consultation.refresh_from_db()
    assert clock(ticket) == (False, consultation.due_at)


def with_clock(cast: Cast) -> None:
    promise(Promise(ClockKind.ANSWER, "部署の回答", 4 * 3600), by=cast.admin)


def clock(ticket: Ticket) -> tuple[bool, object]:
    reading = next(reading for reading in clocks_of(ticket).all if reading.kind == "answer")
    return reading.ended_at is not None, reading.promised_at


def test_a_partners_timeline_has_only_the_questions_of_their_own_team(cast: Cast, ticket: Ticket) -> None:
    ticket.front_team = cast.partner
    ticket.save()
    asked(cast, ticket, question="こちらの内部の質問")
    asked(cast, ticket, question="ひびきの質問", by=cast.ogawa)
    seen = [item for item in timeline(ticket, access_of(cast.ogawa)) if item.kind.startswith("consultation.")]
    assert [item.data["question"] for item in seen] == ["ひびきの質問"]
    everything = [item for item in timeline(ticket, access_of(cast.sato)) if item.kind.startswith("consultation.")]
    assert len(everything) == 2
