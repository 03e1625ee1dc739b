"""One press in the script: on, back, to any step, out of it and in again. The form is kept each time."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from madoguchi.interactions.actions.contacts import save_draft
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Capability
from madoguchi.scripts import walk as walking
from madoguchi.scripts import words
from madoguchi.scripts.actions.walk import finish, go
from madoguchi.scripts.definition import Definition, Resolve
from madoguchi.scripts.expected import Wrong
from madoguchi.scripts.models import Walk
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page, text
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench.intake import Intake
from madoguchi.web.workbench.script import follow, names_of, read, walk_of
from madoguchi.web.workbench.seat import contact_or_404, context_of
from madoguchi.web.workbench.views import SEAT

_FILLED = ("resolution", "no_article_reason")


@guard(Capability.TAKE_CALLS)
@require_POST
def step(request: StaffRequest, contact_id: int) -> HttpResponse:
    """``do`` is ``next``, ``back``, ``jump`` (to ``step``), ``leave`` or ``resume``."""
    contact = contact_or_404(request, contact_id)
    data = form.keep(contact, request.POST, by=request.user)
    intake = form.read(data, request.access)
    follow(contact, intake, data, by=request.user)
    walk, wrong = walk_of(contact, intake, data), None
    if walk is not None and (definition := read(walk.version)) is not None:
        wrong = _act(request, walk, definition, intake)
        _fill_answer(request, contact, walk, definition, intake, data)
    context = context_of(request, contact, chosen=True)
    if context["script"] is not None:
        context["script"].focus = True
        context["script"].wrong = words.wrong_said(wrong) if wrong else ""
    answer = page(request, SEAT, context)
    if request.htmx:
        answer.content += text(request, SEAT, "solution_beside", context).encode()
    return answer


def _act(request: StaffRequest, walk: Walk, definition: Definition, intake: Intake) -> Wrong | None:
    verb, today = request.POST.get("do", "next"), timezone.localdate()
    answers, passed, here = intake.details, list(walk.passed), walk.here
    current = definition.step(here) or next(iter(definition.steps), None)
    if current is None:
        return None
    to = current.key
    if verb == "leave":
        finish(walk, outcome=Walk.Outcome.LEFT, by=request.user)
        return None
    if verb == "jump":
        to = request.POST.get("step", "") if definition.step(request.POST.get("step", "")) else to
    elif verb == "back":
        to = _before(definition, to, answers, passed) or to
    elif verb == "resume":
        if walking.is_done(current, answers, passed, today):
            to = walking.position(definition, answers, passed, today, start=to) or to
    else:
        wrong = walking.lacking(current, answers, today)
        if wrong is not None:
            return wrong
        passed = [*passed, to]
        to = walking.beyond(definition, to, answers, passed, today)
    go(walk, to=to, passed=passed, by=request.user)
    return None


def _before(definition: Definition, here: str, answers: Any, passed: list[str]) -> str:
    """The step before this one on the way that the answers lead."""
    keys = [one.step.key for one in walking.way(definition, answers, [*passed, here], timezone.localdate())]
    return keys[keys.index(here) - 1] if here in keys[1:] else (keys[-2] if len(keys) > 1 else "")


def _fill_answer(
    request: StaffRequest,
    contact: Interaction,
    walk: Walk,
    definition: Definition,
    intake: Intake,
    data: dict[str, Any],
) -> None:
    """What an end "resolve" fills in: its text as the answer, and why there is no article.

    What the script filled in before and nobody changed gives way, also when the way leads elsewhere; what was written
    stays, and an article that was taken needs no reason.
    """
    walk.refresh_from_db(fields=["here"])
    end, before = definition.step(walk.here), data.get("filled", {})
    free = {name: _plain(data.get(name, "")) in {"", _plain(before.get(name, ""))} for name in _FILLED}
    filled: dict[str, str] = {}
    if isinstance(end, Resolve) and free["resolution"]:
        said = words.filled(words.text_of(end), names_of(contact, intake, request.access) | dict(intake.details))
        filled["resolution"] = said
        if free["no_article_reason"] and intake.article is None:
            filled["no_article_reason"] = end.reason
    undone = {name: "" for name in before if free[name]}
    if filled or before:
        save_draft(contact, data=data | undone | filled | {"filled": filled}, by=request.user)


def _plain(written: str) -> str:
    """As a browser sends it or as it was filled in: line ends and blanks round it make no difference."""
    return "\n".join(written.split("\r\n")).strip()
