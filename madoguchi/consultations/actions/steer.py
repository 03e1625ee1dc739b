"""What the desk does about a question it has asked: reply, go on to the next, withdraw, leave it to a colleague."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hold import besides, go_on_after, hold, short, told, write
from madoguchi.consultations.actions.sending import send_reply
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.consultations.proposal import require_disclosable
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import access_of
from madoguchi.people.models import Contact, Staff


@transaction.atomic
def reply(consultation: Consultation, *, body: str, by: Staff) -> Consultation:
    """Reply to the contacts who asked back; their time starts again."""
    text = body.strip()
    if not text:
        raise Refused(_("Write a text first."), code="empty", field="body")
    course = hold(consultation)
    consultation = course.consultation
    require_disclosable(consultation.ticket, consultation.department, text)
    waiting = course.replied()
    if not waiting:
        raise Refused(_("Nobody of this department waits for a reply."), code="not_asked_back", status=409)
    for approach in waiting:
        send_reply(approach, text, by=by)
    write(course, by=by)
    record(
        "consultation.replied",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(consultation, waiting[-1], text=short(text)),
    )
    return consultation


@transaction.atomic
def next_contact(
    consultation: Consultation, *, contact: Contact | None = None, after: int | None = None, by: Actor
) -> Consultation:
    """Wait no longer and ask the next one, or this ``contact``, even after everybody was asked in vain.

    ``after`` is the approach that was the last one when it was decided: refuses (409) when somebody was asked since.
    """
    course = hold(consultation, also=[contact.pk] if contact else [])
    consultation = course.consultation
    if course.is_settled:
        raise Refused(_("This question is already settled."), code="settled", status=409)
    if after is not None and course.approaches[-1].pk != after:
        raise Refused(
            _("%(name)s has been asked meanwhile. Open the question anew.") % {"name": course.approaches[-1].name},
            code="changed",
            status=409,
        )
    if not course.pressed(contact.pk if contact else None):
        sentence = (
            _("%(name)s was already asked, or cannot be reached.") % {"name": contact.name}
            if contact
            else _("There is nobody else to ask.")
        )
        raise Refused(sentence, code="nobody_left", status=409)
    write(course, by=by)
    go_on_after(course, by=by)
    return consultation


@transaction.atomic
def withdraw(consultation: Consultation, *, note: str = "", by: Actor) -> Consultation:
    """The answer is no longer needed; whoever was asked is told."""
    course = hold(consultation)
    consultation = course.consultation
    if not consultation.is_open:
        raise Refused(_("This question is already settled."), code="settled", status=409)
    course.withdrawn()
    if note.strip():
        Remark.objects.create(
            consultation=consultation,
            kind=Remark.Kind.NOTE,
            author_name=by.actor_name[:200],
            staff=by if isinstance(by, Staff) else None,
            body=note.strip(),
            at=course.now,
        )
    write(course, by=by)
    record(
        "consultation.withdrawn",
        by=by,
        about=[consultation.ticket, *besides(consultation)],
        data=told(consultation, text=short(note.strip())),
    )
    go_on_after(course, by=by)
    return consultation


@transaction.atomic
def reassign_question(
    consultation: Consultation, *, staff: Staff | None, reassigned: Mapping[str, str], by: Staff
) -> Consultation:
    """Somebody else of the team that asked looks after the question, and signs what goes out; None: the whole team.

    ``reassigned`` is what the trail says of it, as in ``change``. Refuses (409) a question that is settled.
    """
    consultation = hold(consultation).consultation
    former = consultation.asked_by
    if staff is not None and not access_of(staff).acts_for(consultation.team):
        raise Refused(
            _("%(name)s does not work for %(team)s.") % {"name": staff.name, "team": consultation.team.label},
            code="staff",
            field="staff",
        )
    if not consultation.is_open:
        raise Refused(_("This question is already settled."), code="settled", status=409)
    consultation.asked_by = staff
    consultation.save(update_fields=["asked_by"])
    record(
        "consultation.reassigned",
        by=by,
        about=[consultation.ticket, *besides(consultation), former],
        data={
            **told(consultation, to=staff.name if staff else "", reassigned=dict(reassigned)),
            "from": former.name if former else "",
        },
    )
    return consultation
