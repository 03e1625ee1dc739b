"""What time does to a question: sent when they work, reminded, passed over, given up; by however many workers."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from freezegun import freeze_time

from madoguchi.consultations.actions.hear import answer, need_time
from madoguchi.consultations.models import Consultation, Remark, State
from madoguchi.consultations.sweep import advance_due
from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.notifications.models import Notification
from madoguchi.people.actions import change_contact, note_contact_absence
from madoguchi.people.models import Contact
from madoguchi.problems.models import Problem
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Status
from tests import cast as cast_module
from tests.cast import Cast
from tests.clocks.desk_time import HOUR, at
from tests.consultations.letters import by_mail, leave, sent_to
from tests.consultations.questions import asked, kinds, raised, states

FIRST, SECOND = "keiri@example.jp", "okada@example.jp"


def at_time(moment: datetime) -> int:
    with freeze_time(moment):
        return advance_due()


def question(cast: Cast, moment: datetime, *, hours: float = 2, urgent: bool = False) -> Consultation:
    cast.accounting.answer_within_s = int(hours * HOUR)
    cast.accounting.save()
    with freeze_time(moment):
        return asked(cast, raised(cast), urgent=urgent)


def test_asked_at_night_it_is_sent_in_the_morning_and_due_in_working_hours(cast: Cast) -> None:
    consultation = question(cast, at(1, 23))
    assert states(consultation) == [("経理 窓口", "planned")]
    assert not OutgoingMail.objects.exists()
    assert consultation.due_at == at(2, 11)
    assert at_time(at(2, 8, 59)) == 0
    assert at_time(at(2, 9)) == 1
    assert sent_to(FIRST).subject.startswith("[照会")
    assert consultation.approaches.get().deadline_at == at(2, 11)
    assert kinds(consultation.ticket) == ["asked", "sent"]


def test_silence_is_reminded_of_once_then_the_next_is_asked_and_at_last_the_manager(cast: Cast) -> None:
    boss = Contact.objects.create(department=cast.accounting, name="部長", email="bucho@example.jp")
    cast.accounting.manager = boss
    cast.accounting.save()
    consultation = question(cast, at(1, 9))
    ticket = consultation.ticket
    moments = []
    for _ in range(7):
        consultation.refresh_from_db()
        assert consultation.next_at is not None
        moments.append(consultation.next_at)
        assert at_time(consultation.next_at) == 1
    assert moments == [at(1, 11), at(1, 12), at(1, 13), at(1, 15), at(1, 16), at(1, 18), at(2, 10)]
    consultation.refresh_from_db()
    ticket.refresh_from_db()
    assert states(consultation) == [("経理 窓口", "silent"), ("岡田 部長", "silent"), ("部長", "silent")]
    assert (consultation.state, consultation.next_at, ticket.status) == (State.EXHAUSTED, None, Status.OPEN)
    step = ["reminded", "silent", "moved_on"]
    assert kinds(ticket) == ["asked", *step, "sent", *step, "reminded", "silent", "exhausted"]
    assert OutgoingMail.objects.count() == 6
    told = Notification.objects.filter(kind="consultation.exhausted").values_list("staff__email", flat=True)
    assert set(told) == {"sato@example.jp", "hayashi@example.jp"}


def test_after_everybody_was_asked_in_vain_an_answer_still_counts(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    for _ in range(5):
        consultation.refresh_from_db()
        at_time(consultation.next_at or at(1))
    consultation.refresh_from_db()
    assert consultation.state == State.EXHAUSTED
    leave()
    with freeze_time(at(5, 9)):
        by_mail(sent_to(FIRST), "発行済みです")
    consultation.refresh_from_db()
    assert (consultation.state, consultation.to_review) == (State.ANSWERED, False)
    assert "解決いたしました" in sent_to(SECOND).body


def test_a_contact_who_needs_time_is_reminded_when_it_is_over(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    with freeze_time(at(1, 10)):
        need_time(consultation, until=at(3, 12), by=cast.sato)
    consultation.refresh_from_db()
    # The 3rd is a Saturday.
    assert consultation.next_at == consultation.due_at == at(5, 9)
    assert at_time(at(5, 9)) == 1
    assert "ご回答をいただいておりません" in sent_to(FIRST).body
    consultation.refresh_from_db()
    assert (consultation.state, consultation.next_at) == (State.NEEDS_TIME, at(5, 10))
    assert at_time(at(5, 10)) == 1
    assert states(consultation) == [("経理 窓口", "silent"), ("岡田 部長", "asked")]


def test_after_a_stop_nobody_is_passed_over_unreminded(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    assert at_time(at(8, 10)) == 1
    assert at_time(at(8, 10)) == 0
    assert states(consultation) == [("経理 窓口", "asked")]
    assert kinds(consultation.ticket) == ["asked", "reminded"]


def test_whoever_went_away_before_it_was_sent_is_passed_over(cast: Cast) -> None:
    consultation = question(cast, at(1, 23))
    with freeze_time(at(2, 8)):
        note_contact_absence(cast.accounting_first, starts_at=at(2, 8), by=cast.admin)
    assert at_time(at(2, 9)) == 1
    assert states(consultation) == [("経理 窓口", "away"), ("岡田 部長", "asked")]
    assert not OutgoingMail.objects.filter(to=[FIRST]).exists()


def test_a_contact_by_phone_is_a_call_for_whoever_asked(cast: Cast) -> None:
    change_contact(cast.accounting_first, channels=["phone"], by=cast.admin)
    consultation = question(cast, at(1, 9))
    assert not OutgoingMail.objects.exists()
    told = Notification.objects.get(kind="consultation.to_call")
    assert told.staff == cast.sato
    assert "経理 窓口" in told.words
    assert "+81350002000" in told.words
    with freeze_time(at(1, 10)):
        answer(consultation, body="電話で: 発行済み", by=cast.sato)
    assert states(consultation) == [("経理 窓口", "answered")]


def test_nobody_is_chased_for_a_solved_ticket_until_it_comes_back(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    with freeze_time(at(1, 10)):
        resolve(consultation.ticket, resolution="届いていました", by=cast.sato)
    assert at_time(at(1, 11)) == 1
    assert at_time(at(2, 11)) == 0
    assert OutgoingMail.objects.count() == 1
    with freeze_time(at(2, 12)):
        reopen(consultation.ticket, by=cast.sato)
        assert advance_due() == 1
    assert kinds(consultation.ticket) == ["asked", "reminded"]


def test_a_question_that_rested_goes_on_with_the_ticket_it_was_merged_into(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    with freeze_time(at(1, 10)):
        resolve(consultation.ticket, resolution="届いていました", by=cast.sato)
        other = raised(cast)
    at_time(at(1, 11))
    with freeze_time(at(1, 12)):
        merge(consultation.ticket, into=other, by=cast.sato)
    consultation.refresh_from_db()
    assert consultation.next_at is not None
    assert at_time(at(1, 13)) == 1
    assert kinds(other) == ["moved", "reminded"]


def test_nobody_is_reminded_of_a_mail_that_has_not_left(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    OutgoingMail.objects.update(attempts=3)
    at_time(at(1, 11))
    assert kinds(consultation.ticket) == ["asked"]
    assert consultation.approaches.get().deadline_at == at(1, 14)  # two hours more, lunch between
    OutgoingMail.objects.update(state="sent", sent_at=at(1, 12))
    at_time(at(1, 14))
    assert kinds(consultation.ticket) == ["asked", "reminded"]


def test_an_answer_to_a_solved_tickets_question_is_kept_and_to_be_looked_at(cast: Cast) -> None:
    consultation = question(cast, at(1, 9))
    with freeze_time(at(1, 10)):
        resolve(consultation.ticket, resolution="届いていました", by=cast.sato)
    with freeze_time(at(1, 11)):
        by_mail(sent_to(FIRST), "発行済みです")
    consultation.refresh_from_db()
    consultation.ticket.refresh_from_db()
    assert (consultation.state, consultation.to_review) == (State.ANSWERED, True)
    assert consultation.ticket.status == Status.RESOLVED


def test_a_question_that_cannot_go_on_does_not_keep_the_others(cast: Cast) -> None:
    broken, sound = question(cast, at(1, 9)), question(cast, at(1, 9, 1))
    broken.approaches.update(address="no address")
    Contact.objects.filter(approaches__consultation=broken).update(channels=["phone"], phone="0350002000")
    assert at_time(at(1, 11, 30)) == 2
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert kinds(sound.ticket) == ["asked", "reminded"]
    assert broken.next_at == at(1, 12, 30)
    assert Problem.objects.filter(where="worker.consultations").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_each_step_once(engine: str) -> None:
    cast = cast_module.enter()
    for _ in range(4):
        question(cast, at(1, 9), urgent=True)
    with freeze_time(at(1, 11)):
        barrier = threading.Barrier(3)

        def work() -> None:
            barrier.wait()
            advance_due()
            connections.close_all()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if connection.vendor == "postgresql":
            advance_due()  # what somebody held while the others passed by
    assert Remark.objects.filter(kind=Remark.Kind.REMINDER).count() == 4
    assert Entry.objects.filter(kind="consultation.reminded").count() == 4
    assert not Consultation.objects.filter(next_at__lte=at(1, 11)).exists()
    assert timedelta(0) < min(row.next_at - at(1, 11) for row in Consultation.objects.all() if row.next_at)
