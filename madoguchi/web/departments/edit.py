"""Keeping departments, topics and contacts true: forms that call one act each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.catalog.actions import link_topic
from madoguchi.catalog.models import Category
from madoguchi.people import actions
from madoguchi.people.access import Capability
from madoguchi.people.models import Contact, ContactAbsence, Department, Topic
from madoguchi.web.administration.page import fill
from madoguchi.web.departments.forms import AwayForm, ContactForm, DepartmentForm, TopicForm
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def new_department(request: StaffRequest) -> HttpResponse:
    """A part of the company that is asked."""
    form = fill(DepartmentForm, request)
    if request.method == "POST" and form.is_valid():
        row = actions.add_department(by=request.user, **form.cleaned_data)
        return _went(request, _("The department is added. Now add whom to ask."), row.pk)
    return _ask(request, form, _("New department"), None)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def department(request: StaffRequest, department_id: int) -> HttpResponse:
    """Correct a department; one that is no longer asked stays on record."""
    row = get_object_or_404(Department, pk=department_id)
    form = fill(DepartmentForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_department(row, by=request.user, **form.cleaned_data)
        return _went(request, _("Saved."), row.pk)
    return _ask(request, form, row.label, row)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def new_topic(request: StaffRequest, department_id: int) -> HttpResponse:
    """Something more that the department is asked about; ``category``: what it is asked of."""
    row = get_object_or_404(Department, pk=department_id)
    form = fill(TopicForm, request, initial={"categories": request.GET.getlist("category")})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            told = dict(form.cleaned_data)
            categories = Category.objects.filter(pk__in=told.pop("categories"))
            link_topic(actions.add_topic(row, by=request.user, **told), categories, by=request.user)
        return _went(request, _("The topic is added."), row.pk)
    return _ask(request, form, _("New topic"), row)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def topic(request: StaffRequest, department_id: int, topic_id: int) -> HttpResponse:
    """Correct a topic and the categories it belongs to."""
    row = get_object_or_404(Topic.objects.select_related("department"), pk=topic_id, department=department_id)
    form = fill(TopicForm, request, row)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            told = dict(form.cleaned_data)
            link_topic(row, Category.objects.filter(pk__in=told.pop("categories")), by=request.user)
            actions.change_topic(row, by=request.user, **told)
        return _went(request, _("Saved."), row.department_id)
    return _ask(request, form, row.label, row.department)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def new_contact(request: StaffRequest, department_id: int) -> HttpResponse:
    """Somebody more to ask, last in the chain."""
    row = get_object_or_404(Department, pk=department_id)
    form = fill(ContactForm, request, department=row)
    if request.method == "POST" and form.is_valid():
        actions.add_contact(row, by=request.user, **form.cleaned_data)
        return _went(request, _("The contact is added, last in the chain."), row.pk)
    return _ask(request, form, _("New contact"), row)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Correct a contact; one who is no longer asked stays on record."""
    row = _contact_or_404(contact_id)
    form = fill(ContactForm, request, row, department=row.department)
    if request.method == "POST" and form.is_valid():
        actions.change_contact(row, by=request.user, **form.cleaned_data)
        return _went(request, _("Saved."), row.department_id)
    return _ask(request, form, row.name, row.department)


@guard(Capability.EDIT_DIRECTORY)
@require_POST
def confirm(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Somebody whom a contact named is right."""
    row = _contact_or_404(contact_id)
    actions.change_contact(row, is_confirmed=True, by=request.user)
    return _went(request, _("%(name)s is confirmed.") % {"name": row.name}, row.department_id)


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def away(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A contact is away for some days, and who stands in."""
    row = _contact_or_404(contact_id)
    sent = request.method == "POST"
    form = AwayForm(request.POST if sent else None, contact=row, initial={"first": timezone.localdate()})
    if sent and form.is_valid():
        actions.note_contact_absence(row, by=request.user, **form.told)
        return _went(request, _("The absence is noted."), row.department_id)
    return _ask(request, form, _("%(name)s is away") % {"name": row.name}, row.department)


@guard(Capability.EDIT_DIRECTORY)
@require_POST
def back(request: StaffRequest, absence_id: int) -> HttpResponse:
    """Back again, or not away after all."""
    row = get_object_or_404(ContactAbsence.objects.select_related("contact__department"), pk=absence_id)
    actions.end_contact_absence(row, at=timezone.now(), by=request.user)
    return _went(request, _("The absence is ended."), row.contact.department_id)


def _contact_or_404(contact_id: int) -> Contact:
    return get_object_or_404(Contact.objects.select_related("department", "deputy"), pk=contact_id)


def _ask(request: StaffRequest, form: forms.BaseForm, title: str, department: Department | None) -> HttpResponse:
    """The form, empty, filled or with its errors beside the fields (422)."""
    context: dict[str, Any] = {"form": form, "title": title, "department": department}
    return page(request, "departments/form.html", context, status=422 if form.is_bound and form.errors else 200)


def _went(request: StaffRequest, sentence: str, department_id: int) -> HttpResponse:
    messages.success(request, sentence)
    return go(request, reverse("departments:department", args=[department_id]))
