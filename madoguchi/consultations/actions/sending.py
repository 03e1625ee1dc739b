"""What leaves the house to a contact: rows that the worker delivers, and a remark that says so."""

from django.utils import timezone

from madoguchi.consultations import wording
from madoguchi.consultations.course import Sending
from madoguchi.consultations.links import link_to
from madoguchi.consultations.models import Approach, Delivery, Remark
from madoguchi.journal.record import Actor
from madoguchi.mail.actions import queue_mail, take_back
from madoguchi.mail.models import MailThread, OutgoingMail
from madoguchi.mail.queries import has_mail
from madoguchi.people.models import ContactChannel, Staff

_KINDS = {
    Sending.QUESTION: Remark.Kind.QUESTION,
    Sending.REMINDER: Remark.Kind.REMINDER,
    Sending.SETTLED: Remark.Kind.SETTLED,
    Sending.STILL_OPEN: Remark.Kind.REMINDER,
}
_LETTERS = {
    Sending.QUESTION: wording.question,
    Sending.REMINDER: wording.reminder,
    Sending.SETTLED: wording.settled,
    Sending.STILL_OPEN: wording.still_open,
}


def send(sending: Sending, approach: Approach, *, by: Actor) -> None:
    """The question, a reminder or the word that it is settled, by the way the contact is reached now."""
    consultation = approach.consultation
    mail = None
    if sending in {Sending.SETTLED, Sending.STILL_OPEN}:
        if sending == Sending.SETTLED and approach.thread is not None:
            take_back(approach.thread, by=by)
        if not _was_reached(approach):
            if sending == Sending.SETTLED:
                return
            sending = Sending.QUESTION
    if approach.channel == ContactChannel.MAIL:
        mail = _mail(approach, _LETTERS[sending](approach), automatic=sending == Sending.SETTLED, by=by)
    elif approach.channel == ContactChannel.PHONE and sending == Sending.SETTLED:
        return
    asks = sending == Sending.QUESTION
    remark = Remark.objects.create(
        consultation=consultation,
        approach=approach,
        kind=_KINDS[sending],
        author_name=_author(approach) if asks else by.actor_name,
        staff=consultation.asked_by if asks else None,
        body=consultation.question if asks else "",
        at=timezone.now(),
        outgoing=mail,
    )
    if approach.channel == ContactChannel.CHAT:
        _post(remark, approach, wording.in_chat(sending, approach), asks=sending != Sending.SETTLED)
    elif approach.channel == ContactChannel.SMS:
        _post(remark, approach, wording.in_sms(sending, approach), asks=sending != Sending.SETTLED)


def _was_reached(approach: Approach) -> bool:
    """Whether anything has left to them, or will. Who is called is told by whoever calls."""
    if approach.channel == ContactChannel.PHONE:
        return True
    if approach.thread is not None and has_mail(approach.thread):
        return True
    return Delivery.objects.filter(remark__approach=approach).exclude(state=Delivery.State.DROPPED).exists()


def send_reply(approach: Approach, body: str, *, by: Staff) -> None:
    """What the desk says to a question back."""
    mail = None
    if approach.channel == ContactChannel.MAIL:
        mail = _mail(approach, wording.reply(approach, body), automatic=False, by=by)
    remark = Remark.objects.create(
        consultation=approach.consultation,
        approach=approach,
        kind=Remark.Kind.REPLY,
        author_name=by.name,
        staff=by,
        body=body,
        at=timezone.now(),
        outgoing=mail,
    )
    if approach.channel == ContactChannel.CHAT:
        _post(remark, approach, wording.reply_in_chat(approach, body))
    elif approach.channel == ContactChannel.SMS:
        _post(remark, approach, wording.in_sms(None, approach))


def _author(approach: Approach) -> str:
    consultation = approach.consultation
    return consultation.asked_by.name if consultation.asked_by else consultation.by_rule or consultation.team.name


def _mail(approach: Approach, body: str, *, automatic: bool, by: Actor) -> OutgoingMail:
    """In the contact's own thread: the reply address, a reply or a bounce says by itself who it is."""
    begins = approach.thread is None or not has_mail(approach.thread)
    if approach.thread is None:
        approach.thread = MailThread.objects.create(belongs_to=MailThread.Room.CONSULTATIONS)
    subject = wording.subject_of(approach.consultation)
    return queue_mail(
        thread=approach.thread,
        to=[approach.address],
        subject=subject if begins else f"Re: {subject}",
        body=body,
        automatic=automatic,
        by=by,
    )


def _post(remark: Remark, approach: Approach, text: str, *, asks: bool = True) -> None:
    now = timezone.now()
    Delivery.objects.create(
        remark=remark,
        channel=approach.channel,
        address=approach.address,
        text=text,
        link=link_to(approach) if asks else "",
        queued_at=now,
        next_attempt_at=now,
    )
