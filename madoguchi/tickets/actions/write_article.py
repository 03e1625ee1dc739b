"""What a ticket taught is written down: an article begins with it, and is linked back to it."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.actions import Content, create, learn, propose
from madoguchi.knowledge.models import Article
from madoguchi.people.staff import Staff
from madoguchi.tickets.actions.lock import lock, save
from madoguchi.tickets.models import Ticket


@transaction.atomic
def write_article(
    ticket: Ticket, content: Content, *, words: str, keeps: bool, by: Staff, key: str = "", note: str = ""
) -> Article:
    """An article made of this ticket, found by ``words`` of those who ask from now on.

    Who keeps the knowledge decides its state, the others propose it. A ticket that is solved without an article is
    linked to it at once; one that is not solved yet is offered it when it is.
    """
    source = source_of(ticket)
    if keeps:
        article = create(content, key=key, source=source, by=by, note=note)
    else:
        article = propose(content, source=source, by=by, note=note)
    learn(article, words, source=f"{source}:words", is_use=False, by=by)
    if not ticket.is_active and ticket.article_id is None and ticket.merged_into_id is None:
        link_article(ticket, article, by=by)
    return article


@transaction.atomic
def link_article(ticket: Ticket, article: Article, *, by: Actor) -> Ticket:
    """A solved ticket gets the article that was written afterwards. Refuses one that is open or has one (409)."""
    ticket = lock(ticket)
    if ticket.is_active or ticket.article_id is not None:
        raise Refused(_("Only a solved ticket without an article can be linked to one."), code="linked", status=409)
    save(ticket, article=article, no_article_reason="")
    said = ticket.messages.filter(from_requester=True).order_by("id").values_list("body", flat=True).first()
    learn(article, f"{ticket.subject}\n{said or ''}", source=source_of(ticket), by=by)
    record(
        "ticket.article_linked",
        by=by,
        about=[ticket, ticket.holder_team, article],
        data={"article": article.key, "question": article.question, "known": not is_new(ticket, article)},
    )
    return ticket


def source_of(ticket: Ticket) -> str:
    """How an article, and what it learned, names the ticket it came from."""
    return f"ticket:{ticket.pk}"


def is_new(ticket: Ticket, article: Article) -> bool:
    """Whether the article was made of this very ticket: new knowledge, where any other article was known before."""
    return article.source == source_of(ticket)
