"""What the pages of the administration share: their sections, forms that keep what was typed, the way back."""

import copy
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from madoguchi.web.shell.guard import StaffRequest
from madoguchi.web.shell.render import go, page

_ELSEWHERE = {"departments": "departments:index", "recordings": "recordings:policies"}


def show(
    request: StaffRequest, template: str, title: str | Promise, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the administration under its heading."""
    values = {"title": title, "sections": _sections(request.path), **context}
    return page(request, f"administration/{template}", values, status=status)


def fill[F: forms.ModelForm](form: type[F], request: StaffRequest, row: Model | None = None, **options: Any) -> F:
    """The form with what was sent, over a copy of ``row``: the act, not the form, changes the row."""
    data = request.POST if request.method == "POST" else None
    return form(data, instance=copy.copy(row), **options)


def ask(
    request: StaffRequest,
    form: forms.BaseForm,
    title: str | Promise,
    *,
    back: str,
    lead: str = "",
    template: str = "form.html",
    **more: Any,
) -> HttpResponse:
    """The form, empty, filled or with its errors beside the fields (422)."""
    context = {"form": form, "back": back, "lead": lead, "verb": _("Save"), **more}
    return show(request, template, title, context, status=422 if form.is_bound and form.errors else 200)


def done(request: StaffRequest, sentence: str, name: str, *arguments: object) -> HttpResponse:
    """Say that it worked and go to the page ``name``, whichever way the form was sent."""
    messages.success(request, sentence)
    address = reverse(f"administration:{name}", args=arguments)
    return go(request, address)


def show_secret(
    request: StaffRequest, title: str, *, label: str, secret: str, back: str, lead: str = ""
) -> HttpResponse:
    """Something that is shown once: kept nowhere, by no cache either."""
    context = {"label": label, "secret": secret, "back": back, "lead": lead}
    answer = show(request, "secret.html", title, context)
    answer["Cache-Control"] = "no-store"
    return answer


def _sections(here: str) -> list[tuple[str, str, bool]]:
    """(word, address, whether one is there)."""
    known = [
        ("index", _("Overview")),
        ("staff", _("Staff")),
        ("teams", _("Teams")),
        ("wrapup_codes", _("Kinds of call")),
        ("no_ticket_reasons", _("Why no ticket is needed")),
        ("difficult_calls", _("Difficult calls")),
        ("departments", _("Departments")),
        ("directory_sync", _("Directory synchronization")),
        ("categories", _("Categories")),
        ("calendars", _("Working hours")),
        ("policies", _("Deadlines")),
        ("organizations", _("Organizations")),
        ("telephones", _("Telephone")),
        ("recordings", _("Recordings")),
        ("problems", _("Problems")),
        ("mails", _("Mail")),
        ("settings", _("Settings")),
    ]
    root = reverse("administration:index")
    found = []
    for name, word in known:
        address = reverse(_ELSEWHERE.get(name) or f"administration:{name}")
        found.append((word, address, here == address if address == root else here.startswith(address)))
    return found
