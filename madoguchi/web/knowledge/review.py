"""The review (棚卸し): articles that somebody should look at, the weightiest first."""

from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from madoguchi.knowledge.models import Article
from madoguchi.knowledge.review import AGE, queue
from madoguchi.knowledge.rights import may_keep
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.web.knowledge.parts import number_of
from madoguchi.web.knowledge.standing import next_review
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

PAGE = 30


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The queue, of all owner teams or of one; each row says why it stands there."""
    rows = Article.objects.visible_to(request.access)
    team = request.GET.get("team", "")
    if number_of(team):
        rows = rows.filter(owner_team=number_of(team))
    after = request.GET.get("after", "")
    found = queue(rows, after=after, size=PAGE, by_uses=not request.access.is_partner)
    context = {
        "rows": found.rows,
        "heaviest": max(found.heaviest, number_of(request.GET.get("top", "")), 1),
        "next": "",
        "team": team,
        "teams": [(row.pk, row.label) for row in Team.objects.filter(is_active=True)],
        "keeps": {row.pk for row in found.rows if may_keep(request.access, row)},
        "today": timezone.localdate(),
        "age": AGE,
        "next_review": next_review(),
        "days": lambda day: (timezone.localdate() - day).days if isinstance(day, date) else 0,
    }
    if found.next:
        context["next"] = "?" + urlencode({"team": team, "after": found.next, "top": context["heaviest"]})
    return page(request, "knowledge/review.html", context)
