"""A contact that reached somebody past the desk is recorded by a mail to the record address.

What it says is read plainly: lines that name it (お客様:, 受けた人:), else of a forwarded mail who wrote what, else the
subject says who it was and the text what they wanted. A voicemail keeps its sound.
"""

import re
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.foundation import phone
from madoguchi.foundation.prepared import insert, update
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.models import BypassDraft, Interaction
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, NamedActor, record
from madoguchi.mail import quote
from madoguchi.mail.models import IncomingMail, MailThread
from madoguchi.mail.vouching import is_vouched_for
from madoguchi.people.access import access_of
from madoguchi.people.meant import meant_by, staff_meant_by
from madoguchi.people.models import Staff
from madoguchi.people.queries import working_time_of

_LABELS = {
    "who": r"お客様|顧客|相手|連絡者|誰|だれ|どなた|発信者|who|caller",
    "reached": r"受けた人|受けた者|受けた方|対応者|受電者|reached",
    "what": r"用件|要件|内容|what|about",
}
_FORWARDED = {"who": r"差出人|送信者|送信元|from", "reached": r"宛先|to", "what": r"件名|subject"}
_PREFIX = re.compile(r"^\s*(?:(?:re|fw|fwd|転送|返信)\s*[:：]\s*)+", re.IGNORECASE)
_MOST_LINES = 200
_FURTHEST = 30  # days to look ahead for one on which somebody works


class Said(NamedTuple):
    """The three fields as they were written; empty where the mail does not say."""

    who: str
    reached: str
    what: str


def read(subject: str, text: str) -> Said:
    """The three fields of a mail to the record address."""
    subject = _PREFIX.sub("", subject).strip()
    lines = text.splitlines()[:_MOST_LINES]
    told = {name: _labelled(lines, words) for name, words in _LABELS.items()}
    told["what"] = _what(lines)
    copied = {name: _labelled(lines, words) for name, words in _FORWARDED.items()}
    if copied["who"] and not any(told.values()):
        return Said(copied["who"], copied["reached"], _PREFIX.sub("", copied["what"]).strip() or subject)
    new = "\n".join(line for line in quote.cut(text)[0].splitlines() if not _is_label(line)).strip()
    if told["who"]:
        return Said(told["who"], told["reached"], told["what"] or subject or new)
    numbers = phone.found_in(f"{subject}\n{text}")
    if numbers and not any(character.isalpha() for character in _without(subject)):
        return Said(phone.display(numbers[0][0]), told["reached"], told["what"] or new)
    return Said(subject or (phone.display(numbers[0][0]) if numbers else ""), told["reached"], told["what"] or new)


