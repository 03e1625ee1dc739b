"""Teams with what they require, and what follows their calls."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.people import actions
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.telephony.actions.set_wrapup_policy import set_wrapup_policy
from madoguchi.telephony.models import WrapupPolicy
from madoguchi.web.administration.forms import TeamForm
from madoguchi.web.administration.page import ask, done, fill, show
from madoguchi.web.shell.guard import StaffRequest, guard


@guard(Capability.ADMINISTER)
@require_GET
def teams(request: StaffRequest) -> HttpResponse:
    """All teams by line and order, with how many work there."""
    members = Count("memberships__staff", filter=Q(memberships__staff__is_active=True), distinct=True)
    rows = Team.objects.annotate(members=members).order_by("-is_active", "line", "position", "id")
    return show(request, "teams.html", _("Teams"), {"teams": list(rows)})


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_team(request: StaffRequest) -> HttpResponse:
    """A new queue of work."""
    form = fill(TeamForm, request)
    if request.method == "POST" and form.is_valid():
        team = actions.add_team(by=request.user, **form.cleaned_data)
        return done(request, _("The team is added."), "team", team.pk)
    return ask(request, form, _("New team"), back=reverse("administration:teams"))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def team(request: StaffRequest, team_id: int) -> HttpResponse:
    """One team, and the items it requires of whatever is handed over to it."""
    row = get_object_or_404(Team, pk=team_id)
    form = fill(TeamForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_team(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "team", row.pk)
    return ask(
        request,
        form,
        row.label,
        back=reverse("administration:teams"),
        template="items.html",
        owner="team",
        row=row,
        items=list(row.required_items.order_by("position", "id")),
        new_item=reverse("administration:new_team_item", args=[row.pk]),
        wrapup=WrapupPolicy.objects.filter(team=row).first() or WrapupPolicy(team=row),
        wrapup_modes=WrapupPolicy.Mode.choices,
    )


@guard(Capability.ADMINISTER)
@require_POST
def wrapup_policy(request: StaffRequest, team_id: int) -> HttpResponse:
    """What the work after a call is for this team."""
    row = get_object_or_404(Team, pk=team_id)
    seconds = request.POST.get("seconds", "")
    set_wrapup_policy(
        row,
        mode=request.POST.get("mode", ""),
        seconds=int(seconds) if seconds.isascii() and seconds.isdecimal() and len(seconds) < 6 else None,
        by=request.user,
    )
    return done(request, _("Saved."), "team", row.pk)
