"""Teams, departments and the contacts who are asked there. What is no longer used is deactivated, never deleted."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import Contact, Department, Team

_TEAM = frozenset({"key", "name", "name_en", "line", "is_partner", "is_active", "position", "calendar"})
_DEPARTMENT = frozenset({"key", "name", "name_en", "topics", "is_active", "calendar"})
_CONTACT = frozenset({"name", "kana", "email", "phone", "note", "is_active", "calendar"})


@transaction.atomic
def add_team(*, by: Actor, **fields: Any) -> Team:
    """A new queue of work; ``fields`` as in ``change_team``."""
    team = Team()
    apply(team, fields, allowed=_TEAM)
    _key_is_free(team)
    team.save()
    record("team.added", by=by, about=[team], data={"name": team.name})
    return team


@transaction.atomic
def change_team(team: Team, *, by: Actor, **changes: Any) -> Team:
    """Correct ``key name name_en line is_partner is_active position calendar``."""
    if changed := apply(team, changes, allowed=_TEAM):
        _key_is_free(team)
        team.save(update_fields=changed)
        record("team.changed", by=by, about=[team], data={"fields": changed})
    return team


@transaction.atomic
def add_department(*, by: Actor, **fields: Any) -> Department:
    """A part of the company that is asked; ``fields`` as in ``change_department``."""
    department = Department()
    apply(department, fields, allowed=_DEPARTMENT)
    _key_is_free(department)
    department.save()
    record("department.added", by=by, about=[department], data={"name": department.name})
    return department


@transaction.atomic
def change_department(department: Department, *, by: Actor, **changes: Any) -> Department:
    """Correct ``key name name_en topics is_active calendar``."""
    if changed := apply(department, changes, allowed=_DEPARTMENT):
        _key_is_free(department)
        department.save(update_fields=changed)
        record("department.changed", by=by, about=[department], data={"fields": changed})
    return department


@transaction.atomic
def add_contact(department: Department, *, by: Actor, **fields: Any) -> Contact:
    """Somebody more to ask, last in the chain."""
    contact = Contact(department=department)
    apply(contact, _clean(fields), allowed=_CONTACT)
    last = Contact.objects.filter(department=department).order_by("-position").first()
    contact.position = last.position + 1 if last else 1
    contact.save()
    record("department.contact_added", by=by, about=[department], data={"name": contact.name})
    return contact


@transaction.atomic
def change_contact(contact: Contact, *, by: Actor, **changes: Any) -> Contact:
    """Correct ``name kana email phone note is_active calendar``; somebody inactive is asked no more."""
    if changed := apply(contact, _clean(changes), allowed=_CONTACT):
        contact.save(update_fields=changed)
        data = {"name": contact.name, "fields": changed}
        record("department.contact_changed", by=by, about=[contact.department], data=data)
    return contact


@transaction.atomic
def move_contact(contact: Contact, *, up: bool, by: Actor) -> None:
    """One place earlier or later in the chain; at its end nothing happens."""
    chain = list(
        Contact.objects.select_for_update().filter(department=contact.department_id).order_by("position", "id")
    )
    here = next(place for place, row in enumerate(chain) if row.pk == contact.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(chain):
        return
    chain[here], chain[there] = chain[there], chain[here]
    for position, row in enumerate(chain, start=1):
        row.position = position
    Contact.objects.bulk_update(chain, ["position"])
    record("department.contacts_ordered", by=by, about=[contact.department], data={"order": [row.pk for row in chain]})


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    clean = dict(fields)
    if written := clean.get("phone", ""):
        clean["phone"] = phone.normalise(written)
        if not clean["phone"]:
            raise Refused(_("“%(number)s” is not a telephone number.") % {"number": written[:60]}, code="number")
    if "kana" in clean:
        clean["kana"] = to_hiragana(clean["kana"])
    return clean


def _key_is_free(row: Team | Department) -> None:
    rows = Team.objects.all() if isinstance(row, Team) else Department.objects.all()
    if rows.filter(key=row.key).exclude(pk=row.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": row.key}, code="key_taken", status=409)
