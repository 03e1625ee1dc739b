"""Reactions: what comes in by mail on a question."""

from django.db import models, transaction

from madoguchi.consultations.actions.hear import answer
from madoguchi.consultations.actions.hold import approach_in, besides, go_on_after, hold, short, told, write
from madoguchi.consultations.machine import Verdict, verdict_of
from madoguchi.consultations.models import Approach, Delivery, Remark
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, Actor, NamedActor, record
from madoguchi.mail import quote
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.people.models import ContactChannel

_LONGEST = 4000


def receive_mail(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Somebody of the department wrote: that is an answer, whoever it was; the desk can read it as something else."""
    mail = next(subject for subject in subjects if isinstance(subject, IncomingMail))
    approach = _approach_of(mail.thread)
    if approach is None:
        return
    text, quoted = quote.cut(mail.parsed.text)
    author = mail.from_name or mail.from_address or approach.name
    answer(
        approach.consultation,
        body=text or mail.parsed.text,
        approach=approach,
        name=author,
        quoted=quoted if text else "",
        incoming=mail,
        attachments=_files(mail),
        by=NamedActor("contact", author, approach.contact_id),
    )


def receive_machine_mail(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """A machine answered: a failure goes by the next way or to the next contact, and so does an absence; else shown."""
    mail = next(subject for subject in subjects if isinstance(subject, IncomingMail))
    approach = _approach_of(mail.thread)
    if approach is None:
        return
    verdict = verdict_of(mail.parsed)
    bounce = mail.parsed.bounce
    words = bounce.reason if bounce is not None and bounce.reason else quote.cut(mail.parsed.text)[0]
    writer = NamedActor("system", mail.from_address or mail.nature)
    _note_machine(approach, verdict, mail.subject, words, mail=mail, by=writer)


def notice_failure(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """The contact's mail server refused a question outright: that is a bounce without a mail."""
    mail = next(subject for subject in subjects if isinstance(subject, OutgoingMail))
    approach = _approach_of(mail.thread)
    if approach is not None:
        _note_machine(approach, Verdict.FAILED, "", str(entry.data["error"]), by=SYSTEM)


def notice_undelivered(delivery: Delivery) -> None:
    """Chat or SMS did not take a message and never will."""
    approach = delivery.remark.approach
    words = f"HTTP {delivery.status}: {delivery.answer}" if delivery.status else delivery.answer
    if approach is not None:
        author = NamedActor("system", ContactChannel(delivery.channel).name)
        _note_machine(approach, Verdict.FAILED, "", words, channel=delivery.channel, by=author)


@transaction.atomic
def _note_machine(
    approach: Approach,
    verdict: Verdict,
    subject: str,
    words: str,
    *,
    mail: IncomingMail | None = None,
    channel: str = ContactChannel.MAIL,
    by: Actor,
) -> None:
    course = hold(approach.consultation)
    consultation = course.consultation
    who = approach_in(course, approach)
    assert who is not None
    remark = Remark.objects.create(
        consultation=consultation,
        approach=who,
        kind=Remark.Kind.MACHINE,
        author_name=by.actor_name[:200],
        body="\n".join(part for part in (subject.strip(), words.strip()) if part)[:_LONGEST],
        at=mail.received_at if mail else course.now,
        late=not consultation.is_open,
        incoming=mail,
    )
    moved = False
    if verdict is Verdict.FAILED and who.channel == channel:
        moved = course.bounced(who)
    elif verdict is Verdict.AWAY:
        moved = course.away(who)
    write(course, by=SYSTEM)
    about = [consultation.ticket, *besides(consultation)]
    data = told(consultation, who, remark=remark.pk, text=short(remark.body), verdict=verdict)
    if not moved:
        record("consultation.machine_mail", by=by, about=about, data=data)
    elif verdict is Verdict.AWAY:
        record("consultation.away", by=by, about=about, data=data)
    else:
        record("consultation.bounced", by=by, about=about, data=data)
    go_on_after(course)


def _approach_of(thread: MailThread | None) -> Approach | None:
    """Whose thread it is; None when it is none of ours."""
    if thread is None or thread.belongs_to != MailThread.Room.CONSULTATIONS:
        return None
    return Approach.objects.select_related("consultation").filter(thread=thread).first()


def _files(mail: IncomingMail) -> list[Attachment]:
    return [
        Attachment.objects.create(
            file=store.keep(part.content), name=part.name[:255], content_type=part.content_type[:100]
        )
        for part in mail.parsed.attachments
    ]
