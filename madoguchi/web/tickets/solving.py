"""The articles among which one says what solved a ticket, or what answers it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from madoguchi.knowledge import usage
from madoguchi.knowledge.models import Article, Place
from madoguchi.knowledge.rendering import excerpt
from madoguchi.knowledge.suggest import Suggestion, suggest
from madoguchi.people.access import Capability
from madoguchi.tickets.actions.write_article import source_of
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.views import ticket_or_404

ARTICLES = 5

# An article, the beginning of its answer, and the words it was found by.
type Choice = tuple[Article, str, tuple[str, ...]]


@guard(Capability.WORK_TICKETS)
@require_GET
def articles(request: StaffRequest, number: str) -> HttpResponse:
    """The articles that fit what was typed in the sheet that resolves the ticket; nothing typed: the ticket's words."""
    ticket = ticket_or_404(request, number)
    return _answer(request, ticket, request.GET.get("q", "").strip(), request.GET.get("article", ""))


@guard(Capability.WORK_TICKETS)
@require_POST
def put_away(request: StaffRequest, number: str) -> HttpResponse:
    """The article named by ``away`` does not fit this ticket and stands lower from now on; ``again``: it does fit."""
    ticket = ticket_or_404(request, number)
    words, away = request.POST.get("q", "").strip(), request.POST.get("away", "")
    rows = Article.objects.visible_to(request.access).light()
    article = get_object_or_404(rows, key=away or request.POST.get("again", ""))
    if away:
        usage.dismiss(article, ticket, words or _said(ticket), place=Place.TICKET, by=request.user)
    else:
        usage.withdraw(article, ticket, by=request.user)
    return _answer(request, ticket, words, request.POST.get("article", ""))


def _answer(request: StaffRequest, ticket: Ticket, words: str, chosen: str) -> HttpResponse:
    """What fits the words, without what was put away; ``chosen`` stays chosen while it is among them."""
    if words:
        away = usage.dismissed(ticket)
        suggestions = suggest(words, access=request.access, limit=ARTICLES, without=away)
        usage.shown(ticket, suggestions, place=Place.TICKET, by=request.user)
        usage.asked(
            words, len(suggestions), place=Place.TICKET, by=request.user, subject=ticket, category=ticket.category
        )
        found = _with_beginnings(suggestions)
    else:
        found = fitting_ticket(request, ticket)
    return page(
        request,
        "tickets/articles.html",
        {
            "ticket": ticket,
            "found": found,
            "chosen": chosen if any(article.key == chosen for article, *_rest in found) else "",
            "put_away": last_put_away(request, ticket),
        },
    )


def last_put_away(request: StaffRequest, ticket: Ticket) -> Article | None:
    """The article that was put away last; whoever pressed the wrong key has it back at once."""
    away = usage.dismissed(ticket)
    return Article.objects.visible_to(request.access).light().filter(pk=away[-1]).first() if away else None


def fitting(request: StaffRequest, text: str) -> list[Choice]:
    """What fits the text and this person may read, best first."""
    return _with_beginnings(suggest(text, access=request.access, limit=ARTICLES))


def fitting_ticket(request: StaffRequest, ticket: Ticket) -> list[Choice]:
    """What fits the ticket's subject and what was said first; what the sheet opens with is noted as shown."""
    away = usage.dismissed(ticket)
    found = suggest(_said(ticket), access=request.access, limit=ARTICLES, without=away)
    usage.shown(ticket, found, place=Place.TICKET, by=request.user)
    return _with_beginnings(found)


def _said(ticket: Ticket) -> str:
    said = Message.objects.filter(ticket=ticket).order_by("id").values_list("body", flat=True).first() or ""
    return f"{ticket.subject}\n{said[:1000]}"


def _with_beginnings(found: list[Suggestion]) -> list[Choice]:
    return [(one.article, excerpt(one.article.answer), one.words) for one in found]


def own_article(request: StaffRequest, ticket: Ticket) -> Article | None:
    """The article that was made of this ticket before it was solved."""
    rows = Article.objects.visible_to(request.access).current().light()
    return rows.filter(source=source_of(ticket)).order_by("-pk").first()
