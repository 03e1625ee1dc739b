"""A ticket's questions to departments as pages show them: how they stand, what comes next, all that was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from madoguchi.clocks.reading import Kind
from madoguchi.consultations.foresight import Move, Step, outlook
from madoguchi.consultations.models import Approach, Consultation, Remark, State
from madoguchi.consultations.proposal import label_of
from madoguchi.consultations.queries import in_full
from madoguchi.foundation.dates import short_time
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.tickets.models import Ticket

NEAR = timedelta(minutes=60)

_of_ticket = PreparedVisible(
    lambda access, ticket: Consultation.objects.visible_to(access).filter(ticket=ticket).order_by("-id")
)


@dataclass(frozen=True)
class Shown:
    """One question. ``now`` is whom it is with, ``coming`` what happens next in a sentence."""

    row: Consultation
    now: Approach | None
    coming: str

    @property
    def label(self) -> str:
        return label_of(self.row.department, self.row.topic)

    @property
    def needs(self) -> str:
        """As ``Consultation.needs``."""
        return self.row.needs

    @property
    def remarks(self) -> list[Remark]:
        return list(self.row.remarks.all())

    @property
    def approaches(self) -> list[Approach]:
        return list(self.row.approaches.all())


def questions_of(ticket: Ticket, access: Access) -> dict[str, Any]:
    """For the ticket's page: its questions, the latest first; one query where there is none."""
    if not _of_ticket.all(access, ticket.pk):
        return {"questions": [], "by_id": {}, "remark_files": remark_files, "draft_of": draft_of}
    rows = in_full(Consultation.objects.visible_to(access).filter(ticket=ticket).order_by("-id"))
    questions = shown(list(rows))
    return {
        "questions": questions,
        "by_id": {one.row.pk: one for one in questions},
        "remark_files": remark_files,
        "draft_of": draft_of,
    }


def shown(rows: Sequence[Consultation]) -> list[Shown]:
    """The rows (read ``in_full``) as pages show them."""
    now = timezone.now()
    ahead = outlook(rows, now)
    found = []
    for row in rows:
        live = [approach for approach in row.approaches.all() if approach.is_live]
        current = live[-1] if live else None
        found.append(Shown(row, current, _coming(row, current, ahead.get(row.pk, ()))))
    return found


def remark_files(remark: Remark) -> list[dict[str, Any]]:
    """The files of a remark as the file list shows them."""
    return [
        {"name": row.name, "url": reverse("consultations:file", args=[row.pk]), "size": row.file.size}
        for row in remark.attachments.all()
    ]


def draft_of(consultation: Consultation) -> str:
    """An answer to the requester made of the department's, in the desk's language; who said it stays in the house."""
    said = consultation.answer.body if consultation.answer else ""
    with translation.override(settings.LANGUAGE_CODE):
        return "\n\n".join([*_greeting(consultation.ticket), _("We have checked with the department in charge:"), said])


def _greeting(ticket: Ticket) -> list[str]:
    return [ticket.requester.polite_name] if ticket.requester else []


def status_of(ticket: Ticket, questions: Sequence[Shown], clocks: Sequence[Any]) -> dict[str, Any]:
    """When a department takes long: the next-update deadline that is near or past, and a word to the requester."""
    waiting = any(one.row.is_open for one in questions)
    due = next((clock.due_at for clock in clocks if clock.kind == Kind.NEXT_UPDATE and clock.due_at), None)
    if not waiting or due is None or due - timezone.now() > NEAR:
        return {"update_due": None, "status_draft": ""}
    with translation.override(settings.LANGUAGE_CODE):
        lines = [
            *_greeting(ticket),
            _("Thank you for waiting. We are still checking your inquiry with the department in charge."),
            _("We will write to you again as soon as we know more."),
        ]
    return {"update_due": due, "status_draft": "\n\n".join(lines)}


def _coming(row: Consultation, now: Approach | None, steps: Sequence[Step]) -> str:
    """What happens next in a sentence, if nobody says anything."""
    if not row.is_open:
        return ""
    if row.state == State.ASKED_BACK and row.next_at is None:
        return _("The time stands still until the desk replies.")
    if row.next_at is None or not steps or not row.ticket.is_active:
        return _("Nobody is reminded while the ticket is resolved.")
    remind = next((step for step in steps if step.move == Move.REMIND), None)
    last = steps[-1]
    if last.move == Move.ASK and now is not None and last.name == now.name and now.state == Approach.State.PLANNED:
        return _("Leaves %(at)s.") % {"at": short_time(last.at)}
    values = {"remind": short_time(remind.at) if remind else "", "at": short_time(last.at), "name": last.name}
    if last.move == Move.END:
        if remind:
            return _("Without an answer: reminder %(remind)s, then %(at)s the supervisors are told.") % values
        return _("Without an answer by %(at)s the supervisors are told.") % values
    if remind:
        return _("Without an answer: reminder %(remind)s, then %(at)s on to %(name)s.") % values
    return _("Without an answer by %(at)s: on to %(name)s.") % values
