"""Departments, their topics and the contacts who are asked. What is no longer used is deactivated, never deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import Contact, ContactAbsence, ContactChannel, Department, Topic, TopicContact

_DEPARTMENT = frozenset(
    {"key", "name", "name_en", "kana", "about", "phone", "is_active", "is_partner", "calendar", "answer_within_s"}
    | {"manager", "team", "origin"}
)
_CONTACT = frozenset(
    {"name", "kana", "title", "is_shared", "email", "phone", "extension", "mobile", "chat_url", "channels", "note"}
    | {"is_active", "is_confirmed", "calendar", "deputy", "origin"}
)
_TOPIC = frozenset({"key", "name", "name_en", "words", "answer_within_s", "position", "is_active"})


@transaction.atomic
def add_department(*, by: Actor, **fields: Any) -> Department:
    """A part of the company that is asked; ``fields`` as in ``change_department``."""
    department = Department()
    apply(department, cleaned(fields), allowed=_DEPARTMENT)
    _key_is_free(department)
    department.refresh_search()
    department.save()
    record("department.added", by=by, about=[department], data={"name": department.name})
    return department


@transaction.atomic
def change_department(department: Department, *, by: Actor, **changes: Any) -> Department:
    """Correct ``key name name_en kana about phone is_active is_partner calendar answer_within_s manager team``."""
    if changed := apply(department, cleaned(changes), allowed=_DEPARTMENT):
        _key_is_free(department)
        department.refresh_search()
        department.save(update_fields=[*changed, "search"])
        record("department.changed", by=by, about=[department], data={"fields": changed})
    return department


@transaction.atomic
def add_topic(department: Department, *, by: Actor, **fields: Any) -> Topic:
    """Something more that the department is asked about; ``fields`` as in ``change_topic``."""
    topic = Topic(department=department)
    apply(topic, fields, allowed=_TOPIC)
    _topic_key_is_free(topic)
    topic.refresh_search()
    topic.save()
    record("department.topic_added", by=by, about=[department], data={"topic": topic.pk, "name": topic.name})
    return topic


@transaction.atomic
def change_topic(topic: Topic, *, by: Actor, **changes: Any) -> Topic:
    """Correct ``key name name_en words answer_within_s position is_active``."""
    if changed := apply(topic, changes, allowed=_TOPIC):
        _topic_key_is_free(topic)
        topic.refresh_search()
        topic.save(update_fields=[*changed, "search"])
        data = {"topic": topic.pk, "name": topic.name, "fields": changed}
        record("department.topic_changed", by=by, about=[topic.department], data=data)
    return topic


@transaction.atomic
def add_contact(department: Department, *, by: Actor, in_chain: bool = True, **fields: Any) -> Contact:
    """Somebody more to ask, last in the chain, or only known there; ``fields`` as in ``change_contact``."""
    contact = Contact(department=department)
    apply(contact, cleaned(fields), allowed=_CONTACT)
    if in_chain:
        last = _chain(department).last()
        contact.position = (last.position or 0) + 1 if last else 1
    contact.refresh_search()
    contact.save()
    record("department.contact_added", by=by, about=[department], data={"contact": contact.pk, "name": contact.name})
    return contact


@transaction.atomic
def change_contact(contact: Contact, *, by: Actor, from_server: bool = False, **changes: Any) -> Contact:
    """Correct ``name kana title is_shared email phone extension mobile chat_url channels note is_active is_confirmed
    calendar deputy``; somebody inactive is asked no more. ``from_server``: so says a directory server, which may say
    otherwise later.
    """
    if changed := apply(contact, cleaned(changes), allowed=_CONTACT):
        contact.refresh_search()
        if "is_active" in changed:
            contact.stays_off = not (contact.is_active or from_server)
        contact.save(update_fields=[*changed, "search", "stays_off"])
        data = {"contact": contact.pk, "name": contact.name, "fields": changed}
        record("department.contact_changed", by=by, about=[contact.department], data=data)
    return contact


@transaction.atomic
def order_chain(department: Department, contacts: Sequence[Contact], *, topic: Topic | None = None, by: Actor) -> None:
    """Ask these contacts in this order, and no others: for everything, or for one ``topic`` (none: as the department).

    Who is left out of the department's chain stays known; who is put in is confirmed by it. The same order again
    changes nothing.
    """
    strangers = [contact.name for contact in contacts if contact.department_id != department.pk]
    if strangers:
        raise Refused(
            _("%(name)s does not belong to this department.") % {"name": strangers[0]}, code="other_department"
        )
    order = list(dict.fromkeys(contact.pk for contact in contacts))
    Department.objects.select_for_update().get(pk=department.pk)
    if topic is None:
        before = list(_chain(department).values_list("pk", flat=True))
        if order == before:
            return
        Contact.objects.filter(department=department).exclude(pk__in=order).update(position=None)
        for position, pk in enumerate(order, start=1):
            Contact.objects.filter(pk=pk).update(position=position)
    else:
        before = list(topic.links.order_by("position", "id").values_list("contact", flat=True))
        if order == before:
            return
        topic.links.all().delete()
        TopicContact.objects.bulk_create(
            TopicContact(topic=topic, contact_id=pk, position=position) for position, pk in enumerate(order, start=1)
        )
    Contact.objects.filter(pk__in=order, is_confirmed=False).update(is_confirmed=True)
    data = {"topic": topic.pk if topic else None, "order": order, "before": before}
    record("department.contacts_ordered", by=by, about=[department], data=data)


@transaction.atomic
def note_contact_absence(
    contact: Contact,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    deputy: Contact | None = None,
    note: str = "",
    by: Actor,
) -> ContactAbsence:
    """A contact is away; ``deputy`` is asked instead, else the contact's own deputy, else the next in the chain."""
    if ends_at is not None and ends_at <= starts_at:
        raise Refused(_("The end must come after the beginning."), code="ends_before_start", field="ends_at")
    if deputy == contact:
        raise Refused(_("Nobody can stand in for themselves."), code="own_deputy", field="deputy")
    absence = ContactAbsence.objects.create(
        contact=contact, starts_at=starts_at, ends_at=ends_at, deputy=deputy, note=note.strip()
    )
    data = {
        "contact": contact.pk,
        "name": contact.name,
        "from": starts_at.isoformat(),
        "until": ends_at.isoformat() if ends_at else None,
    }
    record("department.contact_away", by=by, about=[contact.department], data=data)
    return absence


