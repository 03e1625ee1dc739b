"""Promising: a policy is made, gets a new version, ends; those a new desk begins with; a deadline of one ticket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category
from madoguchi.clocks.book import changed
from madoguchi.clocks.models import Kind, Policy, PolicyVersion, Recalculation
from madoguchi.clocks.queries import clocks_of
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.lock import lock, require_active
from madoguchi.tickets.models import Priority, Ticket, WaitingFor

PAUSES = (WaitingFor.REQUESTER, WaitingFor.VENDOR, WaitingFor.DATE)
_LONGEST = 366 * 24 * 3600
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Promise:
    """What a version says. Empty conditions fit everything."""

    kind: str
    name: str
    target_s: int
    name_en: str = ""
    category: Category | None = None
    priorities: Sequence[str] = ()
    service_class: str = ""
    team: Team | None = None
    calendar_of: str = PolicyVersion.CalendarOf.DEFAULT
    calendar: Calendar | None = None
    warn_at: Sequence[int] = (50, 80)
    pauses_for: Sequence[str] = (WaitingFor.REQUESTER,)
    reopen: str = PolicyVersion.Reopen.GOES_ON
    tell: str = PolicyVersion.Tell.ASSIGNEE
    at_once: bool = False
    is_active: bool = True


@transaction.atomic
def promise(
    what: Promise, *, by: Staff | None, policy: Policy | None = None, for_running: bool = False
) -> PolicyVersion:
    """Make a policy, or its next version: for what starts from now on and, with ``for_running``, for what runs, too.

    Refuses what cannot be kept or understood. The kind of a policy never changes. The same again changes nothing.
    """
    _check(what)
    former = _latest(policy) if policy is not None else None
    if former is not None and former.kind != what.kind:
        raise Refused(_("A policy keeps its kind. Make another one."), code="kind", field="kind")
    values = _values(what)
    if former is not None and not for_running and all(getattr(former, name) == value for name, value in values.items()):
        return former
    version = _next_version(policy or Policy.objects.create(), former, values, for_running=for_running, by=by)
    if by is not None:
        record(
            "policy.changed" if former else "policy.added",
            by=by,
            about=[version.policy, version.team, version.category],
            data={"name": version.name, "kind": version.kind, "number": version.number, "for_running": for_running},
        )
    return version


@transaction.atomic
def end_policy(policy: Policy, *, by: Staff, for_running: bool = False) -> PolicyVersion:
    """Nothing is promised any more for what starts from now on; the versions before stay."""
    former = _latest(policy)
    if not former.is_active:
        raise Refused(_("This policy has already ended."), code="ended", status=409)
    values = {name: getattr(former, name) for name in _COLUMNS} | {"is_active": False}
    version = _next_version(policy, former, values, for_running=for_running, by=by)
    record("policy.ended", by=by, about=[policy], data={"name": version.name, "for_running": for_running})
    return version


def make_default_policies() -> int:
    """What a new desk promises, by priority; nothing when there is any policy. How many were made.

    They hold for tickets of any age, but nothing is told of what was late before they were made.
    """
    if Policy.objects.exists():
        return 0
    made = [promise(what, by=None) for what in _DEFAULTS]
    PolicyVersion.objects.filter(pk__in=[version.pk for version in made]).update(valid_from=_EVER)
    changed()
    return len(made)


@transaction.atomic
def start_clock(
    ticket: Ticket, *, kind: str, target_s: int, working: bool, names: Mapping[str, str], by: Actor, text: str = ""
) -> bool:
    """A rule sets a deadline for this ticket alone; False when one that it set still runs, which stands.

    ``kind`` is ``next_update`` or ``resolution``: it ends when the requester hears from us, or when it is resolved.
    ``target_s`` counts in the working time of the team that holds the ticket, or by the clock on the wall. ``names``
    are the rule's, in both languages.
    """
    ticket = lock(ticket)
    require_active(ticket)
    own = [reading.demand for reading in clocks_of(ticket).all if reading.ended_at is None and reading.demand]
    if any((demand.rule, demand.kind) == (by.actor_id, kind) for demand in own):
        return False
    record(
        "clock.started",
        by=by,
        about=[ticket, ticket.holder_team],
        data={
            "clock": kind,
            "target_s": target_s,
            "working": working,
            "team": ticket.holder_team_id,
            "rule": by.actor_id,
            "names": dict(names),
            "text": text,
        },
    )
    return True


@transaction.atomic
def tell_from_now_on() -> None:
    """Nothing is told of moments that lie behind us: for a desk whose past was written or brought along in bulk."""
    PolicyVersion.objects.update(tell_from=timezone.now())
    changed()


_COLUMNS = (
    *("kind", "name", "name_en", "category", "priorities", "service_class", "team", "target_s", "calendar_of"),
    *("calendar", "warn_at", "pauses_for", "reopen", "tell", "at_once", "is_active"),
)


def _values(what: Promise) -> dict[str, Any]:
    own = what.calendar_of == PolicyVersion.CalendarOf.OWN
    return {name: getattr(what, name) for name in _COLUMNS} | {
        "name": what.name.strip()[:100],
        "name_en": what.name_en.strip()[:100],
        "service_class": what.service_class.strip(),
        "priorities": [level for level in Priority.values if level in what.priorities],
        "warn_at": sorted(set(what.warn_at)),
        "pauses_for": [whom.value for whom in PAUSES if whom in what.pauses_for],
        "calendar": what.calendar if own else None,
    }


def _next_version(
    policy: Policy, former: PolicyVersion | None, values: dict[str, Any], *, for_running: bool, by: Staff | None
) -> PolicyVersion:
    """The version that holds from now on; with ``for_running`` what runs is worked out anew."""
    now = timezone.now()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=former.number + 1 if former else 1,
        valid_from=now,
        for_running=for_running,
        tell_from=former.tell_from if former else now,
        made_by=by,
        made_at=now,
        **values,
    )
    changed()
    if for_running:
        Recalculation.objects.create()
    return version


def _latest(policy: Policy) -> PolicyVersion:
    Policy.objects.select_for_update().get(pk=policy.pk)
    latest = policy.versions.select_related("category", "team", "calendar").order_by("-number").first()
    assert latest is not None
    return latest


def _check(what: Promise) -> None:
    if what.kind not in Kind.values:
        raise Refused(_("Choose which deadline it is about."), code="kind", field="kind")
    if not what.name.strip():
        raise Refused(_("Give the policy a name."), code="name", field="name")
    if not 0 < what.target_s <= _LONGEST:
        raise Refused(_("A target lasts between a minute and a year."), code="target", field="target")
    if any(not 0 < percent < 100 for percent in what.warn_at) or len(set(what.warn_at)) > 5:
        raise Refused(_("Warnings are at most five, each between 1 and 99 per cent."), code="warn_at", field="warn_at")
    if what.calendar_of not in PolicyVersion.CalendarOf.values or (
        what.calendar_of == PolicyVersion.CalendarOf.OWN and what.calendar is None
    ):
        raise Refused(_("Choose the calendar in which the time counts."), code="calendar", field="calendar")
    if what.reopen not in PolicyVersion.Reopen.values or what.tell not in PolicyVersion.Tell.values:
        raise Refused(_("Choose one of what is offered."), code="choice", field="tell")
    if set(what.priorities) - set(Priority.values) or set(what.pauses_for) - {whom.value for whom in PAUSES}:
        raise Refused(_("Choose one of what is offered."), code="choice", field="priorities")


_MINUTE, _HOUR = 60, 3600
_URGENT, _HIGH, _LOW = [Priority.URGENT.value], [Priority.HIGH.value], [Priority.LOW.value]
_LEADERS = PolicyVersion.Tell.SUPERVISORS
_BOTH = PolicyVersion.Tell.BOTH
_TEAM = PolicyVersion.CalendarOf.TEAM
_DEFAULTS = (  # the most pressing first: of policies with as many conditions the older one wins and stands above
    Promise(
        *(Kind.FIRST_RESPONSE, "初回応答（緊急）", 30 * _MINUTE, "First response, urgent"),
        priorities=_URGENT,
        tell=_BOTH,
        at_once=True,
    ),
    Promise(Kind.FIRST_RESPONSE, "初回応答（高）", 1 * _HOUR, "First response, high", priorities=_HIGH),
    Promise(Kind.FIRST_RESPONSE, "初回応答", 4 * _HOUR, "First response"),
    Promise(Kind.NEXT_UPDATE, "次の連絡（緊急）", 2 * _HOUR, "Next update, urgent", priorities=_URGENT, warn_at=[80]),
    Promise(Kind.NEXT_UPDATE, "次の連絡（高）", 4 * _HOUR, "Next update, high", priorities=_HIGH, warn_at=[80]),
    Promise(Kind.NEXT_UPDATE, "次の連絡（低）", 24 * _HOUR, "Next update, low", priorities=_LOW, warn_at=[80]),
    Promise(Kind.NEXT_UPDATE, "次の連絡", 8 * _HOUR, "Next update", warn_at=[80]),
    Promise(
        *(Kind.RESOLUTION, "解決（緊急）", 4 * _HOUR, "Resolution, urgent"),
        priorities=_URGENT,
        tell=_BOTH,
        at_once=True,
    ),
    Promise(Kind.RESOLUTION, "解決（高）", 8 * _HOUR, "Resolution, high", priorities=_HIGH),
    Promise(Kind.RESOLUTION, "解決（低）", 40 * _HOUR, "Resolution, low", priorities=_LOW),
    Promise(Kind.RESOLUTION, "解決", 24 * _HOUR, "Resolution"),
    Promise(
        *(Kind.ACCEPTANCE, "受け取り（緊急）", 15 * _MINUTE, "Acceptance, urgent"),
        priorities=_URGENT,
        calendar_of=_TEAM,
        tell=_LEADERS,
        at_once=True,
        warn_at=[80],
    ),
    Promise(Kind.ACCEPTANCE, "受け取り", 1 * _HOUR, "Acceptance", calendar_of=_TEAM, tell=_LEADERS, warn_at=[80]),
    Promise(Kind.HOLDING, "担当時間", 16 * _HOUR, "Holding time", calendar_of=_TEAM, warn_at=[80]),
    Promise(Kind.ANSWER, "部署からの回答", 8 * _HOUR, "Answer of a department"),
    Promise(Kind.CALL_BACK, "折り返し", 1 * _HOUR, "Call-back", tell=_BOTH, at_once=True, warn_at=[80]),
)
