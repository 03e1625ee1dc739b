"""What a contact says by the answer page: heard once, however often the same form is sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from madoguchi.consultations.models import Approach, Remark
from madoguchi.files.models import Attachment
from madoguchi.journal.record import NamedActor
from madoguchi.tickets.actions.lock import lock


@transaction.atomic
def hear_by_link(
    approach: Approach,
    act: Callable[..., Remark],
    told: Mapping[str, Any],
    *,
    form: str,
    attachments: Sequence[Attachment] = (),
) -> Remark:
    """``act`` of ``hear`` with what was ``told``, in the contact's name; a ``form`` that was heard is only found again.

    ``attachments`` are not saved yet: of a form that comes again none are left behind.
    """
    lock(approach.consultation.ticket)
    if known := Remark.objects.filter(approach=approach, form=form).first():
        return known
    for attachment in attachments:
        attachment.save()
    by = NamedActor("contact", approach.name, approach.contact_id)
    remark = act(approach.consultation, approach=approach, attachments=attachments, by=by, **told)
    remark.form = form
    remark.save(update_fields=["form"])
    return remark
