"""Which kinds of call the wrap-up offers."""

from collections.abc import Sequence
from typing import NamedTuple

from django.core.validators import validate_slug
from django.db import transaction
from django.forms import ValidationError
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.telephony.models import WrapupCode
from madoguchi.telephony.wrapups import COMPLAINT

MOST_CODES = 15  # more are not told apart while the next call waits


class Written(NamedTuple):
    """One line as it was written."""

    key: str
    name: str
    name_en: str
    settles: bool


@transaction.atomic
def set_wrapup_codes(written: Sequence[Written], *, by: Actor) -> None:
    """Offer these kinds of call, in this order, from now on; those left out stay for the records that name them.

    Refuses keys that are none or stand twice, a kind without a name, more than 15, and to leave out the complaint.
    """
    keys = [code.key for code in written]
    if len(set(keys)) < len(keys):
        raise Refused(_("Each key stands once."), code="key_twice")
    if COMPLAINT not in keys:
        raise Refused(_("The complaint stays: rules listen for it."), code="complaint")
    if len(written) > MOST_CODES:
        raise Refused(_("At most %(number)s kinds of call.") % {"number": MOST_CODES}, code="too_many")
    for code in written:
        if not code.name.strip() or len(code.name) > 100 or len(code.name_en) > 100:
            raise Refused(_("Each kind of call needs a name of up to 100 letters."), code="name")
        try:
            validate_slug(code.key)
        except ValidationError:
            raise Refused(_("A key has letters, digits and hyphens."), code="key") from None
    WrapupCode.objects.exclude(key__in=keys).update(is_active=False)
    for place, code in enumerate(written):
        values = {"name": code.name.strip(), "name_en": code.name_en.strip(), "settles": code.settles}
        WrapupCode.objects.update_or_create(
            key=code.key[:40], defaults={**values, "position": place, "is_active": True}
        )
    record("call.wrapup_codes_set", by=by, about=[], data={"codes": keys})
