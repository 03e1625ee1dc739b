"""What the department says to a question: an answer, “not me”, a need for time, a question back."""

from collections.abc import Sequence
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
from madoguchi.consultations.actions.telling import ANSWERED, ANSWERED_LATE, ASKED_BACK, NEEDS_TIME, tell
from madoguchi.consultations.course import Course
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.files.models import Attachment
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.mail.models import IncomingMail
from madoguchi.people.models import Staff

Kind = Remark.Kind


@transaction.atomic
def answer(
    consultation: Consultation,
    *,
    body: str,
    approach: Approach | None = None,
    name: str = "",
    quoted: str = "",
    incoming: IncomingMail | None = None,
    attachments: Sequence[Attachment] = (),
    by: Actor,
) -> Remark:
    """The department answers, ``approach`` or, without one, ``name`` (neither: whom the question is with).

    The first answer counts; what comes later is kept, ``late``, and to be reviewed, and so is what comes after the
    ticket was solved. Once everybody was asked in vain an answer still counts; once it is withdrawn it is only kept.
    """
    text = body.strip()
    if not text and not attachments and incoming is None:
        raise Refused(_("Write the answer first."), code="empty", field="body")
    course = hold(consultation)
    consultation = course.consultation
    who = approach_in(course, approach) or (None if name else course.current)
    counts = course.answered(who)
    remark = _remark(
        course,
        Kind.ANSWER,
        who,
        body=text,
        name=name,
        quoted=quoted,
        incoming=incoming,
        attachments=attachments,
        late=not counts,
        by=by,
    )
    if counts:
        consultation.take_as_answer(remark)
    if not counts or not consultation.ticket.is_active:
        consultation.to_review = True
    write(course, by=by)
    data = told(consultation, who, remark=remark.pk, name=remark.author_name, text=short(text))
    ticket = consultation.ticket
    if counts:
        record("consultation.answered", by=by, about=[ticket, *besides(consultation)], data=data)
        tell(consultation, ANSWERED, kind="consultation.answered", by=by)
    else:
        record("consultation.late_answer", by=by, about=[ticket, *besides(consultation)], data=data)
        tell(consultation, ANSWERED_LATE, kind="consultation.late_answer", by=by)
    go_on_after(course)
    return remark


@transaction.atomic
def decline(
    consultation: Consultation,
    *,
    approach: Approach | None = None,
    note: str = "",
    named: Named | None = None,
    name: str = "",
    attachments: Sequence[Attachment] = (),
    by: Actor,
) -> Remark:
    """“Not me”: the one who is named is asked next, else the next in the chain, at last the department's manager.

    Somebody named whom the directory does not know is entered there, to be confirmed.
    """
    person = find_named(named, consultation.department, by=by) if named else None
    course = hold(consultation, also=[person.pk] if person else [])
    consultation = course.consultation
    who = approach_in(course, approach) or course.current
    counts = course.declined(who, person.pk if person else None)
    said = [note.strip(), _("Named: %(name)s") % {"name": named} if named else ""]
    text = "\n".join(part for part in said if part)
    remark = _remark(course, Kind.DECLINE, who, body=text, name=name, attachments=attachments, late=not counts, by=by)
    write(course, by=by)
    record(
        "consultation.declined",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(
            consultation,
            who,
            remark=remark.pk,
            text=short(note.strip()),
            named=str(named) if named else None,
            late=not counts,
            ended=course.outcome is not None,
        ),
    )
    go_on_after(course)
    return remark


@transaction.atomic
def need_time(
    consultation: Consultation,
    *,
    until: datetime,
    note: str = "",
    approach: Approach | None = None,
    name: str = "",
    attachments: Sequence[Attachment] = (),
    by: Actor,
) -> Remark:
    """The contact answers by ``until``; then they are reminded, and passed over like anybody else."""
    require_ahead(until, field="until")
    course = hold(consultation)
    consultation = course.consultation
    who = _whom(course, approach)
    counts = course.needs_time(who, until)
    remark = _remark(
        course, Kind.NEEDS_TIME, who, body=note.strip(), name=name, attachments=attachments, late=not counts, by=by
    )
    write(course, by=by)
    record(
        "consultation.needs_time",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(
            consultation,
            who,
            remark=remark.pk,
            text=short(note.strip()),
            until=until.isoformat(),
            late=not counts,
            reopened=course.reopened,
        ),
    )
    tell(consultation, NEEDS_TIME, kind="consultation.needs_time", by=by)
    go_on_after(course)
    return remark


@transaction.atomic
def ask_back(
    consultation: Consultation,
    *,
    body: str,
    approach: Approach | None = None,
    name: str = "",
    attachments: Sequence[Attachment] = (),
    by: Actor,
) -> Remark:
    """The contact has a question of their own; their time stands still until the desk replies."""
    text = body.strip()
    if not text:
        raise Refused(_("Write the question first."), code="empty", field="body")
    course = hold(consultation)
    consultation = course.consultation
    who = _whom(course, approach)
    counts = course.asked_back(who)
    remark = _remark(course, Kind.ASK_BACK, who, body=text, name=name, attachments=attachments, late=not counts, by=by)
    if not counts:
        consultation.to_review = True
    write(course, by=by)
    record(
        "consultation.asked_back",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(consultation, who, remark=remark.pk, text=short(text), late=not counts, reopened=course.reopened),
    )
    tell(consultation, ASKED_BACK, kind="consultation.asked_back", by=by, at_once=True)
    go_on_after(course)
    return remark


def _whom(course: Course, approach: Approach | None) -> Approach:
    """Whose word it is: the one named, else whom the question is with, else the last one asked."""
    return approach_in(course, approach) or course.current or course.approaches[-1]


def _remark(
    course: Course,
    kind: Remark.Kind,
    approach: Approach | None,
    *,
    body: str,
    name: str,
    late: bool,
    quoted: str = "",
    incoming: IncomingMail | None = None,
    attachments: Sequence[Attachment] = (),
    by: Actor,
) -> Remark:
    """``staff`` is set when somebody of the desk noted what was said, by telephone for instance."""
    author = name.strip() or (approach.name if approach is not None else "") or by.actor_name
    remark = Remark.objects.create(
        consultation=course.consultation,
        approach=approach,
        kind=kind,
        author_name=author[:200],
        staff=by if isinstance(by, Staff) else None,
        body=body,
        quoted=quoted,
        at=incoming.received_at if incoming else course.now,
        late=late,
        incoming=incoming,
    )
    if attachments:
        remark.attachments.set(attachments)
    return remark
