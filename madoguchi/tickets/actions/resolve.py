"""An inquiry is answered: resolved, closed, reopened."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge import usage
from madoguchi.knowledge.actions import learn, unlearn
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Staff
from madoguchi.people.standing_in import covered
from madoguchi.search import index
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.actions.write_article import is_new, source_of
from madoguchi.tickets.models import Status, Ticket


@transaction.atomic
def resolve(
    ticket: Ticket,
    *,
    resolution: str,
    by: Staff,
    article: Article | None = None,
    no_article_reason: str = "",
    said_in: Interaction | None = None,
) -> Ticket:
    """Resolve with the article that solved it, or with the reason why there was none.

    Solved at first line means: held by the first line and never handed over. ``said_in`` is the contact in which the
    requester was told. An open offer must be decided or recalled first (409), and an approval given (409).
    """
    if not resolution.strip() and article is None:
        raise Refused(_("Say how it was resolved."), code="resolution_missing", field="resolution")
    ticket = lock(ticket)
    require_active(ticket)
    if ticket.offered_to_id is not None:
        raise Refused(_("This ticket is being offered to a team. Recall the offer first."), code="offered", status=409)
    if ticket.approval_asked_at is not None:
        raise Refused(_("A supervisor has to approve before this ticket is resolved."), code="approval", status=409)
    first_line = ticket.moves == 0 and ticket.holder_team.line == 1
    save(
        ticket,
        status=Status.RESOLVED,
        waiting_for="",
        waiting_until=None,
        resolved_at=timezone.now(),
        resolved_by_team=ticket.holder_team,
        resolved_at_first_line=first_line,
        resolution=resolution.strip(),
        article=article,
        no_article_reason="" if article else no_article_reason.strip()[:200],
    )
    if article is not None:
        learn(article, _words_of(ticket), source=source_of(ticket), by=by)
        usage.link(article, ticket, _words_of(ticket), by=by)
    index.queue("ticket", ticket.pk)
    record(
        "ticket.resolved",
        by=by,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee, article, said_in],
        data={
            "resolution": ticket.resolution,
            "article": article.key if article else None,
            "knowledge": "" if article is None else "new" if is_new(ticket, article) else "known",
            "no_article_reason": ticket.no_article_reason,
            "first_line": first_line,
        },
    )
    return ticket


def _words_of(ticket: Ticket) -> str:
    """What the requester asked, in their words: what the article should be found by next time."""
    said = ticket.messages.filter(from_requester=True).order_by("id").values_list("body", flat=True).first()
    return f"{ticket.subject}\n{said or ''}"


@transaction.atomic
def close(ticket: Ticket, *, by: Actor) -> Ticket:
    """Nothing more is to come. Only a resolved ticket can be closed."""
    ticket = lock(ticket)
    if ticket.status != Status.RESOLVED:
        raise Refused(_("Only a resolved ticket can be closed."), code="not_resolved", status=409)
    save(ticket, status=Status.CLOSED, closed_at=timezone.now())
    record("ticket.closed", by=by, about=[ticket, ticket.holder_team, ticket.front_team])
    return ticket


@transaction.atomic
def reopen(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """It was not solved after all; a merged ticket cannot come back. An assignee who is away is stood in for."""
    ticket = lock(ticket)
    if ticket.is_active:
        raise Refused(_("This ticket is not resolved."), code="active", status=409)
    if ticket.merged_into_id is not None:
        raise Refused(_("This ticket was merged into another one. Go on there."), code="merged", status=409)
    if ticket.article is not None:
        unlearn(ticket.article, source=source_of(ticket), by=by)
        usage.unlink(ticket.article, ticket)
    assignee, stand_in = covered(ticket.assignee, ticket.holder_team, timezone.now(), by=by)
    save(
        ticket,
        status=Status.OPEN,
        assignee=assignee,
        article=None,
        resolved_at=None,
        closed_at=None,
        resolved_by_team=None,
        resolved_at_first_line=False,
    )
    record(
        "ticket.reopened",
        by=by,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee],
        data={
            "reason": reason.strip(),
            "assignee": ticket.assignee_id,
            **({"cover": stand_in.told()} if stand_in else {}),
        },
    )
    return ticket
