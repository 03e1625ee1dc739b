"""Numbers in the signatures of mails are proposed to a person, never taken silently."""

import re
from collections.abc import Iterator

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Channel, Interaction, NumberProposal
from madoguchi.journal.models import Entry
from madoguchi.journal.record import record
from madoguchi.mail import quote
from madoguchi.people.actions.persons import add_phone
from madoguchi.people.models import Contact, Person, PhoneNumber, Staff

MOST_OF_A_MAIL = 3
MOST_OF_A_PERSON = 6  # that wait for a decision
_MOST_LOOKED_AT = 8
_FAX = re.compile(r"fax|ファ[ック]*クス|\bf\s*[:.]", re.IGNORECASE)
_TEL = re.compile(r"tel|phone|電話|携帯|直通|mobile|cell", re.IGNORECASE)
_MAIN = re.compile(r"代表|大代|main|フリーダイヤル|free", re.IGNORECASE)
_BEHIND = re.compile(r"^\s*\([^)]*\)")  # says something of the number before
_LABELS = (("携帯", r"携帯|mobile|cell|\bm\s*[:.]"), ("直通", r"直通|direct|dial.?in"))

State = NumberProposal.State


def numbers_in(signature: str) -> Iterator[tuple[str, str, str]]:
    """(number, label, line) of what may be somebody's own: no fax, no main line, no toll-free number."""
    for number, between in phone.found_in(signature)[:_MOST_LOOKED_AT]:
        before = _BEHIND.sub("", between)
        if phone.is_shared(number) or _MAIN.search(before) or (_FAX.search(before) and not _TEL.search(before)):
            continue
        label = next((label for label, words in _LABELS if re.search(words, before, re.IGNORECASE)), "")
        yield number, label, f"{before.strip()[-120:]} {phone.display(number)}".strip()


def propose_numbers(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: a mail of somebody we know; numbers of its signature that are new are proposed, each once for ever."""
    contact = next((subject for subject in subjects if isinstance(subject, Interaction)), None)
    if contact is None or contact.channel != Channel.MAIL or contact.mail is None or contact.person is None:
        return
    found = list(numbers_in(quote.signature(contact.mail.parsed.text)))
    if not found:
        return
    person = contact.person
    unwanted = _known_of(person, [number for number, *_rest in found])
    room = MOST_OF_A_PERSON - NumberProposal.objects.filter(person=person, state=State.OPEN).count()
    new = [row for row in found if row[0] not in unwanted][: max(0, min(room, MOST_OF_A_MAIL))]
    NumberProposal.objects.bulk_create(
        [
            NumberProposal(person=person, number=number, label=label, written=written[:200], mail=contact.mail)
            for number, label, written in new
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def accept_number(proposal: NumberProposal, *, by: Staff) -> PhoneNumber:
    """It is theirs: calls from it are recognised from now on. Refuses (409) what was decided."""
    _decide(proposal, State.ACCEPTED, by)
    return add_phone(proposal.person, number=proposal.number, label=proposal.label, by=by)


@transaction.atomic
def dismiss_number(proposal: NumberProposal, *, by: Staff) -> None:
    """It is not theirs, and is never proposed for them again. Refuses (409) what was decided."""
    _decide(proposal, State.DISMISSED, by)


def _decide(proposal: NumberProposal, state: str, by: Staff) -> None:
    waiting = NumberProposal.objects.filter(pk=proposal.pk, state=State.OPEN)
    if not waiting.update(state=state, decided_by=by, decided_at=timezone.now()):
        raise Refused(_("Somebody has already decided on this number."), code="decided", status=409)
    record(
        "number_proposal.decided",
        by=by,
        about=[proposal, proposal.person],
        data={"number": proposal.number, "state": str(state)},
    )


def _known_of(person: Person, numbers: list[str]) -> set[str]:
    """Those that are theirs, a company's main line or ours, or were proposed for them before."""
    theirs = Q(person=person) | Q(organization__isnull=False)
    known = set(PhoneNumber.objects.filter(theirs, number__in=numbers).values_list("number", flat=True))
    known |= set(NumberProposal.objects.filter(person=person, number__in=numbers).values_list("number", flat=True))
    return known | _ours(numbers)


def _ours(numbers: list[str]) -> set[str]:
    """Of the desk, of its staff, and of the departments that it asks."""
    written = {form: number for number in numbers for form in (number, phone.display(number), _bare(number))}
    staff = Staff.objects.filter(Q(mobile__in=list(written)) | Q(extension__in=list(written)))
    named = [value for row in staff.values_list("mobile", "extension") for value in row]
    named += Contact.objects.filter(phone__in=list(written)).values_list("phone", flat=True)
    desk = set(map(phone.normalise, settings.OWN_NUMBERS))
    return {written[value] for value in named if value in written} | (set(numbers) & desk)


def _bare(number: str) -> str:
    return phone.display(number).replace("-", "")
