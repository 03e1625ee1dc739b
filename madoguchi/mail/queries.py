"""Mails that wait for something; few among all that ever came and went, and found by indexes of their own."""

from django.db.models import QuerySet

from madoguchi.foundation.literal import Words
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail

_IN, _OUT = IncomingMail.State, OutgoingMail.State


def mails_aside() -> QuerySet[IncomingMail]:
    """Mails that came in and could not be read."""
    return IncomingMail.objects.filter(state__in=Words(_IN.RECEIVED, _IN.SET_ASIDE)).filter(state=_IN.SET_ASIDE)


def mails_waiting() -> QuerySet[OutgoingMail]:
    """The outbox: mails that have yet to leave, those that are leaving now included."""
    return OutgoingMail.objects.filter(state__in=Words(_OUT.QUEUED, _OUT.SENDING))


def mails_unsent() -> QuerySet[OutgoingMail]:
    """Mails that did not leave: refused for good, or written into a folder because there is no server."""
    return OutgoingMail.objects.filter(state__in=Words(_OUT.FAILED, _OUT.WRITTEN))


def has_mail(thread: MailThread) -> bool:
    """Whether anything of the thread has left, or will."""
    return OutgoingMail.objects.filter(thread=thread).exclude(state=_OUT.DROPPED).exists()
