"""How far an article can be trusted: validated by whoever vouches for it."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from madoguchi.knowledge.actions import validate
from madoguchi.people.access import Capability
from madoguchi.web.knowledge.parts import article_or_404, back_to, day_of, version_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go

REVIEW_AFTER = timedelta(days=180)


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def validate_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """It is right, or still right, until the day of the next review."""
    article = article_or_404(request, article_id)
    day = day_of(request.POST.get("review_on", ""))
    validate(article, by=request.user, review_on=day, version=version_of(request.POST))
    messages.success(request, _("The article is validated."))
    return go(request, back_to(request, article.pk))


def next_review() -> date:
    """The day that is proposed for the next review."""
    return timezone.localdate() + REVIEW_AFTER
