"""Working out what taking in records would change. Nothing is written; ``actions.apply`` does it as a whole."""

from madoguchi.directory.changes import Change, Plan
from madoguchi.directory.contacts import Pair, plan_contacts
from madoguchi.directory.records import Records
from madoguchi.directory.requesters import plan_requesters
from madoguchi.directory.topics import plan_topics
from madoguchi.directory.working import Working

FILE = "csv"


def plan(records: Records, *, source: str = FILE, complete: bool = False) -> Plan:
    """What would change if ``records`` were taken in; a few queries, however many they are.

    ``source`` says who keeps the entries: its origins begin with ``{source}:``. ``complete``: the records are all there
    is, so whoever of this source is not among them is removed; a file speaks for the departments that it names, and
    removes nobody whom another source keeps, nor anybody at all while a row is refused.
    """
    plan = Plan(records, source, complete, refused=list(records.refused))
    working = Working(plan)
    for told in records.departments:
        working.attempt(working.department, told, line=told.line, text=told.name or told.key)
    pairs = plan_contacts(working, records.contacts)
    plan.unchanged = sum(not one.change.counts for one in pairs)
    plan.contacts = [one.change for one in pairs if one.change.counts]
    plan_topics(working, records.topics, pairs)
    _plan_removals(working, pairs)
    plan.departments = [one for one in working.of_departments.values() if one.counts]
    plan.requesters = plan_requesters(
        [(one.contact, one.record.organization) for one in pairs if one.record.is_requester]
    )
    plan.refused.sort(key=lambda row: row.line)
    return plan


def _plan_removals(working: Working, pairs: list[Pair]) -> None:
    """Who of the source is not named any more."""
    plan, named = working.plan, set(working.of_departments)
    paired = {id(one.contact): one.change for one in pairs}
    kept = plan.records.kept | {told.origin for told in plan.records.contacts if told.origin}
    gone = []
    for contact in (one for contacts in working.contacts.values() for one in contacts):
        change = paired.get(id(contact))
        was_active = change.fields.get("is_active", (contact.is_active,))[0] if change else contact.is_active
        ours = contact.origin.startswith(f"{plan.source}:")
        if plan.source == FILE:
            ours = (ours or not contact.origin) and id(contact.department) in named
        if was_active and ours:
            plan.known += 1
            if change is None and contact.origin not in kept:
                gone.append(contact)
    if not plan.complete or (plan.refused and plan.source == FILE):
        return
    for contact in gone:
        removal = Change(contact)
        removal.note(is_active=False)
        plan.contacts.append(removal)
    for row in working.departments.rows:
        if not row.origin.startswith(f"{plan.source}:") or row.origin in kept:
            continue
        if row.is_active and id(row) not in named:
            working.of_departments[id(row)] = Change(row)
            working.of_departments[id(row)].note(is_active=False)
