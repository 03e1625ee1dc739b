"""Give a mail that did not leave another chance."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.mail.models import OutgoingMail


@transaction.atomic
def send_again(mail: OutgoingMail, *, by: Actor) -> OutgoingMail:
    """Queue a failed mail (or one that was only written to a file) again, under the same Message-ID."""
    unsent = OutgoingMail.objects.filter(pk=mail.pk, state__in=[OutgoingMail.State.FAILED, OutgoingMail.State.WRITTEN])
    now = timezone.now()
    pending = list(dict.fromkeys([*mail.to, *mail.cc]))
    if not unsent.update(
        state=OutgoingMail.State.QUEUED, attempts=0, queued_at=now, next_attempt_at=now, last_error="", pending=pending
    ):
        raise Refused(_("This mail is not waiting to be sent again."), code="not_unsent", status=409)
    record("mail.queued", by=by, about=[mail, mail.thread], data={"to": pending, "again": True})
    mail.refresh_from_db()
    return mail
