"""ギャップ: what is asked and answered by no article; taken as work, and whether the work helped."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.insight.gaps import actions
from madoguchi.insight.gaps.effect import effect
from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.insight.gaps.queries import Asked, figures, gap_evidence, gap_lines, gap_list, title_for
from madoguchi.knowledge.models import Article, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff
from madoguchi.tickets.models import Ticket
from madoguchi.web.knowledge.parts import day_of, number_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

EVIDENCE = 50
SIMILAR = 5
_PHRASES = 5
_BEHIND = 50  # tickets whose requesters are looked for in what is written


@guard(Capability.READ_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The weightiest first: how often it is asked, times the minutes that it costs."""
    address = {name: request.GET.get(name, "").strip() for name in ("state", "whose", "often")}
    asked = Asked(
        state=address["state"] if address["state"] in Gap.State.values else "",
        owner=request.user.pk if address["whose"] == "me" else 0,
        least=1 if address["often"] == "1" else 2,
    )
    lines, after = gap_lines(request.access, asked, after=request.GET.get("after", ""))
    context = {
        "lines": lines,
        "most": max((max(line.weeks) for line in lines), default=0),
        "address": address,
        "next": f"?{urlencode({**{name: one for name, one in address.items() if one}, 'after': after})}"
        if after
        else "",
        "states": Gap.State.choices,
        "filtered": any(address.values()),
    }
    return page(request, "knowledge/gaps.html", context)


@guard(Capability.READ_TICKETS)
@require_GET
def gap_page(request: StaffRequest, gap_id: int) -> HttpResponse:
    """One gap: what was asked, what it costs, what is there already, and the work on it."""
    gap = get_object_or_404(Gap.objects.select_related("owner", "article", "merged_into"), pk=gap_id)
    if gap.merged_into_id is not None:
        return go(request, reverse("knowledge:gap", args=[gap.merged_into_id]))
    title = _title_or_404(gap, request.access)
    shown = gap_evidence(gap, request.access).select_related("ticket", "search", "category", "team")
    evidence, cursor = keyset(
        shown.defer("words", "vector"), ["at", "id"], after=request.GET.get("after", ""), size=EVIDENCE, descending=True
    )
    works = actions.may_work(request.access, gap)
    article = gap.article
    context: dict[str, Any] = {
        "gap": gap,
        "title": title,
        "article": article if article and Article.objects.visible_to(request.access).filter(pk=article.pk) else None,
        "figures": figures(gap, request.access),
        "evidence": evidence,
        "signs": dict(Evidence.Sign.choices),
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "similar": [one for one in suggest(title, access=request.access, limit=SIMILAR) if one.article != gap.article],
        "effect": effect(gap, request.access),
        "works": works,
        "reasons": [choice for choice in Gap.Reason.choices if choice[0] != Gap.Reason.ANSWERED],
        "colleagues": _colleagues() if works else [],
        "others": _others(gap, title, request.access) if works else [],
    }
    return page(request, "knowledge/gap.html", context)


@guard(Capability.READ_TICKETS)
@require_POST
def take(request: StaffRequest, gap_id: int) -> HttpResponse:
    """Somebody works on it from now on."""
    gap = _gap_or_404(request, gap_id)
    owner = Staff.objects.filter(pk=number_of(request.POST.get("owner", ""))).first()
    if owner is None:
        raise Refused(_("Choose who works on it."), code="owner_missing", field="owner")
    actions.take(gap, owner=owner, due_on=day_of(request.POST.get("due_on", "")), by=request.user)
    messages.success(request, _("%(name)s works on this gap.") % {"name": owner.name})
    return _to_gap(request, gap)


@guard(Capability.READ_TICKETS)
@require_POST
def release(request: StaffRequest, gap_id: int) -> HttpResponse:
    """Nobody works on it any more."""
    return _to_gap(request, actions.release(_gap_or_404(request, gap_id), by=request.user))


@guard(Capability.READ_TICKETS)
@require_POST
def link(request: StaffRequest, gap_id: int) -> HttpResponse:
    """An article that is there already answers it."""
    gap = _gap_or_404(request, gap_id)
    article = get_object_or_404(
        Article.objects.visible_to(request.access).current(), pk=number_of(request.POST.get("article", ""))
    )
    actions.write(gap, article, by=request.user)
    messages.success(request, _("The article answers this gap; it is found by these words from now on."))
    return _to_gap(request, gap)


@guard(Capability.READ_TICKETS)
@require_POST
def close(request: StaffRequest, gap_id: int) -> HttpResponse:
    """The article answers it, or none is needed."""
    gap = actions.close(
        _gap_or_404(request, gap_id),
        reason=request.POST.get("reason", ""),
        note=request.POST.get("note", ""),
        by=request.user,
    )
    answered = gap.reason == Gap.Reason.ANSWERED
    messages.success(request, _("The gap is closed.") if answered else _("The gap is closed without an article."))
    return _to_gap(request, gap)