@transaction.atomic
def end_contact_absence(absence: ContactAbsence, *, at: datetime, by: Actor) -> None:
    """Back from ``at`` on, or (it had not begun) not away after all."""
    if absence.starts_at >= at:
        absence.delete()
    else:
        absence.ends_at = at
        absence.save(update_fields=["ends_at"])
    contact = absence.contact
    data = {"contact": contact.pk, "name": contact.name}
    record("department.contact_back", by=by, about=[contact.department], data=data)


def _chain(department: Department) -> Any:
    return Contact.objects.filter(department=department, position__isnull=False).order_by("position", "id")


def cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a department or a contact as they are kept; Refused for what is no number or no channel."""
    clean = dict(fields)
    for name in ("phone", "mobile"):
        if written := clean.get(name, ""):
            clean[name] = phone.normalise(written)
            if not clean[name]:
                raise Refused(
                    _("“%(number)s” is not a telephone number.") % {"number": written[:60]}, code="number", field=name
                )
    if "kana" in clean:
        clean["kana"] = to_hiragana(clean["kana"])
    if "channels" in clean:
        wrong = [kind for kind in clean["channels"] if kind not in ContactChannel.values]
        if wrong:
            raise Refused(_("“%(kind)s” is no way to reach somebody.") % {"kind": str(wrong[0])[:40]}, code="channel")
        clean["channels"] = list(dict.fromkeys(clean["channels"]))
    return clean


def _key_is_free(department: Department) -> None:
    if Department.objects.filter(key=department.key).exclude(pk=department.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": department.key}, code="key_taken", status=409)


def _topic_key_is_free(topic: Topic) -> None:
    if Topic.objects.filter(department=topic.department_id, key=topic.key).exclude(pk=topic.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": topic.key}, code="key_taken", status=409)
