"""The public FAQ: categories, search, articles, and whether they helped. Nothing but what anybody may read."""

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from madoguchi.catalog.models import Category
from madoguchi.knowledge.helped import count_help
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.rendering import excerpt, render
from madoguchi.knowledge.suggest import suggest
from madoguchi.web.answer.limits import address_of
from madoguchi.web.faq.door import LONGEST_SEARCH, SEARCHES, absolute, cached, frame, open_page, within
from madoguchi.web.shell.guard import public
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PAGE = 40
FOUND = 20
FIRST = 10
BESIDE = 5


@public
@open_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The categories and what helps most; with ``q`` what fits, with ``category`` what belongs to it."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST_SEARCH]
    context = frame(request) | {"q": words, "excerpt": excerpt, "found": None, "category": None, "next": ""}
    if words:
        if not within(SEARCHES, request):
            return HttpResponse(status=429, headers={"Retry-After": "60"})
        context["found"] = [one.article for one in suggest(words, access=None, limit=FOUND)]
    elif key := request.GET.get("category", ""):
        context |= _of_category(request, key)
    else:
        context |= {
            "categories": _categories(),
            "most": Article.objects.public().light().order_by("-helped", "-uses", "-updated_at", "-id")[:FIRST],
        }
    return cached(request, page(request, "faq/index.html", context))


@public
@open_page
@require_safe
def article_page(request: HttpRequest, key: str) -> HttpResponse:
    """One article; whatever is not public does not exist."""
    article = _article_or_404(key)
    beside = Article.objects.public().light().exclude(pk=article.pk).filter(category=article.category_id)
    context = frame(request) | {
        "article": article,
        "answer": render(article.answer, pictures=reverse("faq:index") + "pictures/"),
        "description": excerpt(article.answer),
        "canonical": absolute(reverse("faq:page", args=[article.key])),
        "as_of": timezone.localdate(article.updated_at),
        "beside": beside.order_by("-helped", "-uses", "-id")[:BESIDE] if article.category_id else [],
        "thanks": "thanks" in request.GET,
    }
    return cached(request, page(request, "faq/article.html", context), changed=article.updated_at)


@public
@csrf_exempt
@open_page
@require_POST
def helped(request: HttpRequest, key: str) -> HttpResponse:
    """Counted, once a day for an address and an article; who it was is kept nowhere."""
    count_help(_article_or_404(key), helped=request.POST.get("helped") == "yes", address=address_of(request))
    said = {"thanks": "1"} | ({"lang": request.GET["lang"]} if request.GET.get("lang") in {"ja", "en"} else {})
    return HttpResponseRedirect(f"{reverse('faq:page', args=[key])}?{urlencode(said)}#helped")


def _categories() -> list[tuple[Category, int]]:
    """Categories that have something public, with how much, in the order of the catalogue."""
    counted = dict(
        Article.objects.public().order_by().filter(category__isnull=False).values_list("category").annotate(Count("id"))
    )
    rows = Category.objects.filter(pk__in=counted)
    return [(row, counted[row.pk]) for row in rows]


def _of_category(request: HttpRequest, key: str) -> dict[str, Any]:
    category = get_object_or_404(Category, key=key)
    rows, cursor = keyset(
        Article.objects.public().light().filter(category=category),
        ("id",),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    if not rows:
        raise Http404
    following = {"category": key, "after": cursor} | ({"lang": request.GET["lang"]} if request.GET.get("lang") else {})
    return {"category": category, "found": rows, "next": f"?{urlencode(following)}" if cursor else ""}


def _article_or_404(key: str) -> Article:
    return get_object_or_404(Article.objects.public().light().select_related("category"), key=key)
