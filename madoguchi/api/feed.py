"""What is new in the articles as Atom, for the feed reader of a member of staff: the token stands in the address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from madoguchi.api.problem import ProblemError, not_found
from madoguchi.api.reading import clean_text
from madoguchi.knowledge.versions import news
from madoguchi.people import tokens
from madoguchi.people.access import Capability, access_of

SCOPE = "feeds:read"
NEWEST = 50


def articles(request: HttpRequest, token: str) -> HttpResponse:
    """``GET /feeds/articles/{token}``: who changed what and why, as far as the token's owner may read it.

    The titles alone: an article is read at the desk. An unknown token, or one whose owner may not, hears 404.
    """
    if request.method != "GET":
        raise ProblemError(405, _("Only GET is taken here."), headers={"Allow": "GET"})
    found = tokens.find(clean_text(token))
    access = access_of(found.staff) if found is not None and found.allows(SCOPE) else None
    if found is None or access is None or not access.can(Capability.READ_KNOWLEDGE):
        raise not_found(_("There is no such feed."))
    with translation.override(found.staff.language or translation.get_language()):
        here = settings.PUBLIC_ADDRESS
        written = Atom1Feed(
            title=f"{_('What is new in the articles')} – {settings.MAIL_NAME}",
            link=here + reverse("knowledge:news"),
            description="",
        )
        for row in news(access).order_by("-at", "-id")[:NEWEST]:
            kind = _("New") if row.number == 1 else _("Changed")
            author = row.by.name if row.by else row.by_name
            link = here + reverse("knowledge:page", args=[row.article_id])
            written.add_item(
                title=row.article.question,
                link=link,
                unique_id=f"{link}?version={row.number}",
                description=" · ".join(part for part in (kind, author, row.note) if part),
                author_name=author or settings.MAIL_NAME,
                updateddate=row.at,
                pubdate=row.at,
            )
    return HttpResponse(written.writeString("utf-8"), content_type=Atom1Feed.content_type)
