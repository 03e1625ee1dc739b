"""Teams. What is no longer used is deactivated, never deleted."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import Team

_TEAM = frozenset(
    {"key", "name", "name_en", "line", "is_partner", "is_active", "position", "calendar", "outside_hours"}
)


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
def change_team(team: Team, *, by: Actor, also_past: bool = False, **changes: Any) -> Team:
    """Correct ``key name name_en line is_partner is_active position calendar outside_hours``.

    Another calendar counts for what begins from now on; for what began before, too, only if ``also_past``.
    """
    former = team.calendar_id
    if changed := apply(team, changes, allowed=_TEAM):
        _key_is_free(team)
        team.save(update_fields=changed)
        dated = {"former_calendar": former, "also_past": also_past} if "calendar" in changed else {}
        record("team.changed", by=by, about=[team], data={"fields": changed, **dated})
    return team


def _key_is_free(team: Team) -> None:
    if Team.objects.filter(key=team.key).exclude(pk=team.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": team.key}, code="key_taken", status=409)
