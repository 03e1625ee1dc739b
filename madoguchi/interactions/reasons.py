"""Why a contact needs no ticket: a list that the company keeps, with the reasons that the desk itself gives in it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.core.validators import validate_slug
from django.db import transaction
from django.forms import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import LONGEST_KEY, NoTicketReason
from madoguchi.journal.record import Actor, record

MOST_REASONS = 30
OTHER = "other"  # needs a few words
CALLED_BACK, NOT_REACHED, NO_NUMBER = "called_back", "not_reached", "no_number"
CALLED_AGAIN, NO_CALL, HUNG_UP = "called_again", "no_call", "hung_up"
_GIVEN_UP: Mapping[str, Promise] = {
    CALLED_BACK: gettext_lazy("Called back, settled"),
    NOT_REACHED: gettext_lazy("Called back, not reached"),
    NO_NUMBER: gettext_lazy("No number to call back"),
    CALLED_AGAIN: gettext_lazy("Called again, was answered"),
    NO_CALL: gettext_lazy("No call-back needed"),
    HUNG_UP: gettext_lazy("Hung up at once"),
}
PRODUCT_REASONS: Mapping[str, Promise] = {
    "wrong_number": gettext_lazy("Wrong number"),
    "silent": gettext_lazy("Silent call"),
    "sales_call": gettext_lazy("Sales or nuisance call"),
    "passed_on": gettext_lazy("Only passed on"),
    **_GIVEN_UP,
    "test": gettext_lazy("Test"),
    OTHER: gettext_lazy("Other"),
}
KEPT = frozenset({*_GIVEN_UP, OTHER})  # the desk gives these by itself: named as one likes, never taken out of use


class Written(NamedTuple):
    """One line as it was written; their order is that of the lists."""

    key: str
    name: str
    name_en: str
    gave_up: bool
    is_active: bool


def all_reasons() -> list[NoTicketReason]:
    """Every reason in its order, retired ones and unsaved ones of the product included."""
    rows = list(NoTicketReason.objects.all())
    known = {row.key for row in rows}
    return rows + [_of_product(key, label) for key, label in PRODUCT_REASONS.items() if key not in known]


def offered(*, gave_up: bool) -> list[tuple[str, str]]:
    """(key, label) of the reasons in use for a contact whose caller ``gave_up``, or was spoken to."""
    return [(row.key, row.label) for row in all_reasons() if row.is_active and (gave_up or not row.gave_up)]


def labels() -> dict[str, str]:
    """What each reason is called, retired ones too, for lists of contacts."""
    return {row.key: row.label for row in all_reasons()}


def in_use(key: str) -> bool:
    """Whether a contact may be settled with this reason."""
    return key in KEPT or any(row.key == key and row.is_active for row in all_reasons())


@transaction.atomic
def set_reasons(written: Sequence[Written], *, by: Actor) -> None:
    """Offer these reasons, in this order, from now on; those left out are retired.

    Refuses keys that are none or stand twice, reasons without a name, more than 30 in use, and to retire those that the
    desk gives by itself.
    """
    keys = [reason.key for reason in written]
    if len(set(keys)) < len(keys):
        raise Refused(_("Each key stands once."), code="key_twice")
    if lacking := KEPT - {reason.key for reason in written if reason.is_active}:
        label = PRODUCT_REASONS[min(lacking)]
        raise Refused(_("“%(reason)s” stays: the desk gives it by itself.") % {"reason": label}, code="kept")
    if sum(reason.is_active for reason in written) > MOST_REASONS:
        raise Refused(_("At most %(number)s reasons.") % {"number": MOST_REASONS}, code="too_many")
    for reason in written:
        if not reason.name.strip() or len(reason.name) > 100 or len(reason.name_en) > 100:
            raise Refused(_("Each reason needs a name of up to 100 letters."), code="name")
        try:
            validate_slug(reason.key)
        except ValidationError:
            raise Refused(_("A key has letters, digits and hyphens."), code="key") from None
        if len(reason.key) > LONGEST_KEY:
            raise Refused(_("A key has at most %(number)s letters.") % {"number": LONGEST_KEY}, code="key")
    retired = [Written(row.key, row.name, row.name_en, row.gave_up, False) for row in all_reasons()]
    for place, reason in enumerate([*written, *(reason for reason in retired if reason.key not in keys)]):
        values = {"name": reason.name.strip(), "name_en": reason.name_en.strip(), "position": place}
        gave_up = reason.key in _GIVEN_UP or (reason.gave_up and reason.key != OTHER)
        NoTicketReason.objects.update_or_create(
            key=reason.key, defaults={**values, "gave_up": gave_up, "is_active": reason.is_active}
        )
    record("interaction.reasons_set", by=by, about=[], data={"reasons": keys})


def _of_product(key: str, label: Promise) -> NoTicketReason:
    names = []
    for language in ("ja", "en"):
        with translation.override(language):
            names.append(str(label))
    return NoTicketReason(key=key, name=names[0], name_en=names[1], gave_up=key in _GIVEN_UP)
