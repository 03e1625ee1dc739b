"""The articles among which one says what solved a ticket, or what answers it."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

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
    words = request.GET.get("q", "").strip()
    if not words:
        return page(request, "tickets/articles.html", {"found": fitting_ticket(request, ticket)})
    found = suggest(words, access=request.access, limit=ARTICLES)
    usage.shown(ticket, found, place=Place.TICKET, by=request.user)
    usage.asked(words, len(found), place=Place.TICKET, by=request.user, subject=ticket, category=ticket.category)
    return page(request, "tickets/articles.html", {"found": _with_beginnings(found)})


def fitting(request: StaffRequest, text: str) -> list[Choice]:
    """What fits the text and this person may read, best first."""
    return _with_beginnings(suggest(text, access=request.access, limit=ARTICLES))


def fitting_ticket(request: StaffRequest, ticket: Ticket) -> list[Choice]:
    """What fits the ticket's subject and what was said first; what the sheet opens with is noted as shown."""
    found = suggest(_said(ticket), access=request.access, limit=ARTICLES)
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
