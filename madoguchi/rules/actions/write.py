"""Rules are written, changed, ordered, switched: who did what stays on record."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.written import accepted
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.rules.definition import Definition, OnTime, parse
from madoguchi.rules.models import Due, Rule, RuleVersion


@transaction.atomic
def write_rule(*, name: str, definition: dict[str, Any], by: Actor, name_en: str = "", key: str | None = None) -> Rule:
    """A new rule, as a draft, after the others. Refuses what is no rule."""
    _require_writer(by)
    name, checked = _checked(name, definition)
    last = Rule.objects.aggregate(last=Max("position"))["last"] or 0
    now = timezone.now()
    rule = Rule.objects.create(
        key=key,
        name=name,
        name_en=name_en.strip()[:100],
        definition=checked.written,
        position=last + 10,
        changed_at=now,
    )
    _keep_version(rule, by, now)
    record("rule.added", by=by, about=[rule], data={"name": name})
    return rule


@transaction.atomic
def change_rule(
    rule: Rule, *, name: str, definition: dict[str, Any], by: Staff, name_en: str = "", if_number: int | None = None
) -> Rule:
    """A new version, in force at once when the rule is on. Refuses (409) when it has moved on from ``if_number``."""
    _require_writer(by)
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if if_number is not None and rule.number != if_number:
        raise Refused(
            _("Somebody changed this rule meanwhile. Look at the new version and try again."),
            code="version",
            status=409,
        )
    name, checked = _checked(name, definition)
    name_en = name_en.strip()[:100]
    if (rule.name, rule.name_en, rule.definition) == (name, name_en, checked.written):
        return rule
    now = timezone.now()
    rule.name, rule.name_en, rule.definition = name, name_en, checked.written
    rule.number, rule.changed_at = rule.number + 1, now
    rule.scheduled_to = _to_enter(rule, checked)
    rule.save(update_fields=["name", "name_en", "definition", "number", "changed_at", "scheduled_to"])
    Due.objects.filter(rule=rule).delete()
    _keep_version(rule, by, now)
    record("rule.changed", by=by, about=[rule], data={"name": name, "number": rule.number})
    return rule


@transaction.atomic
def switch_rule(rule: Rule, *, state: str, by: Staff) -> Rule:
    """Draft, watching, on, off. Switched on, a time rule also looks at what is open already."""
    _require_writer(by)
    if state not in Rule.State.values:
        raise Refused(_("There is no such state."), code="state", field="state")
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    former = rule.state
    if former == state:
        return rule
    rule.state, rule.changed_at = state, timezone.now()
    rule.scheduled_to = _to_enter(rule, parse(rule.definition))
    rule.save(update_fields=["state", "changed_at", "scheduled_to"])
    if rule.scheduled_to is None:
        Due.objects.filter(rule=rule).delete()
    record("rule.switched", by=by, about=[rule], data={"name": rule.name, "from": former, "to": state})
    return rule


@transaction.atomic
def move_rule(rule: Rule, *, earlier: bool, by: Staff) -> None:
    """One place earlier or later; at the end nothing happens."""
    _require_writer(by)
    order = list(Rule.objects.select_for_update().order_by("position", "id"))
    place = next(index for index, row in enumerate(order) if row.pk == rule.pk)
    other = place + (-1 if earlier else 1)
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for index, row in enumerate(order, start=1):
        if row.position != index * 10:
            row.position = index * 10
            row.save(update_fields=["position"])
    record("rule.moved", by=by, about=[rule], data={"name": rule.name, "earlier": earlier})


def _to_enter(rule: Rule, definition: Definition) -> int | None:
    """From which ticket on the worker has to enter this rule's moments."""
    listens = rule.state in {Rule.State.ON, Rule.State.TRIAL}
    return 0 if listens and isinstance(definition.when, OnTime) else None


def _checked(name: str, definition: dict[str, Any]) -> tuple[str, Definition]:
    name = " ".join(name.split())[:100]
    if not name:
        raise Refused(_("Give the rule a name."), code="name_missing", field="name")
    return name, accepted(Definition, definition, otherwise=_("The rule is not complete."))


def _keep_version(rule: Rule, by: Actor, now: datetime) -> None:
    RuleVersion.objects.create(
        rule=rule,
        number=rule.number,
        name=rule.name,
        name_en=rule.name_en,
        definition=rule.definition,
        staff=by if isinstance(by, Staff) else None,
        at=now,
    )


def _require_writer(by: Actor) -> None:
    if isinstance(by, Staff) and not access_of(by).can(Capability.WRITE_RULES):
        raise Refused(_("Only supervisors and administrators write rules."), code="not_writer", status=403)
