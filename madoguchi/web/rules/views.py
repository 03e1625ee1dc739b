"""Rules: the list in their order, one rule with what it did, switched on and off."""

import difflib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.journal.models import Entry
from madoguchi.people.access import Capability
from madoguchi.rules import tree, words
from madoguchi.rules.actions.write import move_rule, switch_rule
from madoguchi.rules.conditions import Lasting
from madoguchi.rules.conflicts import conflicts
from madoguchi.rules.definition import Definition, OnTime, ValidationError, parse
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Firing, Rule, RuleVersion
from madoguchi.rules.store import tickets_on_which
from madoguchi.rules.world import Labels
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

FIRINGS = 30
RECENT = timedelta(days=7)


@dataclass
class Shown:
    """A rule as the list shows it."""

    rule: Rule
    sentence: str
    definition: Definition | None
    recent: int = 0
    latest: datetime | None = None
    clashes: list[str] = field(default_factory=list)


@guard(Capability.WRITE_RULES)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """All rules in the order in which they have their turn; the number of queries does not grow with them."""
    since = timezone.now() - RECENT
    counted = Count("firings", filter=Q(firings__at__gte=since, firings__problem=""))
    rules = Rule.objects.visible_to(request.access).annotate(recent=counted, latest=Max("firings__at"))
    rules = rules.order_by("position", "id")
    labels = Labels()
    rows = [_shown(rule, labels) for rule in rules]
    _add_clashes(rows)
    return page(
        request,
        "rules/index.html",
        {
            "rows": rows,
            "on": sum(row.rule.state == Rule.State.ON for row in rows),
            "approvals": Ticket.objects.filter(approval_asked_at__isnull=False).count(),
        },
    )


def _shown(rule: Any, labels: Labels) -> Shown:
    definition = definition_of(rule)
    said = words.sentence(definition, labels) if definition else _("This rule cannot be read any more. Write it anew.")
    return Shown(rule, said, definition, rule.recent, rule.latest)


def definition_of(rule: Rule | RuleVersion) -> Definition | None:
    """What it says, None when it cannot be read."""
    try:
        return parse(rule.definition)
    except ValidationError:
        return None


def _add_clashes(rows: list[Shown]) -> None:
    """Of the rules that listen: which earlier one may decide the same first."""
    active = {row.rule.pk: row for row in rows if row.definition and row.rule.state in {"on", "trial"}}
    found = conflicts([(pk, row.definition) for pk, row in active.items() if row.definition])
    for later, earlier in found.items():
        for pk, what in earlier:
            name = active[pk].rule.label
            active[later].clashes.append(
                _("“%(name)s” comes first and may set the priority otherwise.") % {"name": name}
                if what == "priority"
                else _("“%(name)s” comes first and may send the ticket elsewhere.") % {"name": name}
            )


@guard(Capability.WRITE_RULES)
@require_GET
def rule_page(request: StaffRequest, rule_id: int) -> HttpResponse:
    """What it says, what it did, how it was tried, who changed what."""
    rule = rule_or_404(request, rule_id)
    definition, labels = definition_of(rule), Labels()
    firings = Firing.objects.filter(rule=rule).select_related("ticket").order_by("-at", "-id")[:FIRINGS]
    return page(
        request,
        "rules/rule.html",
        {
            "rule": rule,
            "parts": parts_of(definition, labels) if definition else None,
            "firings": list(firings),
            "trials": list(rule.trials.select_related("staff").order_by("-at")[:5]),
            "history": history_of(rule, labels),
            "days": 30,
        },
    )


def rule_or_404(request: StaffRequest, rule_id: int) -> Rule:
    """The rule, if this person may see it."""
    return get_object_or_404(Rule.objects.visible_to(request.access), pk=rule_id)


def parts_of(definition: Definition, labels: Labels) -> dict[str, Any]:
    """``when``, ``where`` (a list, with ``any`` saying how they join), ``then`` in words."""
    where = definition.where
    joined = where.parts if isinstance(where, tree.All | tree.Any_) else [where]
    return {
        "when": words.when(definition),
        "any": isinstance(where, tree.Any_),
        "where": [words.where(node, labels) for node in joined],
        "then": words.actions(definition, labels),
    }


@dataclass(frozen=True)
class Change:
    """One line of a rule's history: a new version with what it added and dropped, or a switch."""

    at: datetime
    who: str
    what: str | Promise
    added: list[str]
    dropped: list[str]


