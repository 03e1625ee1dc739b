"""What the first line says and asks for a category, for programs that lead a call themselves."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router

from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.problem import not_found
from madoguchi.api.v1.answer import answer
from madoguchi.api.v1.fields import Answer
from madoguchi.catalog.models import Category
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Access, Capability
from madoguchi.scripts.queries import in_force

router = Router(tags=["knowledge"])
READ = Needs("knowledge:read", capability=Capability.READ_KNOWLEDGE)


class ScriptForm(Answer):
    """The version in force: its steps in order. ``next`` of a step is the key of what follows, empty: the one below.

    ``written_for`` is the category whose script it is: the one asked for, or one above it that has a script.
    ``article`` of a step is empty when the caller may not read it.
    """

    category: str
    written_for: str
    version: int
    effective_from: str
    effective_until: str | None
    steps: list[dict[str, Any]]


@router.get("/scripts/{category}", response=ScriptForm, auth=READ, summary="The script of a category")
def get_script(request: ApiRequest, category: str) -> HttpResponse:
    """The version in force now, by the category's key, or of the nearest category above; 404 when there is none."""
    asked = Category.objects.filter(key=category[:60]).select_related("parent__parent__parent").first()
    version = in_force(asked, timezone.now()) if asked is not None else None
    if version is None or version.effective_from is None:
        raise not_found(_("No script is in force for this category."))
    until = version.effective_until
    return answer(
        200,
        {
            "category": category,
            "written_for": version.script.category.key,
            "version": version.number,
            "effective_from": version.effective_from.isoformat(),
            "effective_until": until.isoformat() if until else None,
            "steps": _readable(version.definition["steps"], request.auth.access),
        },
    )


def _readable(steps: list[dict[str, Any]], access: Access) -> list[dict[str, Any]]:
    """The steps without the keys of articles that the caller may not read."""
    keys = {step["article"] for step in steps if step.get("article")}
    seen = set(Article.objects.visible_to(access).filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    return [step | {"article": ""} if step.get("article", "") in keys - seen else step for step in steps]
