"""Taking in what a source says of the directory: all of it, or nothing."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.actions import link_topic
from madoguchi.directory.changes import MOST_VANISHING, Change, Kind, Plan, RequesterChange
from madoguchi.directory.plan import plan as work_out
from madoguchi.foundation.prepared import insert, update
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions import add_department, add_topic, change_department, change_topic, order_chain
from madoguchi.people.actions.persons import organization_called
from madoguchi.people.models import Contact, Department, EmailAddress, Organization, PhoneNumber, Topic


@transaction.atomic
def apply(plan: Plan, *, by: Actor, most_vanishing: float = MOST_VANISHING, confirmed: bool = False) -> Plan:
    """Do what the plan says, if it still is what would change; the plan as it was done.

    Refused when the directory has changed since, and when more than the share ``most_vanishing`` of the contacts would
    vanish, unless ``confirmed``. Thousands of contacts are written at once, with one entry for all; departments, topics
    and chains by their own acts.
    """
    list(Department.objects.select_for_update().order_by("pk").values_list("pk"))  # one at a time
    fresh = work_out(plan.records, source=plan.source, complete=plan.complete)
    if fresh.fingerprint != plan.fingerprint:
        raise Refused(
            _("The directory has changed in the meantime. Look at the changes once more."), code="changed", status=409
        )
    if fresh.stops(most_vanishing) and not confirmed:
        raise Refused(
            _("%(gone)d of %(known)d contacts would vanish. Confirm that if it is right.")
            % {"gone": fresh.vanishing, "known": fresh.known},
            code="vanishing",
            status=409,
        )
    if fresh.is_empty:
        return fresh
    for unit in fresh.departments:
        told = {name: after for name, (_before, after) in unit.fields.items() if name != "manager"}
        if unit.is_new:
            unit.row.pk = add_department(by=by, **{"key": unit.row.key, "name": unit.row.name, **told}).pk
        else:
            change_department(Department.objects.get(pk=unit.row.pk), by=by, **told)
    _write_contacts(fresh.contacts)
    for unit in fresh.departments:
        if "manager" in unit.fields:
            change_department(Department.objects.get(pk=unit.row.pk), by=by, manager=unit.fields["manager"][1])
    for subject in fresh.topics:
        told = {name: after for name, (_before, after) in subject.fields.items()}
        topic, department = subject.row, subject.row.department
        if subject.is_new:
            topic.pk = add_topic(department, by=by, **{"key": topic.key, "name": topic.name, **told}).pk
        else:
            change_topic(Topic.objects.get(pk=topic.pk), by=by, **told)
    for topic, _before, categories in fresh.links:
        link_topic(topic, categories, by=by)
    for chain in fresh.chains:
        order_chain(chain.department, chain.after, topic=chain.topic, by=by)
    _write_requesters(fresh.requesters)
    data = {"source": fresh.source, "complete": fresh.complete, "refused": len(fresh.refused), **fresh.counts}
    data["contacts"] = {str(change.row.pk): str(change.kind) for change in fresh.contacts}
    data["requesters"] = len(fresh.requesters)
    departments = {change.row.department_id: change.row.department for change in fresh.contacts}
    record("directory.taken_in", by=by, about=departments.values(), data=data)
    return fresh


def _write_contacts(changes: list[Change[Contact]]) -> None:
    for change in changes:
        contact, deputy = change.row, change.row.deputy
        contact.department = contact.department  # a new one has its id by now
        contact.refresh_search()
        if change.is_new:
            contact.deputy = None
            insert(contact)
            contact.deputy = deputy
            continue
        fields = change.fields.keys() - {"deputy"}
        if change.kind is Kind.MOVED:
            contact.position = None
            fields |= {"position"}
            contact.topic_links.all().delete()
            Department.objects.filter(manager=contact).exclude(pk=contact.department_id).update(manager=None)
        update(contact, [*sorted(fields), "search"])
    for change in changes:
        if "deputy" in change.fields:
            change.row.deputy = change.row.deputy
            update(change.row, ["deputy"])


def _write_requesters(changes: list[RequesterChange]) -> None:
    organizations: dict[str, Organization] = {}
    for change in changes:
        person, fields = change.person, set(change.fields)
        if change.organization:
            if change.organization not in organizations:
                organizations[change.organization] = organization_called(change.organization)
            person.organization = organizations[change.organization]
            fields.add("organization")
        person.refresh_search()
        if change.email:
            insert(person)
            insert(EmailAddress(person=person, address=change.email))
        elif fields:
            update(person, [*sorted(fields), "search"])
        for number, label in change.numbers.items():
            insert(PhoneNumber(person=person, number=number, label=label[:40]))
