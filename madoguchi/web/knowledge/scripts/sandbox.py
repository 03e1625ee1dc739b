"""Walking a script without a call: what is answered stands in the page alone, and nothing is recorded."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.people.access import Capability
from madoguchi.scripts import walk as walking
from madoguchi.web.knowledge.scripts.views import definition_of, version_or_404
from madoguchi.web.knowledge.scripts.walking import shown, team_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

ITEM = "item."


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def walk(request: StaffRequest, category_id: int, number: int) -> HttpResponse:
    """The step one stands at; a POST is a press of one of its buttons."""
    version = version_or_404(request, category_id, number)
    definition = definition_of(version)
    if definition is None or not definition.steps:
        raise Http404
    sent, today = request.POST, timezone.localdate()
    answers = {key.removeprefix(ITEM)[:60]: sent[key][:2000] for key in sent if key.startswith(ITEM)}
    passed = [key for key in sent.get("passed", "").split() if definition.step(key)]
    here = sent.get("here", "") if definition.step(sent.get("here", "")) else definition.steps[0].key
    wrong = None
    verb = sent.get("do", "") if request.method == "POST" else "begin"
    if verb == "begin":
        answers, passed = {}, []
        here = walking.position(definition, answers, passed, today) or here
    elif verb == "jump" and definition.step(sent.get("step", "")):
        here = sent["step"]
    elif verb == "back":
        keys = [one.step.key for one in walking.way(definition, answers, [*passed, here], today)]
        here = keys[keys.index(here) - 1] if here in keys[1:] else here
    elif verb == "next":
        wrong = walking.lacking(definition.step(here), answers, today)
        if wrong is None:
            passed = [*passed, here]
            here = walking.beyond(definition, here, answers, passed, today)
    staff = request.user
    names = {
        "requester": _("the caller"),
        "operator": staff.family_name or staff.name,
        "team": team_of(request.access),
        "category": version.script.category.label,
    }
    script = shown(
        definition,
        version.script.category,
        here=here,
        answers=answers,
        passed=passed,
        names=names,
        today=today,
        access=request.access,
        wrong=wrong,
        number=version.number,
        focus=True,
    )
    assert script is not None
    context = {
        "script": script,
        "version": version,
        "category": version.script.category,
        "answers": answers,
        "passed": " ".join(dict.fromkeys(passed)),
        "ahead": [script.put_in(script.said(step)) for step in walking.ahead(definition, here, answers)[:8]],
    }
    return page(request, "knowledge/scripts/try.html", context)
