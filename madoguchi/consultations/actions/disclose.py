"""What departments may be told of tickets: written per category, by supervisors."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.consultations.disclosure import ITEM, Field
from madoguchi.consultations.models import Disclosure
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record


@transaction.atomic
def set_disclosure(
    category: Category | None, *, fields: Collection[str], outside_fields: Collection[str], by: Actor
) -> Disclosure:
    """From now on departments may be told ``fields`` of a category and all below it; other companies' departments
    ``outside_fields``, which are no more. Without a category: of everything that no other policy speaks about.
    """
    for one in (*fields, *outside_fields):
        if one not in Field.values and not (one.startswith(ITEM) and len(one) > len(ITEM)):
            raise Refused(_("There is nothing of this name to tell."), code="field")
    inside = set(fields)
    items = {one for one in outside_fields if one.startswith(ITEM)} if Field.ITEMS in inside else set()
    if more := set(outside_fields) - inside - items:
        words = ", ".join(sorted(str(Field(one).label) if one in Field.values else one for one in more))
        raise Refused(
            _("Another company may not be told more than one's own departments: %(fields)s.") % {"fields": words},
            code="outside",
        )
    told = {"fields": sorted(inside), "outside_fields": sorted(set(outside_fields))}
    row, _created = Disclosure.objects.update_or_create(category=category, defaults=told)
    record("disclosure.set", by=by, about=[row, category], data=told)
    return row


@transaction.atomic
def forget_disclosure(row: Disclosure, *, by: Actor) -> None:
    """The policy of a category goes: the nearest one above it holds again."""
    record("disclosure.forgotten", by=by, about=[row, row.category], data={"fields": row.fields})
    row.delete()
