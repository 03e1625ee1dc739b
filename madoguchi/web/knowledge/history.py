"""What an article said before: its versions, the difference of any two, and one brought back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.catalog.models import Category
from madoguchi.knowledge.actions import restore
from madoguchi.knowledge.difference import Line, difference
from madoguchi.knowledge.models import ArticleVersion, ArticleVersionQuerySet, Audience, Governance, State
from madoguchi.knowledge.rights import may_improve
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.web.knowledge.parts import article_or_404, number_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

PAGE = 50
_CHOICES = {"state": State, "audience": Audience, "governance": Governance}


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def history(request: StaffRequest, article_id: int) -> HttpResponse:
    """All versions, the newest first, and what differs between two: without a choice between the last two."""
    article = article_or_404(request, article_id)
    versions = ArticleVersion.objects.visible_to(request.access).filter(article=article).select_related("by")
    rows, cursor = keyset(
        versions,
        ("number",),
        after=request.GET.get("after", ""),
        size=PAGE,
        descending=True,
    )
    latter = _version(versions, request.GET.get("to", ""), article.version)
    former = _version(versions, request.GET.get("from", ""), (latter.number if latter else 2) - 1)
    if former and latter and former.number > latter.number:
        former, latter = latter, former
    context = {
        "article": article,
        "rows": rows,
        "next": cursor,
        "former": former,
        "latter": latter,
        "may_restore": may_improve(request.access, article),
        **(_compared(former, latter) if former and latter else {"facts": [], "question": [], "answer": []}),
    }
    return page(request, "knowledge/history.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def bring_back(request: StaffRequest, article_id: int, number: int) -> HttpResponse:
    """What an old version said is said again."""
    article = article_or_404(request, article_id)
    restore(article, number, by=request.user)
    messages.success(request, _("Version %(number)s is brought back, as a new version.") % {"number": number})
    return go(request, reverse("knowledge:page", args=[article.pk]))


def _compared(former: ArticleVersion, latter: ArticleVersion) -> dict[str, Any]:
    before, after = former.fields, latter.fields
    return {
        "question": _unless_same(before["question"], after["question"]),
        "answer": _unless_same(before["answer"], after["answer"]),
        "facts": _facts(before, after),
    }


def _unless_same(before: str, after: str) -> list[Line]:
    return [] if before == after else difference(before, after)


def _facts(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    """(what, before, after) of what differs besides the text, in words."""
    names = {
        "category": _("Category"),
        "category_text": _("Category as imported"),
        "state": _("State"),
        "audience": _("For whom"),
        "owner_team": _("Owner"),
        "review_on": _("Review on"),
        "governance": _("Who may improve it"),
    }
    changed = [name for name in names if before.get(name, "") != after.get(name, "")]
    return [(names[name], _word(name, before.get(name, "")), _word(name, after.get(name, ""))) for name in changed]


def _word(name: str, value: str) -> str:
    """A kept value as it is read; what no longer exists by its key."""
    if not value:
        return _("none")
    if name in _CHOICES:
        return str(dict(_CHOICES[name].choices).get(value, value))
    if name == "review_on":
        day = parse_date(value)
        return date_format(day, "SHORT_DATE_FORMAT") if day else value
    if name in {"category", "owner_team"}:
        row = (Category if name == "category" else Team).objects.filter(key=value).first()
        return row.label if row else value
    return value


def _version(versions: ArticleVersionQuerySet, number: str, default: int) -> ArticleVersion | None:
    return versions.filter(number=number_of(number) or default).first()