def receive_record(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: one of ours writes to the record address, so it is a contact that reached somebody past the desk.

    A From line is easily forged: where our own mail server vouches for senders (MAIL_VOUCHERS), a mail that it does
    not vouch for is a draft that they confirm. Whoever else writes there is answered like everybody who writes to us.
    """
    mail = next(subject for subject in subjects if isinstance(subject, IncomingMail))
    if mail.thread is not None or not _is_for_the_record(mail):
        return
    sender = Staff.objects.filter(email__iexact=mail.from_address, is_active=True).first()
    if sender is None:
        return
    mail.thread = insert(MailThread(belongs_to=MailThread.Room.INTERACTIONS))
    update(mail, ["thread"])
    results = mail.parsed.authentication_results
    vouchers = settings.MAIL_VOUCHERS
    if not vouchers or (len(mail.parsed.senders) == 1 and is_vouched_for(mail.from_address, results, vouchers)):
        _record(mail, sender, sender)
        return
    draft = insert(BypassDraft(mail=mail, staff=sender, remind_at=_a_working_day_after(entry.at, sender)))
    by = NamedActor(entry.actor_kind, entry.actor_name, entry.actor_id)
    record("bypass.drafted", by=by, about=[draft, mail, sender])


def remind_of_drafts(now: datetime, *, limit: int = 50) -> int:
    """Whoever leads the people in whose name a mail has waited for a working day hears of it, once; how many."""
    waiting = BypassDraft.objects.filter(remind_at__lte=now).select_related("mail", "staff")
    rows = list(waiting.order_by("remind_at", "id")[:limit])
    for draft in rows:
        with transaction.atomic():
            # Conditional: several workers may do it.
            if BypassDraft.objects.filter(pk=draft.pk, remind_at__isnull=False).update(remind_at=None):
                data = {"name": draft.staff.name, "since": draft.mail.received_at.isoformat()}
                record("bypass.draft_waits", by=SYSTEM, about=[draft, draft.mail, draft.staff], data=data)
    return len(rows)


def _a_working_day_after(moment: datetime, staff: Staff) -> datetime:
    """The same time of the next day on which they work."""
    hours, days = working_time_of(staff), range(1, _FURTHEST)
    found = (moment + timedelta(days=ahead) for ahead in days)
    return next((at for at in found if hours.day(at.astimezone(hours.zone).date()).periods), moment + timedelta(days=1))


@transaction.atomic
def confirm_draft(draft: BypassDraft, *, by: Staff) -> Interaction:
    """They did write it, as they say themselves, or whoever leads them: now it is recorded."""
    taken = _taken(draft, by)
    return _record(taken.mail, taken.staff, by)


@transaction.atomic
def disown_draft(draft: BypassDraft, *, by: Staff) -> None:
    """They did not write it: nothing is recorded, the mail is kept."""
    mail = _taken(draft, by).mail
    record("bypass.disowned", by=by, about=[mail, by], data={"subject": mail.subject[:200]})


def _taken(draft: BypassDraft, by: Staff) -> BypassDraft:
    """The draft, which is settled once."""
    rows = BypassDraft.objects.to_settle(access_of(by), timezone.now()).select_related("mail__raw", "staff")
    row = rows.select_for_update(of=("self",)).filter(pk=draft.pk).first()
    if row is None:
        raise Refused(_("This mail is already settled."), code="settled", status=409)
    row.delete()
    return row


def _record(mail: IncomingMail, sender: Staff, by: Staff) -> Interaction:
    said = read(mail.subject, mail.parsed.text)
    who = said.who or mail.subject.strip() or _("Not said who it was")
    person, organization = meant_by(who)
    return record_bypass(
        who=who,
        what=said.what or _voicemail(mail) or mail.subject.strip() or who,
        reached=staff_meant_by(said.reached) or sender,
        person=person,
        organization=organization,
        mail=mail,
        attachments=[
            Attachment.objects.create(
                file=store.keep(part.content), name=part.name[:255], content_type=part.content_type[:100]
            )
            for part in mail.parsed.attachments
        ],
        at=mail.received_at,
        by=by,
    )


def _is_for_the_record(mail: IncomingMail) -> bool:
    ours = settings.RECORD_ADDRESS.lower()
    if not ours:
        return False
    headers = (*mail.parsed.to, *mail.parsed.cc, *mail.parsed.delivered_to)
    return ours in {address.lower() for address in (*mail.envelope_to, *(entry.address for entry in headers))}


def _voicemail(mail: IncomingMail) -> str:
    sounds = any(part.content_type.startswith("audio/") for part in mail.parsed.attachments)
    return _("Voicemail") if sounds else ""


def _labelled(lines: list[str], words: str) -> str:
    pattern = re.compile(rf"^[\s>*・●■◆]*(?:{words})\s*[*]?\s*[:：]\s*(?P<said>\S.*)$", re.IGNORECASE)
    return next((match["said"].strip()[:500] for line in lines if (match := pattern.match(line[:1000]))), "")


def _what(lines: list[str]) -> str:
    """What they wanted may go on below its label, until another one or a signature comes."""
    for place, line in enumerate(lines, 1):
        if what := _labelled([line], _LABELS["what"]):
            below = takewhile(lambda line: not _is_label(line), lines[place:])
            return quote.cut("\n".join([what, *below]))[0].strip()
    return ""


def _is_label(line: str) -> bool:
    return any(_labelled([line], words) for words in _LABELS.values())


def _without(subject: str) -> str:
    """The subject without what a telephone system writes around the caller's number."""
    words = (
        r"voice ?mail|message|from|留守番電話|留守電|ボイスメール|伝言|メッセージ|着信|より|から|の|件|秒|sec|seconds"
    )
    return re.sub(words, "", subject, flags=re.IGNORECASE)
