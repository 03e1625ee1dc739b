"""Organisations: main numbers, contracts, what they have installed."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.queries import service_names
from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.people import actions
from madoguchi.people.access import Capability
from madoguchi.people.models import Contract, InstalledItem, Organization, PhoneNumber
from madoguchi.web.administration.forms import ContractForm, InstalledForm, OrganizationForm
from madoguchi.web.administration.page import ask, done, fill, show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset

PAGE = 50
SOON = timedelta(days=60)
_ENDING = "ending"


@guard(Capability.ADMINISTER)
@require_GET
def organizations(request: StaffRequest) -> HttpResponse:
    """Organisations by reading; found by name, reading, code or main number; or those whose contract ends soon."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    state = request.GET.get("state", "")
    rows = Organization.objects.select_related("parent").prefetch_related("contracts")
    if words:
        fits = Q(search__contains=search_key(words))
        if number := phone.normalise(words):
            fits |= Q(pk__in=PhoneNumber.objects.filter(number=number).values("organization"))
        rows = rows.filter(fits)
    today = timezone.localdate()
    if state == _ENDING:
        ending = Contract.objects.filter(valid_to__gte=today, valid_to__lte=today + SOON)
        rows = rows.filter(pk__in=ending.values("organization"))
    found, cursor = keyset(rows, ("kana", "id"), after=request.GET.get("after", ""), size=PAGE)
    told = {name: value for name, value in (("q", words), ("state", state)) if value}
    context = {
        "organizations": [(row, _current(row)) for row in found],
        "next": f"?{urlencode({**told, 'after': cursor})}" if cursor else "",
        "q": words,
        "state": state,
        "states": [(_ENDING, _("Contract ends within 60 days"))],
        "today": today,
        "soon": today + SOON,
    }
    return show(request, "organizations.html", _("Organizations"), context)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_organization(request: StaffRequest) -> HttpResponse:
    """A company or a division of one."""
    form = fill(OrganizationForm, request)
    if request.method == "POST" and form.is_valid():
        row = actions.add_organization(by=request.user, **form.cleaned_data)
        return done(request, _("The organization is added."), "organization", row.pk)
    return ask(request, form, _("New organization"), back=reverse("administration:organizations"))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def organization(request: StaffRequest, organization_id: int) -> HttpResponse:
    """One organisation and all that hangs on it."""
    row = get_object_or_404(Organization.objects.select_related("parent"), pk=organization_id)
    form = fill(OrganizationForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_organization(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "organization", row.pk)
    return ask(
        request,
        form,
        row.name,
        back=reverse("administration:organizations"),
        template="organization.html",
        organization=row,
        numbers=list(row.phones.order_by("id")),
        services=service_names(),
        contracts=list(row.contracts.select_related("engineer", "engineer_team", "salesperson")),
        installed=list(row.installed.select_related("contract")),
        people=list(row.people.all()[:20]),
        divisions=list(row.divisions.all()[:50]),
    )


@guard(Capability.ADMINISTER)
@require_POST
def add_number(request: StaffRequest, organization_id: int) -> HttpResponse:
    """A main number."""
    row = get_object_or_404(Organization, pk=organization_id)
    number, label = (request.POST.get(name, "").replace("\0", "") for name in ("number", "label"))
    actions.add_main_number(row, number=number, label=label, by=request.user)
    return done(request, _("The number is added."), "organization", row.pk)


@guard(Capability.ADMINISTER)
@require_POST
def remove_number(request: StaffRequest, number_id: int) -> HttpResponse:
    """A main number that no longer leads here."""
    numbers = PhoneNumber.objects.filter(organization__isnull=False).select_related("organization")
    row = get_object_or_404(numbers, pk=number_id)
    owner = row.organization_id
    actions.remove_main_number(row, by=request.user)
    return done(request, _("The number is removed."), "organization", owner)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_contract(request: StaffRequest, organization_id: int) -> HttpResponse:
    """What the organisation is entitled to."""
    owner = get_object_or_404(Organization, pk=organization_id)
    form = fill(ContractForm, request, Contract(organization=owner, valid_from=timezone.localdate()))
    if request.method == "POST" and form.is_valid():
        actions.add_contract(owner, by=request.user, **form.cleaned_data)
        return done(request, _("The contract is added."), "organization", owner.pk)
    back = reverse("administration:organization", args=[owner.pk])
    return ask(request, form, _("New contract"), back=back, lead=owner.name, template="contract.html")


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def contract(request: StaffRequest, contract_id: int) -> HttpResponse:
    """Correct a contract, or give it its last day."""
    row = get_object_or_404(Contract.objects.select_related("organization"), pk=contract_id)
    form = fill(ContractForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_contract(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "organization", row.organization_id)
    back = reverse("administration:organization", args=[row.organization_id])
    return ask(request, form, row.name, back=back, lead=row.organization.name, template="contract.html")


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_installed(request: StaffRequest, organization_id: int) -> HttpResponse:
    """A product the customer has."""
    owner = get_object_or_404(Organization, pk=organization_id)
    form = fill(InstalledForm, request, InstalledItem(organization=owner), organization=owner)
    if request.method == "POST" and form.is_valid():
        actions.add_installed(owner, by=request.user, **form.cleaned_data)
        return done(request, _("The product is added."), "organization", owner.pk)
    back = reverse("administration:organization", args=[owner.pk])
    return ask(request, form, _("New installed product"), back=back, lead=owner.name)


@guard(Capability.ADMINISTER)
@require_POST
def remove_installed(request: StaffRequest, item_id: int) -> HttpResponse:
    """A product the customer no longer has."""
    row = get_object_or_404(InstalledItem.objects.select_related("organization"), pk=item_id)
    owner = row.organization_id
    actions.remove_installed(row, by=request.user)
    return done(request, _("The product is removed."), "organization", owner)


def _current(row: Organization) -> Contract | None:
    """The contract that counts today, from those already read: a valid one, else the latest."""
    contracts = list(row.contracts.all())
    return next((contract for contract in contracts if contract.is_valid_on()), contracts[0] if contracts else None)
