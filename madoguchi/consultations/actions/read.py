"""The desk reads what was said: as something else than it was taken for, or as settled."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hold import (
    approach_in,
    besides,
    go_on_after,
    hold,
    require_ahead,
    short,
    told,
    write,
)
from madoguchi.consultations.actions.name import Named, find_named
from madoguchi.consultations.course import Course
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.models import Staff

Kind = Remark.Kind
SAID = (Kind.ANSWER, Kind.DECLINE, Kind.NEEDS_TIME, Kind.ASK_BACK, Kind.NOTE)


@transaction.atomic
def read_as(
    remark: Remark, kind: str, *, named: Named | None = None, until: datetime | None = None, by: Staff
) -> Remark:
    """What was said was no answer but "not me" (naming somebody), a need for time ``until``, a question back or a
    note, or an answer after all; the question goes on, or ends, as if it had been taken so.

    Where it was the answer, the next one that came counts; without one, whoever was told that it is settled is asked
    again.
    """
    if kind not in SAID or (remark.kind not in SAID and remark.kind != Kind.MACHINE):
        raise Refused(_("Choose what it says."), code="kind", field="kind")
    if kind == Kind.NEEDS_TIME:
        require_ahead(until, field="until")
    person = find_named(named, remark.consultation.department, by=by) if named and kind == Kind.DECLINE else None
    course = hold(remark.consultation, also=[person.pk] if person else [])
    consultation = course.consultation
    remark = consultation.remarks.get(pk=remark.pk)
    before = remark.kind
    if before == kind:
        return remark
    who = approach_in(course, remark.approach)
    if consultation.answer_id == remark.pk:
        others = consultation.remarks.filter(kind=Kind.ANSWER).exclude(pk=remark.pk)
        consultation.take_as_answer(others.order_by("id").first())
        if consultation.answer is None:
            course.unanswered(who)
    elif before in {Kind.NEEDS_TIME, Kind.ASK_BACK} and who is not None and who.is_live:
        course.given_time(who)
    remark.kind = kind
    remark.late = not _take(course, remark, who, person.pk if person else None, until)
    remark.save(update_fields=["kind", "late"])
    if remark.kind == Kind.ANSWER and not remark.late:
        consultation.take_as_answer(remark)
    consultation.to_review = False
    write(course, by=by)
    record(
        "consultation.reread",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(
            consultation,
            who,
            remark=remark.pk,
            text=short(remark.body),
            read={"from": before, "to": kind},
            named=str(named) if named else None,
            ended=course.outcome is not None,
            reopened=course.reopened,
        ),
    )
    go_on_after(course)
    return remark


def _take(course: Course, remark: Remark, who: Approach | None, named: int | None, until: datetime | None) -> bool:
    """What the remark means now; whether it still matters."""
    spoke = who or course.current or course.approaches[-1]
    match remark.kind:
        case Kind.ANSWER:
            return course.answered(who)
        case Kind.DECLINE:
            return course.declined(who, named)
        case Kind.NEEDS_TIME if until is not None:
            return course.needs_time(spoke, until)
        case Kind.ASK_BACK:
            return course.asked_back(spoke)
    return not course.is_settled


@transaction.atomic
def review(consultation: Consultation, *, by: Staff) -> Consultation:
    """Somebody has looked at what came after the question was settled."""
    course = hold(consultation)
    consultation = course.consultation
    if consultation.to_review:
        consultation.to_review = False
        write(course, by=by)
        record(
            "consultation.reviewed", by=by, about=[consultation.ticket, *besides(consultation)], data=told(consultation)
        )
    return consultation


@transaction.atomic
def note(consultation: Consultation, *, body: str, by: Staff) -> Remark:
    """Something the desk wants to remember about a question: called, nobody there."""
    text = body.strip()
    if not text:
        raise Refused(_("Write a text first."), code="empty", field="body")
    course = hold(consultation)
    consultation = course.consultation
    remark = Remark.objects.create(
        consultation=consultation,
        approach=course.current,
        kind=Kind.NOTE,
        author_name=by.name,
        staff=by,
        body=text,
        at=course.now,
    )
    record(
        "consultation.noted",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(consultation, course.current, remark=remark.pk, text=short(text)),
    )
    return remark
