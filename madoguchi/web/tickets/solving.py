"""The articles among which one says what solved a ticket, or what answers it."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from madoguchi.knowledge.models import Article
from madoguchi.knowledge.rendering import excerpt
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import Capability
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.views import ticket_or_404

ARTICLES = 5


@guard(Capability.WORK_TICKETS)
@require_GET
def articles(request: StaffRequest, number: str) -> HttpResponse:
    """The articles that fit what was typed in the sheet that resolves the ticket; nothing typed: the ticket's words."""
    ticket = ticket_or_404(request, number)
    words = request.GET.get("q", "").strip()
    found = fitting(request, words) if words else fitting_ticket(request, ticket)
    return page(request, "tickets/articles.html", {"found": found})


def fitting(request: StaffRequest, text: str) -> list[tuple[Article, str]]:
    """(article, beginning of its answer) of what fits the text and this person may read, best first."""
    found = suggest(text, access=request.access, limit=ARTICLES)
    return [(one.article, excerpt(one.article.answer)) for one in found]


def fitting_ticket(request: StaffRequest, ticket: Ticket) -> list[tuple[Article, str]]:
    """What fits the ticket's subject and what was said first."""
    said = Message.objects.filter(ticket=ticket).order_by("id").values_list("body", flat=True).first() or ""
    return fitting(request, f"{ticket.subject}\n{said[:1000]}")
