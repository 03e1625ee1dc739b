"""The end of the work after a call: what became of the contact, and what kind of call it was."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import dismiss
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.reasons import OTHER
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.wrapup import end_wrapup
from madoguchi.telephony.wrapups import codes, terms_of


@transaction.atomic
def finish_wrapup(contact: Interaction, *, code: str, reason: str = "", note: str = "", by: Staff) -> Interaction:
    """``by`` has written up the call of this contact.

    With ``reason`` (and ``note``), or a kind of call that needs none, a contact without a ticket is settled. Where the
    team's wrap-up is mandatory it is refused until the contact has its ticket or its reason; a call that goes on at a
    colleague's phone is theirs to settle.
    """
    call = contact.call
    if call is None:
        raise Refused(_("No wrap-up of this call is running."), code="no_wrapup", status=409)
    kind = next((known for known in codes() if known.key == code), None)
    if kind is None and code:
        raise Refused(_("There is no such kind of call."), code="unknown_code")
    if contact.state == Interaction.State.OPEN and not reason and kind is not None and kind.settles:
        reason, note = OTHER, kind.label
    if contact.state == Interaction.State.OPEN and reason:
        contact = dismiss(contact, reason=reason, note=note, by=by)
    elif contact.state == Interaction.State.OPEN and contact.ended_at is not None and terms_of(by).is_mandatory:
        raise Refused(
            _("Raise or link a ticket, or say why there is none."),
            code="no_disposition",
            status=409,
            missing=[{"key": "reason", "label": _("Why no ticket is needed")}],
        )
    end_wrapup(call, by, code=code, by=by)
    return contact
