"""Reactions: what comes in by mail on a question."""

from django.db import models

from madoguchi.consultations.actions.hear import answer
from madoguchi.consultations.models import Approach
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.mail import quote
from madoguchi.mail.models import IncomingMail, MailThread


def receive_mail(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Somebody of the department wrote: that is an answer, whoever it was; the desk can read it as something else."""
    mail = next(subject for subject in subjects if isinstance(subject, IncomingMail))
    approach = _approach_of(mail)
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


def _approach_of(mail: IncomingMail) -> Approach | None:
    """Whose thread the mail came into; None when it is none of ours."""
    if mail.thread is None or mail.thread.belongs_to != MailThread.Room.CONSULTATIONS:
        return None
    return Approach.objects.select_related("consultation").filter(thread=mail.thread).first()


def _files(mail: IncomingMail) -> list[Attachment]:
    return [
        Attachment.objects.create(
            file=store.keep(part.content), name=part.name[:255], content_type=part.content_type[:100]
        )
        for part in mail.parsed.attachments
    ]
