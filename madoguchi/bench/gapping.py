"""Gaps: two thousand texts that nobody has touched are grouped anew after one more, and the list is asked for.

Everything happens in one transaction that is rolled back. The floor of the list is its one sum in bare SQL.
"""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from madoguchi.bench.inside import seconds
from madoguchi.insight.gaps.grouping import words_of
from madoguchi.insight.gaps.models import Evidence, Gap, Progress
from madoguchi.insight.gaps.queries import Asked, gap_list
from madoguchi.insight.gaps.work import group, hold
from madoguchi.people.access import access_of
from madoguchi.people.models import Membership
from madoguchi.tickets.models import Ticket

_DAYS = 80


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: how many ``texts``, and how often each is measured. Seconds of each."""
    with transaction.atomic():
        Evidence.objects.all().delete()
        Gap.objects.all().delete()
        hold()
        _write(order["texts"])
        group()
        taken: dict[str, Any] = {"grouping": [], "list": [], "floor": []}
        staff = Membership.objects.select_related("staff").filter(team=None).order_by("pk")[0].staff
        for place in range(order["times"]):
            _write(1, first=order["texts"] + place)
            taken["grouping"].append(seconds(group))
            taken["list"].append(seconds(lambda: gap_list(access_of(staff), Asked())))
            taken["floor"].append(seconds(_bare))
        taken |= {"texts": Evidence.objects.count(), "groups": Gap.objects.count()}
        transaction.set_rollback(True)
    return taken


def _write(how_many: int, *, first: int = 0) -> None:
    """What the desk's own callers say, over the last weeks; each of ten numbers once it is said again."""
    subjects = list(Ticket.objects.order_by("-pk").values_list("subject", flat=True)[:how_many]) or ["印刷できない"]
    now = timezone.now()
    rows = []
    for place in range(first, first + how_many):
        again, at = divmod(place, len(subjects))
        text = f"{subjects[at]} 端末{100 + again % 10}" if again else subjects[at]
        rows.append(
            Evidence(
                kind=Evidence.Kind.SEARCH,
                ref=place,
                text=text,
                words=words_of(text),
                signs=["not_used"],
                at=now - timedelta(days=place % _DAYS, seconds=place),
                seconds=60 * (1 + place % 30),
            )
        )
    Evidence.objects.bulk_create(rows, batch_size=200)
    progress = hold()
    progress.version += 1
    progress.save(update_fields=["version"])
    assert Progress.objects.count() == 1


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gap_id, COUNT(*), SUM(seconds) FROM gaps_evidence GROUP BY gap_id")
        cursor.fetchall()
