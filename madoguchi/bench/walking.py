"""Figures of a script: a hundred thousand walks of one version, counted as its page counts them.

They are written in short transactions, so that the desk goes on, and removed again. The floor
counts the same latest walks in bare SQL.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from madoguchi.bench.inside import seconds
from madoguchi.catalog.models import Category
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import access_of
from madoguchi.people.models import Membership
from madoguchi.scripts.figures import MOST, figures
from madoguchi.scripts.models import Script, ScriptVersion, Stay, Walk

_STEPS = 8
_SUMS = "SELECT step, COUNT(DISTINCT walk_id), AVG(seconds) FROM scripts_stay"
_PERIOD = timedelta(days=90)


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: how many ``walks``, and how often each is measured. Seconds of each."""
    staff = Membership.objects.select_related("staff").filter(team=None).order_by("pk")[0].staff
    access, since = access_of(staff), timezone.now() - _PERIOD
    version = _write(order["walks"], timezone.now())
    try:
        taken: dict[str, Any] = {"figures": [], "floor": [], "walks": order["walks"]}
        for _time in range(order["times"]):
            taken["figures"].append(seconds(lambda: figures(version, since=since, access=access)))
            taken["floor"].append(seconds(lambda: _bare(version, since)))
        return taken | {"counted": figures(version, since=since, access=access).walks}
    finally:
        _remove(version)


def _write(how_many: int, now: datetime) -> ScriptVersion:
    """Walks of the desk's own contacts over the period, each through some of the steps, one in eight never ended."""
    keys = [f"s{place}" for place in range(_STEPS)]
    category = Category.objects.filter(script=None).order_by("pk")[0]
    version = ScriptVersion.objects.create(
        script=Script.objects.create(category=category),
        number=1,
        definition={"steps": [{"kind": "say", "key": key, "text": key} for key in keys]},
        state=ScriptVersion.State.ON,
        effective_from=now - _PERIOD,
        at=now - _PERIOD,
    )
    contacts = list(Interaction.objects.order_by("-pk").values_list("pk", flat=True)[:how_many])
    outcomes = [*Walk.Outcome.values, *Walk.Outcome.values[:3], ""]
    for first in range(0, how_many, 5_000):
        walks = [
            Walk(
                interaction_id=contacts[place % len(contacts)],
                round=1_000 + place // len(contacts),
                version=version,
                here=keys[place % _STEPS],
                started_at=now - _PERIOD * (place / how_many),
                outcome=outcomes[place % len(outcomes)],
            )
            for place in range(first, min(first + 5_000, how_many))
        ]
        Walk.objects.bulk_create(walks, batch_size=500)
        stays = [
            Stay(walk=walk, step=key, entered_at=walk.started_at, seconds=10 + place)
            for walk in walks
            for place, key in enumerate(keys[: keys.index(walk.here) + 1])
        ]
        Stay.objects.bulk_create(stays, batch_size=500)
    return version


def _remove(version: ScriptVersion) -> None:
    with connection.cursor() as cursor:
        walks = "SELECT id FROM scripts_walk WHERE version_id = %s"
        cursor.execute(f"DELETE FROM scripts_stay WHERE walk_id IN ({walks})", [version.pk])
        cursor.execute("DELETE FROM scripts_walk WHERE version_id = %s", [version.pk])
    version.script.delete()


def _bare(version: ScriptVersion, since: datetime) -> None:
    latest = (
        f"SELECT id FROM scripts_walk WHERE version_id = %s AND started_at >= %s ORDER BY started_at DESC LIMIT {MOST}"
    )
    with connection.cursor() as cursor:
        for asked in (
            f"SELECT outcome, here, COUNT(*) FROM scripts_walk WHERE id IN ({latest}) GROUP BY outcome, here",
            f"{_SUMS} WHERE walk_id IN ({latest}) GROUP BY step",
        ):
            cursor.execute(asked, [version.pk, since])
            cursor.fetchall()
