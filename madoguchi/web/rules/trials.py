"""A rule tried on the past: asked for, its progress, what came of it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.rules import words
from madoguchi.rules.actions.try_rule import ask_for_trial
from madoguchi.rules.definition import parse
from madoguchi.rules.models import Rule, Trial, in_language_of_page
from madoguchi.rules.world import Labels
from madoguchi.tickets.models import Ticket
from madoguchi.web.rules.views import rule_or_404
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page


@guard(Capability.WRITE_RULES)
@require_POST
def ask(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Try the rule as it stands on the last days."""
    rule = rule_or_404(request, rule_id)
    days = row_number(request.POST.get("days", "30"))
    if days is None:
        raise Refused(_("Give the days as a number."), code="days", field="days")
    trial = ask_for_trial(definition=rule.definition, name=rule.name, days=days, rule=rule, by=request.user)
    return go(request, reverse("rules:trial", args=[trial.pk]))


@guard(Capability.WRITE_RULES)
@require_GET
def trial_page(request: StaffRequest, trial_id: int) -> HttpResponse:
    """How far it is; then the figures, drawn, and the tickets."""
    trial = get_object_or_404(Trial.objects.select_related("rule", "staff"), pk=trial_id)
    running = trial.state in {Trial.State.QUEUED, Trial.State.RUNNING}
    context: dict[str, Any] = {
        "trial": trial,
        "running": running,
        "sentence": words.sentence(parse(trial.definition), Labels()) if trial.state != Trial.State.FAILED else "",
        "result": trial.result,
        "rows": _rows(request, trial),
        "days": _days(trial),
        "ready": _may_be_switched_on(trial),
    }
    return page(request, "rules/trial.html", context)


def _may_be_switched_on(trial: Trial) -> bool:
    """Whether this is how the rule stands, and it is not on yet."""
    rule = trial.rule
    if rule is None or trial.state != Trial.State.DONE:
        return False
    return rule.state != Rule.State.ON and rule.definition == trial.definition


def _rows(request: StaffRequest, trial: Trial) -> list[dict[str, Any]]:
    """The tickets it would have fired on, with their subjects; one query."""
    hits = (trial.result or {}).get("hits", [])
    tickets = Ticket.objects.visible_to(request.access).only("subject").in_bulk([hit["ticket"] for hit in hits])
    return [
        {
            **hit,
            "at": parse_datetime(hit["at"]),
            "subject": tickets[hit["ticket"]].subject,
            "because": in_language_of_page(hit["because"]),
        }
        for hit in hits
        if hit["ticket"] in tickets
    ]


def _days(trial: Trial) -> list[tuple[str, int, float]]:
    """(day, tickets, share of the busiest day)."""
    days = (trial.result or {}).get("days", [])
    most = max((count for _day, count in days), default=1)
    return [(day, count, count / most) for day, count in days]
