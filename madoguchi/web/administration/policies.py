"""Policies: what is promised, in the order in which one wins over another, tried while it is being written."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.clocks import promises
from madoguchi.clocks.actions import end_policy, promise
from madoguchi.clocks.book import current_book
from madoguchi.clocks.models import Kind, Policy, PolicyVersion
from madoguchi.people.access import Capability
from madoguchi.tickets.models import shown
from madoguchi.web.administration.page import ask, done, show
from madoguchi.web.administration.policy_form import PolicyForm
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block


@guard(Capability.ADMINISTER)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Every policy as it is in force, by deadline and precedence; those that ended after them."""
    rows = [_row(version) for version in promises.latest_versions(current_book())]
    active = [row for row in rows if row["version"].is_active]
    kinds = [(label, [row for row in active if row["version"].kind == kind]) for kind, label in Kind.choices]
    return show(
        request,
        "policies.html",
        _("Deadlines"),
        {
            "kinds": [(label, found) for label, found in kinds if found],
            "missing": [label for label, found in kinds if not found],
            "ended": [row for row in rows if not row["version"].is_active],
        },
    )


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new policy; it holds for what starts from now on."""
    form = PolicyForm(request.POST if request.method == "POST" else None, initial={"kind": request.GET.get("kind")})
    if request.method == "POST" and form.is_valid():
        version = promise(form.promise, by=request.user, for_running=form.cleaned_data["for_running"])
        return done(request, _("The policy is made."), "policy", version.policy_id)
    return _ask(request, form, _("New policy"), None)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def policy(request: StaffRequest, policy_id: int) -> HttpResponse:
    """One policy: its next version, and the versions it had."""
    row = get_object_or_404(Policy, pk=policy_id)
    latest = row.versions.select_related("category", "team", "calendar").order_by("-number").first()
    assert latest is not None
    form = PolicyForm(request.POST if request.method == "POST" else None, version=latest)
    if request.method == "POST" and form.is_valid():
        promise(form.promise, by=request.user, policy=row, for_running=form.cleaned_data["for_running"])
        return done(request, _("Saved."), "policy", row.pk)
    return _ask(request, form, latest.label, latest)


@guard(Capability.ADMINISTER)
@require_POST
def fitting(request: StaffRequest, policy_id: int = 0) -> HttpResponse:
    """Which open tickets what is being written would apply to."""
    form = PolicyForm(request.POST, version=PolicyVersion.objects.filter(policy=policy_id).order_by("-number").first())
    return block(request, "administration/policy.html", "fitting", {"fitting": _fitting(request, form), "shown": shown})


@guard(Capability.ADMINISTER)
@require_POST
def end(request: StaffRequest, policy_id: int) -> HttpResponse:
    """Nothing is promised any more for what starts from now on."""
    end_policy(get_object_or_404(Policy, pk=policy_id), by=request.user)
    return done(request, _("The policy has ended."), "policies")


def _ask(request: StaffRequest, form: PolicyForm, title: str, latest: PolicyVersion | None) -> HttpResponse:
    versions = list(
        latest.policy.versions.select_related("made_by", "category", "team", "calendar").order_by("-number")
        if latest is not None
        else ()
    )
    return ask(
        request,
        form,
        title,
        back=reverse("administration:policies"),
        template="policy.html",
        latest=latest,
        versions=[_row(version) for version in versions],
        fitting=_fitting(request, form),
        shown=shown,
    )


def _fitting(request: StaffRequest, form: PolicyForm) -> promises.Fitting | None:
    written = form.version_as_written()
    return promises.fitting(written, current_book(), access=request.access) if written is not None else None


def _row(version: PolicyVersion) -> dict[str, Any]:
    return {
        "version": version,
        "conditions": promises.conditions(version),
        "target": promises.target(version),
        "pauses": promises.pauses(version),
        "warnings": "・".join(f"{percent}%" for percent in version.warn_at),
    }
