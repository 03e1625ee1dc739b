"""The mails to a department: in the desk's language and in the manner of business mail."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from madoguchi.consultations.course import Sending
from madoguchi.consultations.links import link_to
from madoguchi.consultations.models import Approach, Consultation, State
from madoguchi.foundation.dates import full_date

_LONGEST_TOPIC = 40
_RULE = "-" * 40


def subject_of(consultation: Consultation) -> str:
    """``[照会 10482-6-17] 請求書について``: the topic, else how the question begins."""
    with translation.override(settings.LANGUAGE_CODE):
        first = next((line.strip() for line in consultation.question.splitlines() if line.strip()), "")
        about = consultation.topic.label if consultation.topic else first
        short = about if len(about) <= _LONGEST_TOPIC else about[: _LONGEST_TOPIC - 1] + "…"
        return _("[Question %(number)s] %(about)s") % {"number": consultation.number_shown, "about": short}


def question(approach: Approach) -> str:
    """Who asks what, by when, and how to answer."""
    return _letter(
        approach,
        lambda: [_("Please tell us the following, for an inquiry that we are handling."), "", *_asked(approach)],
    )


def reminder(approach: Approach) -> str:
    """The same once more, with a word about it."""

    def said() -> list[str]:
        return [
            _("We have not received your answer to the question below yet."),
            _("If it is not yours, the answer page lets you say so in one step."),
            _("If you have answered in the meantime, please disregard this mail."),
            "",
            *_asked(approach),
        ]

    return _letter(approach, said)


def reply(approach: Approach, body: str) -> str:
    """What the desk says to a question back."""
    return _letter(approach, lambda: [_("Thank you for your question. Our reply:"), "", body, "", *_asked(approach)])


def settled(approach: Approach) -> str:
    """Nothing more needs to be done."""

    def said() -> list[str]:
        return [
            _no_more(approach.consultation),
            _("Thank you for your time."),
            "",
            *_quoted(approach.consultation),
        ]

    return _letter(approach, said)


def still_open(approach: Approach) -> str:
    """It was told to be settled and is not."""

    def said() -> list[str]:
        return [
            _mistake(),
            "",
            *_asked(approach),
        ]

    return _letter(approach, said)


def in_chat(sending: Sending, approach: Approach) -> str:
    """The same in few words, for a chat room; the link stands beside it."""
    consultation = approach.consultation
    with translation.override(settings.LANGUAGE_CODE):
        before = {
            Sending.REMINDER: [_("We have not received your answer to the question below yet.")],
            Sending.SETTLED: [_no_more(consultation)],
            Sending.STILL_OPEN: [_mistake()],
        }.get(sending, [])
        until = [] if sending == Sending.SETTLED else [_until(approach)]
        return "\n".join([_in_short(approach), *before, *_quoted(consultation), *until])


def reply_in_chat(approach: Approach, body: str) -> str:
    """What the desk says to a question back."""
    with translation.override(settings.LANGUAGE_CODE):
        said = [_("Thank you for your question. Our reply:"), body]
        return "\n".join([_in_short(approach), *said, *_quoted(approach.consultation), _until(approach)])


def in_sms(sending: Sending | None, approach: Approach) -> str:
    """One sentence without what it is about: telephones show it to whoever sees them. None: a reply of the desk."""
    words = {"desk": settings.MAIL_NAME, "number": approach.consultation.number_shown, "when": _soon(approach)}
    with translation.override(settings.LANGUAGE_CODE):
        match sending:
            case Sending.QUESTION:
                said = _("%(desk)s: please answer question %(number)s by %(when)s.")
            case Sending.SETTLED:
                said = _("%(desk)s: question %(number)s is settled. Nothing more needs to be done.")
            case None:
                said = _("%(desk)s: our reply to you on question %(number)s. Please answer by %(when)s.")
            case _:
                said = _("%(desk)s: question %(number)s is still open. Please answer by %(when)s.")
        return said % words


def link_text() -> str:
    """What a button says that leads to the answer page."""
    with translation.override(settings.LANGUAGE_CODE):
        return _("Answer here")


def _letter(approach: Approach, said: Callable[[], list[str]]) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        return "\n".join([*_greeting(approach), "", *said(), "", *_closing()])


def _greeting(approach: Approach) -> list[str]:
    consultation, contact = approach.consultation, approach.contact
    department = consultation.department
    named = (
        pgettext("shared mailbox", "To whom it may concern at %(name)s")
        if contact is not None and contact.is_shared
        else pgettext("letter", "Dear %(name)s")
    )
    who = consultation.asked_by.family_name if consultation.asked_by else ""
    us = {"desk": settings.MAIL_NAME, "name": who}
    return [
        department.label,
        named % {"name": approach.name},
        "",
        _("Thank you for your continued support.") if department.is_partner else _("Thank you for your work."),
        _("This is %(name)s of %(desk)s.") % us if who else _("This is %(desk)s.") % us,
    ]


def _asked(approach: Approach) -> list[str]:
    return [
        *_quoted(approach.consultation),
        "",
        _until(approach),
        f"{_('Question number')}: {approach.consultation.number_shown}",
        "",
        _("How to answer"),
        _("- Simply reply to this mail; the subject may change."),
        _("- Or on the answer page, without signing in:"),
        f"  {link_to(approach)}",
        _("  There you can also say that it is not yours, until when you need time, or ask back."),
        "",
        _("Thank you in advance."),
    ]


def _no_more(consultation: Consultation) -> str:
    if consultation.state == State.WITHDRAWN:
        return _("We no longer need an answer to the question below: it has been withdrawn.")
    return _("The question below has been answered in the meantime. Nothing more needs to be done.")


def _mistake() -> str:
    return _("We told you that the question below was settled. That was a mistake: we still need your answer.")


def _in_short(approach: Approach) -> str:
    return f"{settings.MAIL_NAME}: {subject_of(approach.consultation)}"


def _until(approach: Approach) -> str:
    return f"{_('Please answer by')}: {_when(approach)}"


def _quoted(consultation: Consultation) -> list[str]:
    return [_RULE, consultation.question, _RULE]


def _closing() -> list[str]:
    return ["-- ", settings.MAIL_NAME]


def _when(approach: Approach) -> str:
    moment = _moment(approach)
    return f"{full_date(moment.date())} {moment:%H:%M}"


def _soon(approach: Approach) -> str:
    moment = _moment(approach)
    return f"{moment.month}/{moment.day} {moment:%H:%M}"


def _moment(approach: Approach) -> datetime:
    return timezone.localtime(approach.deadline_at or approach.consultation.due_at)
