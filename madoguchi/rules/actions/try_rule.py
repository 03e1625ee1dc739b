"""A trial is asked for, and run by the worker: a claimed row that tells its progress and survives a killed worker."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.busy import Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.written import accepted
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.problems.set_aside import set_aside
from madoguchi.rules.definition import Definition, parse
from madoguchi.rules.history.journal import histories, tickets_in
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Rule, Trial
from madoguchi.rules.trial import Result

LONGEST = 366
_BATCH = 200


@transaction.atomic
def ask_for_trial(
    *, definition: dict[str, Any], name: str, by: Staff, days: int = 30, rule: Rule | None = None
) -> Trial:
    """Try what stands in the form, saved or not, on the last ``days`` days."""
    if not access_of(by).can(Capability.WRITE_RULES):
        raise Refused(_("Only supervisors and administrators write rules."), code="not_writer", status=403)
    if not 1 <= days <= LONGEST:
        raise Refused(_("A trial looks back 1 to %(days)s days.") % {"days": LONGEST}, code="days", field="days")
    checked = accepted(Definition, definition, otherwise=_("The rule is not complete."))
    return Trial.objects.create(rule=rule, name=name[:100], definition=checked.written, days=days, staff=by)


def run_next_trial(*, now: datetime | None = None) -> bool:
    """Run the oldest trial that waits, or whose worker was killed; whether there was one."""
    moment = now or timezone.now()
    free = Q(state=Trial.State.QUEUED) | Q(state=Trial.State.RUNNING, claimed_until__lt=moment)
    trial = Trial.objects.filter(free).order_by("at", "id").first()
    if trial is None:
        return False
    claimed = Trial.objects.filter(free, pk=trial.pk).update(
        state=Trial.State.RUNNING, claimed_until=moment + Trial.CLAIM, done=0, total=0
    )
    if not claimed:
        return True
    try:
        run_trial(trial)
    except Busy:  # the claim ends by itself, and the trial has another turn
        raise
    except Exception as error:  # noqa: BLE001 (shown on the trial's page; the next trial has its turn)
        problem = set_aside("rules.trial", error, trial=trial.pk)
        Trial.objects.filter(pk=trial.pk).update(
            state=Trial.State.FAILED, problem=problem.pk, ended_at=timezone.now(), claimed_until=None
        )
    return True


def run_trial(trial: Trial) -> None:
    """Fold the tickets in batches and keep what came of it; the claim is renewed with each."""
    until, definition, world, result = trial.at, parse(trial.definition), the_world(), Result()
    since = until - timedelta(days=trial.days)
    ids = tickets_in(since, until)
    Trial.objects.filter(pk=trial.pk).update(total=len(ids))
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        for history in histories(batch, until=until):
            result.add(history, definition, world, since=since, rule=trial.rule_id)
        Trial.objects.filter(pk=trial.pk).update(done=start + len(batch), claimed_until=timezone.now() + Trial.CLAIM)
    Trial.objects.filter(pk=trial.pk).update(
        state=Trial.State.DONE,
        result=result.written(definition, world),
        ended_at=timezone.now(),
        claimed_until=None,
        done=len(ids),
    )
