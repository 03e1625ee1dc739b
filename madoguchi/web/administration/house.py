"""Teams with what they require, departments with the chain of their contacts."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.people import actions
from madoguchi.people.access import Capability
from madoguchi.people.models import Contact, Department, Team
from madoguchi.web.administration.forms import ContactForm, DepartmentForm, TeamForm
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
    )


@guard(Capability.ADMINISTER)
@require_GET
def departments(request: StaffRequest) -> HttpResponse:
    """Whom in the company the desk can ask."""
    rows = Department.objects.prefetch_related("contacts").order_by("-is_active", "id")
    return show(request, "departments.html", _("Departments"), {"departments": list(rows)})


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_department(request: StaffRequest) -> HttpResponse:
    """A part of the company that is asked."""
    form = fill(DepartmentForm, request)
    if request.method == "POST" and form.is_valid():
        row = actions.add_department(by=request.user, **form.cleaned_data)
        return done(request, _("The department is added. Now add whom to ask."), "department", row.pk)
    return ask(request, form, _("New department"), back=reverse("administration:departments"))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def department(request: StaffRequest, department_id: int) -> HttpResponse:
    """One department and its contacts, in the order in which they are asked."""
    row = get_object_or_404(Department, pk=department_id)
    form = fill(DepartmentForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_department(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "department", row.pk)
    contacts = list(row.contacts.order_by("position", "id"))
    back = reverse("administration:departments")
    return ask(request, form, row.label, back=back, template="department.html", department=row, contacts=contacts)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_contact(request: StaffRequest, department_id: int) -> HttpResponse:
    """Somebody more to ask."""
    row = get_object_or_404(Department, pk=department_id)
    form = fill(ContactForm, request)
    if request.method == "POST" and form.is_valid():
        actions.add_contact(row, by=request.user, **form.cleaned_data)
        return done(request, _("The contact is added."), "department", row.pk)
    back = reverse("administration:department", args=[row.pk])
    return ask(request, form, _("New contact"), back=back, lead=row.label)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Correct a contact; one who is no longer asked stays on record."""
    row = get_object_or_404(Contact.objects.select_related("department"), pk=contact_id)
    form = fill(ContactForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_contact(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "department", row.department_id)
    back = reverse("administration:department", args=[row.department_id])
    return ask(request, form, row.name, back=back, lead=row.department.label)


@guard(Capability.ADMINISTER)
@require_POST
def move_contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    """One place earlier or later in the chain."""
    row = get_object_or_404(Contact.objects.select_related("department"), pk=contact_id)
    actions.move_contact(row, up=bool(request.POST.get("up")), by=request.user)
    return done(request, _("The order is saved."), "department", row.department_id)
