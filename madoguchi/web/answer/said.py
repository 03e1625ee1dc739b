"""What a contact sent by the answer page: read, limited, and known again when the same form comes twice."""

import hashlib
import json
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hear import answer, ask_back, decline, need_time
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.models import Remark
from madoguchi.files.models import Attachment
from madoguchi.foundation import phone
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.refusal import Refused
from madoguchi.mail.addresses import is_address
from madoguchi.people.models import Contact
from madoguchi.web.answer import uploads

LONGEST = 20_000
LONGEST_LINE = 100
LATEST = timedelta(days=90)


@dataclass(frozen=True)
class Said:
    """``act`` with its own arguments ``told``; ``form`` is the same for the same content of the same form only."""

    act: Callable[..., Remark]
    told: dict[str, Any]
    attachments: Sequence[Attachment]
    form: str


@dataclass(frozen=True)
class Typed:
    """What stands in the fields of the form; ``verb`` is the button that was pressed."""

    verb: str = ""
    text: str = ""
    who: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    until: str = ""


def typed(request: HttpRequest) -> Typed:
    """The fields as they were sent. A button may bring its own moment: ``time 2026-08-21T17:30:00+09:00``."""
    field = request.POST.get
    verb, _blank, moment = field("verb", "").partition(" ")
    return Typed(
        verb=verb,
        text=_text(field("text", "")),
        who=field("who", ""),
        name=_line(field("name", "")),
        email=_line(field("email", "")),
        phone=_line(field("phone", "")),
        until=moment or field("until", ""),
    )


def said(request: HttpRequest, typed: Typed, contacts: Sequence[Contact]) -> Said:
    """What is to be done; ``contacts`` are those who can be chosen. Refuses with a sentence and the field."""
    if len(typed.text) > LONGEST:
        raise Refused(
            _("This is too long: %(count)s characters at most. Attach a file instead.") % {"count": f"{LONGEST:,}"},
            code="too_long",
            field="text",
        )
    act, told = _READERS.get(typed.verb, _unknown)(typed, contacts)
    files = uploads.take(request.FILES.getlist("files"))
    content = [request.POST.get("form", "")[:40], *vars(typed).values(), *(file.file.sha256 for file in files)]
    return Said(act, told, files, hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32])


def new_form() -> str:
    """What makes one rendering of the form different from the next."""
    return secrets.token_urlsafe(12)


def _answer(typed: Typed, _contacts: Sequence[Contact]) -> tuple[Callable[..., Remark], dict[str, Any]]:
    return answer, {"body": typed.text}


def _ask_back(typed: Typed, _contacts: Sequence[Contact]) -> tuple[Callable[..., Remark], dict[str, Any]]:
    if not typed.text.strip():
        raise Refused(_("Write what you would like to know."), code="empty", field="text")
    return ask_back, {"body": typed.text}


def _need_time(typed: Typed, _contacts: Sequence[Contact]) -> tuple[Callable[..., Remark], dict[str, Any]]:
    until = moment_of(typed.until)
    if until is None:
        raise Refused(_("Choose until when you need time."), code="until", field="until")
    if until > timezone.now() + LATEST:
        raise Refused(
            _("Choose a time within the next %(days)s days.") % {"days": LATEST.days}, code="until", field="until"
        )
    return need_time, {"note": typed.text, "until": until}


def _decline(typed: Typed, contacts: Sequence[Contact]) -> tuple[Callable[..., Remark], dict[str, Any]]:
    chosen = next((contact for contact in contacts if str(contact.pk) == typed.who), None)
    if chosen is not None:
        return decline, {"note": typed.text, "named": Named(contact=chosen)}
    if typed.email and (not is_address(typed.email) or len(typed.email) > 254):
        raise Refused(_("This is no mail address."), code="email", field="email")
    if typed.phone and not phone.normalise(typed.phone):
        raise Refused(
            _("“%(number)s” is not a telephone number.") % {"number": typed.phone[:60]}, code="number", field="phone"
        )
    named = Named(name=typed.name, email=typed.email, phone=typed.phone)
    return decline, {"note": typed.text, "named": named if str(named) else None}


def _unknown(_typed: Typed, _contacts: Sequence[Contact]) -> tuple[Callable[..., Remark], dict[str, Any]]:
    raise Refused(_("Press one of the buttons."), code="verb")


_READERS = {"answer": _answer, "decline": _decline, "time": _need_time, "ask_back": _ask_back}


def _text(written: str) -> str:
    """Lines end in one way, and what no text holds is gone: neither database nor mail would keep it."""
    lines = written.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"})


def _line(written: str) -> str:
    """One line, without what is not seen or turns letters round."""
    letters = (
        letter if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else " " for letter in written
    )
    return " ".join("".join(letters).split())[:255]