def history_of(rule: Rule, labels: Labels) -> list[Change]:
    """Who changed what, the latest first; two queries."""
    states = dict(Rule.State.choices)
    switches = Entry.objects.filter(kind="rule.switched", mentions__kind="rule", mentions__ref=rule.pk)
    changes = [
        Change(
            entry.at,
            entry.actor_name,
            _("%(before)s → %(after)s")
            % {
                "before": states.get(entry.data["from"], entry.data["from"]),
                "after": states.get(entry.data["to"], entry.data["to"]),
            },
            [],
            [],
        )
        for entry in switches
    ]
    before: list[str] = []
    for version in rule.versions.select_related("staff").order_by("number"):
        lines = _lines(version, labels)
        diff = list(difflib.ndiff(before, lines)) if before else []
        changes.append(
            Change(
                version.at,
                version.staff.name if version.staff else _("Madoguchi"),
                _("Version %(number)s") % {"number": version.number},
                [line[2:] for line in diff if line.startswith("+ ")],
                [line[2:] for line in diff if line.startswith("- ")],
            )
        )
        before = lines
    return sorted(changes, key=lambda change: change.at, reverse=True)


def _lines(version: RuleVersion, labels: Labels) -> list[str]:
    """A version as lines that can be compared."""
    definition = definition_of(version)
    if definition is None:
        return [version.label]
    parts = parts_of(definition, labels)
    join = _("at least one of") if parts["any"] else _("all of")
    return [
        _("Name: %(words)s") % {"words": version.label},
        _("When: %(words)s") % {"words": parts["when"]},
        *([_("If %(join)s:") % {"join": join}] if len(parts["where"]) > 1 else []),
        *(_("If: %(words)s") % {"words": one} for one in parts["where"]),
        *(_("Then: %(words)s") % {"words": one} for one in parts["then"]),
    ]


@guard(Capability.WRITE_RULES)
@require_POST
def move(request: StaffRequest, rule_id: int) -> HttpResponse:
    """One place earlier or later."""
    move_rule(rule_or_404(request, rule_id), earlier=request.POST.get("to") == "earlier", by=request.user)
    return go(request, reverse("rules:index"))


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def switch(request: StaffRequest, rule_id: int) -> HttpResponse:
    """What will happen when it is switched, and the switch."""
    rule = rule_or_404(request, rule_id)
    wanted = (request.POST if request.method == "POST" else request.GET).get("to", "")
    if wanted not in Rule.State.values:
        raise Http404
    if request.method == "POST":
        switch_rule(rule, state=wanted, by=request.user)
        said = {
            "on": _("The rule is on."),
            "trial": _("The rule watches and does nothing."),
            "off": _("The rule is off."),
        }
        messages.success(request, said.get(wanted, _("Saved.")))
        return go(request, reverse("rules:page", args=[rule.pk]))
    definition = definition_of(rule)
    if definition is None:
        raise Http404
    context = {
        "rule": rule,
        "to": wanted,
        "parts": parts_of(definition, Labels()),
        "at_once": at_once(definition) if wanted in {"on", "trial"} else None,
        "clashes": _clashes_with(rule, definition) if wanted == "on" else [],
        "tried": rule.trials.filter(state="done", definition=rule.definition).order_by("-at").first(),
    }
    return page(request, "rules/switch.html", context)


def at_once(definition: Definition) -> int | None:
    """On how many open tickets a time rule would fire within a minute; None for what waits for something to happen."""
    when = definition.when
    if not isinstance(when, OnTime):
        return None
    lasted = Lasting(state=when.state, seconds=when.seconds, working=when.working)
    return tickets_on_which(tree.All(all=[lasted, definition.where]), the_world()).count()


def _clashes_with(rule: Rule, definition: Definition) -> list[str]:
    """What the list will say about this rule, or about later ones because of it."""
    others = [row for row in Rule.objects.listening() if row.pk != rule.pk]
    rows = sorted([*others, rule], key=lambda row: (row.position, row.pk))
    read = [(row, definition if row.pk == rule.pk else definition_of(row)) for row in rows]
    found = conflicts([(row.pk, one) for row, one in read if one])
    names = {row.pk: row.label for row in rows}
    first = [names[pk] for pk, _what in found.get(rule.pk, [])]
    after = [names[pk] for pk, earlier in found.items() if any(one == rule.pk for one, _what in earlier)]
    return [
        *(_("“%(name)s” comes first: what it decides stands.") % {"name": name} for name in dict.fromkeys(first)),
        *(_("It comes before “%(name)s”: what this rule decides stands.") % {"name": name} for name in after),
    ]
