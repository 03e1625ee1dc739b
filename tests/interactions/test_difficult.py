"""Difficult calls: marked, with the required steps; the supervisor is called quietly; it is known the next time."""

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.difficult import (
    answer_alarm,
    mark,
    note_listening,
    raise_alarm,
    set_required_steps,
    steps_for,
    take_step,
    withdraw,
)
from madoguchi.interactions.models import Difficulty
from madoguchi.journal.models import Entry
from madoguchi.notifications.models import Notification
from tests.cast import Cast
from tests.web.workbench.calls import answers, happen, rings

pytestmark = pytest.mark.django_db


def test_harassment_brings_the_guideline_s_steps_and_keeps_who_took_them(cast: Cast) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    marked = mark(contact, kind="harassment", by=cast.sato)
    assert mark(contact, kind="harassment", by=cast.sato).pk == marked.pk
    assert [step["name"] for step in marked.steps] == ["複数名で対応する", "記録する", "警告する", "通話を終える"]
    marked = take_step(marked, 2, by=cast.sato)
    assert [bool(step["at"]) for step in marked.steps] == [False, False, True, False]
    assert marked.steps[2]["by"] == cast.sato.name
    assert take_step(marked, 2, done=False, by=cast.sato).steps[2]["at"] is None
    with pytest.raises(Refused):
        take_step(marked, 4, by=cast.sato)
    assert Entry.objects.filter(kind="call.marked_difficult").count() == 1


def test_the_company_s_own_steps_count_from_then_on(cast: Cast) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    before = mark(contact, kind="complaint", by=cast.sato)
    set_required_steps("complaint", [("お詫びする", "Apologise"), (" ", ""), ("復唱する", "")], by=cast.admin)
    assert steps_for("complaint") == [("お詫びする", "Apologise"), ("復唱する", "")]
    before.refresh_from_db()
    assert before.steps[0]["name"] == "事実を記録する"
    set_required_steps("complaint", [], by=cast.admin)
    assert steps_for("complaint")[0][0] == "事実を記録する"
    for kind, steps in (("help", [("x", "")]), ("complaint", [("あ" * 101, "")]), ("complaint", [("あ", "")] * 13)):
        with pytest.raises(Refused):
            set_required_steps(kind, steps, by=cast.admin)


def test_the_quiet_alarm_tells_who_leads_once_until_it_is_answered(cast: Cast) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    alarm = raise_alarm(contact, by=cast.sato)
    raise_alarm(contact, by=cast.sato)
    told = Notification.objects.filter(kind="call.alarm_raised")
    assert [row.staff for row in told] == [cast.hayashi]
    assert alarm.kind == "help"
    assert list(Difficulty.objects.alarms()) == [alarm]
    answered = answer_alarm(alarm, by=cast.hayashi)
    assert (answered.answered_by, list(Difficulty.objects.alarms())) == (cast.hayashi, [])
    raise_alarm(contact, by=cast.sato)
    assert told.all().count() == 2


def test_an_alarm_of_a_marked_call_is_of_that_and_a_note_answers_it(cast: Cast) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    marked = mark(contact, kind="harassment", by=cast.sato)
    assert raise_alarm(contact, by=cast.sato).pk == marked.pk
    with pytest.raises(Refused):
        note_listening(marked, text=" ", by=cast.hayashi)
    note_listening(marked, text="大声。警告済み", by=cast.hayashi)
    assert not Difficulty.objects.alarms().exists()
    assert [note.text for note in marked.notes.all()] == ["大声。警告済み"]


def test_what_is_withdrawn_stands_no_longer_and_may_stand_again(cast: Cast) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    marked = raise_alarm(contact, by=cast.sato)
    withdraw(marked, by=cast.sato)
    assert not Difficulty.objects.standing().exists()
    assert not Difficulty.objects.alarms().exists()
    mark(contact, kind="help", by=cast.sato)
    assert Difficulty.objects.standing().count() == 1
