"""The team's inbox: offers to take or to return, what we wait for, what came back."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, recall, return_
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.queries import offers_from, offers_to, returned_to, teams_of
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.rights import hears_of
from madoguchi.people.access import Capability
from madoguchi.web.handoffs.answers import handoff_or_404, missing, tabs_of
from madoguchi.web.shell.done import done
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, page
from madoguchi.web.tickets.solving import fitting


@guard(Capability.WORK_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Offers to this person's teams, oldest first; what their teams wait for; what came back to them."""
    teams = teams_of(request.access)
    chosen = next((team for team in teams if str(team.pk) == request.GET.get("team", "")), None)
    shown = [chosen] if chosen else teams
    offers = offers_to(shown, access=request.access, after=request.GET.get("after", ""))
    told: dict[str, int] = {"team": chosen.pk} if chosen else {}
    here = reverse("handoffs:index") + (f"?{urlencode(told)}" if told else "")
    return page(
        request,
        "handoffs/index.html",
        {
            "teams": teams,
            "chosen": chosen,
            "here": here,
            "offers": offers.rows,
            "next": f"{request.path}?{urlencode(told | {'after': offers.next})}" if offers.next else "",
            "first": here if request.GET.get("after") else "",
            "sent": offers_from(shown, access=request.access),
            "returned": returned_to(shown, access=request.access),
            "many_teams": len(teams) > 1,
            "first_line": first_line,
            "hears_of": partial(hears_of, request.access),
            **tabs_of(request),
        },
    )


@guard(Capability.WORK_TICKETS)
@require_POST
def accept_offer(request: StaffRequest, handoff_id: int) -> HttpResponse:
    """受け取る."""
    handoff = accept(handoff_or_404(request, handoff_id), by=request.user)
    sentence = _("%(team)s has taken over %(number)s.") % {
        "team": handoff.to_team.label,
        "number": handoff.ticket.number_shown,
    }
    return done(request, sentence, ticket=handoff.ticket)


@guard(Capability.WORK_TICKETS)
@require_http_methods(["GET", "POST"])
def return_sheet(request: StaffRequest, handoff_id: int) -> HttpResponse:
    """差し戻す: why, and with which article the sender can answer it."""
    handoff = handoff_or_404(request, handoff_id)
    if request.method == "GET":
        return page(
            request,
            "handoffs/return.html",
            {
                "handoff": handoff,
                "ticket": handoff.ticket,
                "reasons": Handoff.ReturnReason.choices,
                "q": "",
                "found": fitting(request, f"{handoff.ticket.subject} {handoff.reason}"),
            },
        )
    reason = request.POST.get("reason", "")
    note = request.POST.get("note", "")
    if reason not in Handoff.ReturnReason.values:
        raise Refused(_("Choose why it goes back."), code="reason", missing=missing("reason", _("Why it goes back")))
    if reason == Handoff.ReturnReason.MISSING_INFORMATION and not note.strip():
        raise Refused(
            _("Say which information is missing."), code="note_missing", missing=missing("note", _("What to do now"))
        )
    returned = return_(
        handoff,
        reason=reason,
        note=note,
        article=_article(request) if reason == Handoff.ReturnReason.FIRST_LINE_CAN_SOLVE else None,
        by=request.user,
    )
    sentence = _("%(number)s went back to %(team)s.") % {
        "number": handoff.ticket.number_shown,
        "team": returned.from_team.label,
    }
    return done(request, sentence, ticket=handoff.ticket, back=reverse("handoffs:index"))


@guard(Capability.WORK_TICKETS)
@require_GET
def articles(request: StaffRequest, handoff_id: int) -> HttpResponse:
    """The articles that fit what was typed in the return sheet."""
    handoff = handoff_or_404(request, handoff_id)
    q = request.GET.get("q", "").strip()
    found = fitting(request, q or f"{handoff.ticket.subject} {handoff.reason}")
    return block(request, "handoffs/return.html", "articles", {"found": found})


@guard(Capability.WORK_TICKETS)
@require_POST
def recall_offer(request: StaffRequest, handoff_id: int) -> HttpResponse:
    """取り消す: the sender takes the offer back."""
    handoff = recall(handoff_or_404(request, handoff_id), by=request.user)
    sentence = _("The offer of %(number)s is recalled.") % {"number": handoff.ticket.number_shown}
    return done(request, sentence, ticket=handoff.ticket, back=reverse("handoffs:index"))


def first_line(text: str | None) -> str:
    """The first line that says something, for a row."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")[:120]


def _article(request: StaffRequest) -> Article | None:
    key = request.POST.get("article", "").strip()
    article = Article.objects.visible_to(request.access).filter(key=key).first() if key else None
    if key and article is None:
        raise Refused(_("There is no article “%(key)s”.") % {"key": key}, code="article", field="article")
    return article
