"""Writing a rule: one form that reads as a sentence, with the sentence itself over it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.rules import words
from madoguchi.rules.actions.write import change_rule, write_rule
from madoguchi.rules.world import Labels
from madoguchi.web.rules.builder import Form, example, lacking, of_post, of_rule
from madoguchi.web.rules.choices import choices
from madoguchi.web.rules.views import rule_or_404
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new rule; it begins as a draft."""
    if request.method == "POST":
        form = of_post(request.POST)
        _require_complete(form)
        rule = write_rule(name=form.name, name_en=form.name_en, definition=form.definition(), by=request.user)
        messages.success(request, _("The rule is saved as a draft. Try it before you switch it on."))
        return go(request, reverse("rules:page", args=[rule.pk]))
    return page(request, "rules/write.html", _context(example(), rule=None))


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, rule_id: int) -> HttpResponse:
    """A new version of a rule."""
    rule = rule_or_404(request, rule_id)
    if request.method == "POST":
        form = of_post(request.POST)
        _require_complete(form)
        change_rule(
            rule,
            name=form.name,
            name_en=form.name_en,
            definition=form.definition(),
            if_number=row_number(request.POST.get("number", "")),
            by=request.user,
        )
        messages.success(request, _("Saved."))
        return go(request, reverse("rules:page", args=[rule.pk]))
    try:
        form_of = of_rule(rule)
    except ValidationError:
        form_of = Form(name=rule.name, name_en=rule.name_en)
    return page(request, "rules/write.html", _context(form_of, rule=rule))


@guard(Capability.WRITE_RULES)
@require_POST
def builder(request: StaffRequest) -> HttpResponse:
    """The form after a button or another kind was chosen in it; nothing is kept."""
    form = of_post(request.POST)
    form.do(request.POST.get("do", ""))
    return block(request, "rules/write.html", "builder", _context(form, rule=None))


@guard(Capability.WRITE_RULES)
@require_POST
def sentence(request: StaffRequest) -> HttpResponse:
    """What the form says so far, in words, or what is missing."""
    return block(request, "rules/write.html", "sentence", _said(of_post(request.POST)))


def _said(form: Form) -> dict[str, Any]:
    try:
        return {"said": words.sentence(form.checked(), Labels()), "lacking": []}
    except ValidationError as error:
        return {"said": "", "lacking": lacking(error)}


def _context(form: Form, *, rule: Any) -> dict[str, Any]:
    return {"form": form, "rule": rule, "choices": choices(form), **_said(form)}


def _require_complete(form: Form) -> None:
    if not form.name.strip():
        raise Refused(_("Give the rule a name."), code="name_missing", missing=[{"key": "name", "label": _("Name")}])
    try:
        form.checked()
    except ValidationError as error:
        raise Refused(" ".join(lacking(error)), code="definition") from None
