"""What machines read of the FAQ: the sitemap, the Atom feed, and pictures."""

from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from madoguchi.knowledge.models import Article, Picture
from madoguchi.knowledge.rendering import render
from madoguchi.web.faq.door import KEPT_S, absolute, cached, desk, open_page
from madoguchi.web.knowledge.pictures import answer
from madoguchi.web.shell.guard import public

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST = 50_000  # what a sitemap may hold
_NEWEST = 30


@public
@open_page
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public article with the day of its last change."""
    root = Element("urlset", xmlns=_SITEMAP)
    SubElement(SubElement(root, "url"), "loc").text = absolute(reverse("faq:index"))
    rows = Article.objects.public().order_by("pk").values_list("key", "updated_at")
    for key, updated_at in rows[: _MOST - 1]:
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = absolute(reverse("faq:page", args=[key]))
        SubElement(entry, "lastmod").text = updated_at.date().isoformat()
    content = tostring(root, encoding="utf-8", xml_declaration=True)
    return cached(request, HttpResponse(content, content_type="application/xml"))


@public
@open_page
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest public articles as Atom."""
    here = absolute(reverse("faq:index"))
    written = Atom1Feed(
        title=_("FAQ – %(desk)s") % {"desk": desk()}, link=here, description="", feed_url=f"{here}feed.xml"
    )
    rows = list(Article.objects.public().light().order_by("-updated_at", "-id")[:_NEWEST])
    for row in rows:
        link = absolute(reverse("faq:page", args=[row.key]))
        pictures = absolute(reverse("faq:index") + "pictures/")
        written.add_item(
            title=row.question,
            link=link,
            unique_id=link,
            description=str(render(row.answer, pictures=pictures)),
            updateddate=row.updated_at,
            pubdate=row.updated_at,
        )
    response = HttpResponse(written.writeString("utf-8"), content_type=Atom1Feed.content_type)
    return cached(request, response, changed=rows[0].updated_at if rows else None)


@public
@open_page
@require_safe
def picture(request: HttpRequest, code: str) -> HttpResponseBase:
    """A picture of a public article; any other does not exist."""
    row = get_object_or_404(Picture.objects.public().select_related("file"), code=code)
    return answer(row, cached=f"public, max-age={KEPT_S}")
