"""What the first line is shown: articles that fit, tickets that were like it, notices in force."""

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import category_named
from madoguchi.api.v1.notices import NoticeForm, notice_form
from madoguchi.api.v1.ticket_form import TicketForm, forms_of, whole
from madoguchi.knowledge.suggest import LONGEST_TEXT, Suggestion, suggest
from madoguchi.people.access import Capability
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.shown import Shown, shown_for

router = Router(tags=["knowledge"])
READ = Needs("knowledge:read", capability=Capability.READ_KNOWLEDGE)


class ArticleForm(Answer):
    """An article that fits; ``score`` compares within one answer only, ``words`` are those it was found by."""

    key: str
    question: str
    answer: str
    category: str | None
    state: str
    audience: str
    version: int
    score: float
    words: list[str]


class ArticleList(Answer):
    """Articles, best first."""

    items: list[ArticleForm]
    next: str | None


class SearchQuery(BaseModel):
    """What to look for, as somebody would say it."""

    q: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10


@router.get("/knowledge/search", response=ArticleList, auth=READ, summary="Search articles")
def search_articles(request: ApiRequest, asked: Query[SearchQuery]) -> HttpResponse:
    """Best first; only what the caller may read."""
    found = suggest(asked.q, access=request.auth.access, limit=asked.limit)
    return items([_article(suggestion) for suggestion in found])


class SuggestIn(Body):
    """What the caller says so far, and the category if it is known."""

    text: Annotated[str, Field(max_length=20_000)]
    category: fields.Key | None = None
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class Suggestions(Answer):
    """``tickets`` say the same, the open ones first, then those solved by the articles that fit; ``notices`` are in
    force, those of the category or with words of the text first; ``category`` is the one asked with, else the one at
    least half of what fits belongs to.
    """

    articles: list[ArticleForm]
    tickets: list[TicketForm]
    notices: list[NoticeForm]
    category: str | None


@router.post("/suggest", response=Suggestions, auth=READ, summary="What the operator is shown")
def suggest_for_text(request: ApiRequest, said: SuggestIn) -> HttpResponse:
    """As the text grows. Tickets are among it, and speak for a category, when the token may read tickets."""
    category = category_named(said.category)
    tickets = said.limit if request.auth.token.allows("tickets:read") else 0
    shown = shown_for(
        said.text,
        access=request.auth.access,
        category=category,
        articles=said.limit,
        tickets=tickets,
        notices=said.limit,
    )
    likely = category or (shown.likely.category if shown.likely else None)
    body = {
        "articles": [_article(suggestion) for suggestion in shown.articles],
        "tickets": forms_of(_tickets(request, shown, tickets), request.auth.access),
        "notices": [notice_form(one.notice) for one in shown.notices],
        "category": likely.key if likely else None,
    }
    return answer(200, body)


def _tickets(request: ApiRequest, shown: Shown, limit: int) -> list[Ticket]:
    """Those that say the same, filled up with those that the articles solved."""
    if not limit:
        return []
    alike = [one.ticket.pk for one in shown.similar.tickets]
    rows = whole(Ticket.objects.visible_to(request.auth.access)).in_bulk(alike) if alike else {}
    tickets = [rows[pk] for pk in alike if pk in rows]
    if len(tickets) < limit:
        tickets += [row for row in _solved_alike(request, shown.articles, limit) if row.pk not in rows]
    return tickets[:limit]


def _solved_alike(request: ApiRequest, found: list[Suggestion], limit: int) -> list[Ticket]:
    if not found:
        return []
    tickets = whole(Ticket.objects.visible_to(request.auth.access))
    return list(tickets.filter(article__in=[row.article.pk for row in found]).order_by("-updated_at", "-id")[:limit])


def _article(suggestion: Suggestion) -> dict[str, Any]:
    article = suggestion.article
    return {
        "key": article.key,
        "question": article.question,
        "answer": article.answer,
        "category": article.category.key if article.category else None,
        "state": article.state,
        "audience": article.audience,
        "version": article.version,
        "score": round(suggestion.score, 4),
        "words": list(suggestion.words),
    }
