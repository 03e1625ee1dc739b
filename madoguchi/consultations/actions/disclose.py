"""What of a ticket may be told to departments is set."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.consultations.disclosure import ALL_ITEMS, ONE_ITEM, PERSONAL
from madoguchi.consultations.models import Disclosure
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record


@transaction.atomic
def set_disclosure(
    category: Category | None, *, fields: Collection[str], outside_fields: Collection[str], by: Actor
) -> Disclosure:
    """For a category and all below it that have none of their own, or (None) for everything.

    ``fields``: ``organization name email phone conversation items`` or ``item:KEY``; what other companies may be told
    is a part of them.
    """
    known = {*PERSONAL, ALL_ITEMS}
    wrong = [field for field in (*fields, *outside_fields) if field not in known and not field.startswith(ONE_ITEM)]
    if wrong:
        raise Refused(_("“%(field)s” is nothing that could be told.") % {"field": wrong[0][:60]}, code="field")
    if set(outside_fields) - set(fields):
        raise Refused(
            _("Another company cannot be told more than our own departments."), code="outside", field="outside_fields"
        )
    values = {"fields": sorted(set(fields)), "outside_fields": sorted(set(outside_fields))}
    disclosure, _created = Disclosure.objects.update_or_create(category=category, defaults=values)
    record(
        "disclosure.set", by=by, about=[disclosure, category], data={"category": category and category.key, **values}
    )
    return disclosure


@transaction.atomic
def inherit_disclosure(category: Category, *, by: Actor) -> None:
    """The category follows what stands above it again."""
    if Disclosure.objects.filter(category=category).delete()[0]:
        record("disclosure.inherited", by=by, about=[category], data={"category": category.key})
