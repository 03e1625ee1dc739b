"""申し送り: leaving a note for the next shift, and having read it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.models import ShiftNote, ShiftNoteAcknowledgement
from madoguchi.journal.record import record
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff, Team


@transaction.atomic
def post_shift_note(*, team: Team, body: str, by: Staff) -> ShiftNote:
    """Tell the next shift of ``team`` something; the writer has read it already."""
    if not body.strip():
        raise Refused(_("Write a text first."), code="empty", field="body")
    _require_member(team, by)
    note = ShiftNote.objects.create(team=team, body=body.strip(), staff=by)
    ShiftNoteAcknowledgement.objects.create(note=note, staff=by)
    record("shift_note.posted", by=by, about=[note, team], data={"body": note.body})
    return note


@transaction.atomic
def acknowledge_shift_note(note: ShiftNote, *, by: Staff) -> ShiftNoteAcknowledgement:
    """Say that one has read the note; twice is once."""
    _require_member(note.team, by)
    read, created = ShiftNoteAcknowledgement.objects.get_or_create(note=note, staff=by)
    if created:
        record("shift_note.acknowledged", by=by, about=[note, note.team])
    return read


@transaction.atomic
def settle_shift_note(note: ShiftNote, *, by: Staff) -> ShiftNote:
    """The note is of no more use; it leaves the list but stays in the journal."""
    _require_member(note.team, by)
    if note.settled_at is None:
        note.settled_at = timezone.now()
        note.save(update_fields=["settled_at"])
        record("shift_note.settled", by=by, about=[note, note.team])
    return note


def _require_member(team: Team, by: Staff) -> None:
    if not access_of(by).acts_for(team):
        raise Refused(_("Only members of %(team)s can do this.") % {"team": team.label}, code="not_member", status=403)
