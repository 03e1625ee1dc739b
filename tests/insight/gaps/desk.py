"""What happens at the desk, in a line each, for the tests of gaps."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.gaps import work
from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.journal.models import Mention
from madoguchi.knowledge.models import Article, Place, Search
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def ticket(cast: Cast, subject: str, front: Team | None = None) -> Ticket:
    return open_ticket(
        subject=subject, body="困っている", channel="mail", category=cast.general, front_team=front, by=cast.sato
    )


def handed(cast: Cast, subject: str) -> Ticket:
    row = ticket(cast, subject)
    offer(row, to_team=cast.network, reason="専門外", reason_code="beyond_knowledge", by=cast.sato)
    return row


def solved(cast: Cast, subject: str, reason: str = "no_article", article: Article | None = None) -> Ticket:
    row = ticket(cast, subject)
    return resolve(row, resolution="調べて回答", no_article_reason=reason, article=article, by=cast.sato)


def searched(by: Staff, text: str, *, found: int = 0, hours: float = 2) -> Search:
    at = timezone.now() - timedelta(hours=hours)
    return Search.objects.create(place=Place.KNOWLEDGE, staff=by, text=text, found=found, begun_at=at, typed_at=at)


def worked() -> None:
    """All steps. PostgreSQL's tail gives what is committed, so inside a test's transaction it is told what happened."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        happened = Mention.objects.filter(kind="ticket", entry__kind__in=work._FOLLOWED)
        work._queue("ticket", happened.order_by("ref").values_list("ref", flat=True).distinct())
    while work.step():
        pass


def partition() -> set[tuple[str, frozenset[str]]]:
    """(title, texts) of every gap."""
    return {(gap.title, frozenset(f"{row.kind}:{row.ref}" for row in gap.evidence.all())) for gap in Gap.objects.all()}


def gap_of(row: Ticket) -> Gap:
    gap = Evidence.objects.get(ticket=row).gap
    assert gap is not None
    return gap