@guard(Capability.READ_TICKETS)
@require_POST
def reopen(request: StaffRequest, gap_id: int) -> HttpResponse:
    """It was not settled after all."""
    return _to_gap(request, actions.reopen(_gap_or_404(request, gap_id), by=request.user))


@guard(Capability.READ_TICKETS)
@require_POST
def rename(request: StaffRequest, gap_id: int) -> HttpResponse:
    """Another title."""
    gap = actions.rename(_gap_or_404(request, gap_id), request.POST.get("title", ""), by=request.user)
    return _to_gap(request, gap)


@guard(Capability.READ_TICKETS)
@require_POST
def merge(request: StaffRequest, gap_id: int) -> HttpResponse:
    """All of it belongs to another gap."""
    gap, into = _gap_or_404(request, gap_id), _other(request)
    if into is None:
        raise Refused(_("Choose another gap."), code="same_gap", field="into")
    messages.success(request, _("The two gaps are one."))
    return _to_gap(request, actions.merge(gap, into, by=request.user))


@guard(Capability.READ_TICKETS)
@require_POST
def move(request: StaffRequest, gap_id: int) -> HttpResponse:
    """What was chosen belongs to another gap, or is one of its own."""
    gap = _gap_or_404(request, gap_id)
    chosen = [number_of(one) for one in request.POST.getlist("evidence")[:500]]
    visible = gap_evidence(gap, request.access).filter(pk__in=chosen).values_list("pk", flat=True)
    moved = list(visible)
    into = actions.move(gap, moved, _other(request), by=request.user)
    messages.success(request, ngettext("%(num)s moved here.", "%(num)s moved here.", len(moved)) % {"num": len(moved)})
    return _to_gap(request, into)


def article_for(gap: Gap, access: Access) -> Article:
    """What an article about this gap begins with: its title, how it was asked, and what most of it was about."""
    rows = gap_evidence(gap, access)
    texts = rows.order_by("-near", "-at", "-pk").values_list("text", flat=True)[:100]
    phrases = [text for text in dict.fromkeys(texts) if text != gap.title][:_PHRASES]
    lines = [_("## When"), "", *(f"- {phrase}" for phrase in phrases), ""] if phrases else []
    counted = rows.filter(category__isnull=False).order_by().values_list("category").annotate(times=Count("pk"))
    most = counted.order_by("-times", "category").first()
    category = Category.objects.select_related("destination").filter(pk=most[0]).first() if most else None
    return Article(
        question=title_for(gap, access),
        answer="\n".join([*lines, _("## What to do"), "", "1. "]),
        category=category,
        owner_team=category.destination if category else None,
        state=State.NOT_VALIDATED,
    )


def behind(gap: Gap, access: Access) -> list[Ticket]:
    """The newest tickets that show the gap, with who asked: their subjects may name them."""
    shown = gap_evidence(gap, access).filter(ticket__isnull=False).order_by("-at", "-pk").values("ticket")[:_BEHIND]
    rows = Ticket.objects.visible_to(access).filter(pk__in=[row["ticket"] for row in shown])
    return list(rows.select_related("requester", "organization"))


def gap_to_write(request: StaffRequest, written: str) -> Gap | None:
    """The gap that a new article is written for, when the address or the form names one that this person works on."""
    if not written:
        return None
    gap = _gap_or_404(request, number_of(written))
    if not actions.may_work(request.access, gap):
        raise Refused(_("Only the knowledge keepers and whoever took it may do this."), code="forbidden", status=403)
    return gap


def _gap_or_404(request: StaffRequest, gap_id: int) -> Gap:
    gap = get_object_or_404(Gap, pk=gap_id)
    _title_or_404(gap, request.access)
    return gap


def _title_or_404(gap: Gap, access: Access) -> str:
    """What this person may call it; a partner's staff who may see none of its evidence find no such gap."""
    title = title_for(gap, access)
    if not title:
        raise Http404
    return title


def _other(request: StaffRequest) -> Gap | None:
    written = request.POST.get("into", "")
    return _gap_or_404(request, number_of(written)) if written else None


def _others(gap: Gap, title: str, access: Access) -> list[tuple[int, str]]:
    """(id, title) of the gaps that it could be merged with."""
    return [(line.gap.pk, line.title) for line in gap_list(access, Asked()) if line.gap.pk != gap.pk]


def _colleagues() -> list[tuple[int, str]]:
    """(id, name) of our own staff who work here."""
    rows = Staff.objects.filter(is_active=True, memberships__isnull=False).exclude(memberships__team__is_partner=True)
    return [(row.pk, row.name) for row in rows.distinct().order_by("kana", "pk")]


def _to_gap(request: StaffRequest, gap: Gap) -> HttpResponse:
    return go(request, reverse("knowledge:gap", args=[gap.pk]))
