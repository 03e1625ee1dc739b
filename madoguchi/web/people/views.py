"""People who contact the desk, and their organisations: found while typing, read, corrected."""

import copy
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.queries import service_names
from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key, split_name
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import CallBack, Interaction, NumberProposal
from madoguchi.interactions.signatures import accept_number, dismiss_number
from madoguchi.people import actions
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import EmailAddress, Organization, Person, PhoneNumber
from madoguchi.people.queries import contract_of, find_people
from madoguchi.telephony.queries import openable
from madoguchi.tickets.models import ACTIVE, Ticket
from madoguchi.tickets.requesters import organizations_visible_to, people_visible_to
from madoguchi.web.people.forms import NewPersonForm, PersonForm
from madoguchi.web.shell.export import MOST, export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

PAGE = 50
TICKETS = 10
CONTACTS = 10
ORDER = ("family_kana", "given_kana", "id")


@guard(Capability.READ_PEOPLE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """People by reading; with words those that fit by name, kana, number, mail or organisation."""
    words = _words(request)
    visible = people_visible_to(request.access)
    cursor = ""
    if words:
        found = list(find_people(words, limit=PAGE, among=visible))
        units = list(_organizations_like(words, request.access)[:5])
    else:
        everybody = visible.select_related("organization").prefetch_related("phones", "emails")
        found, cursor = keyset(everybody, ORDER, after=request.GET.get("after", ""), size=PAGE)
        units = []
    context = {
        "people": found,
        "organizations": units,
        "q": words,
        "full": bool(words) and len(found) == PAGE,
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "exported": urlencode({"q": words}) if words else "",
        "adds": _may_add(request.access),
    }
    return page(request, "people/index.html", context)


@guard(Capability.READ_PEOPLE)
@require_GET
def export_people(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The people of the list, as a file of at most MOST rows."""
    words, visible = _words(request), people_visible_to(request.access)
    related = visible.select_related("organization").prefetch_related("phones", "emails").order_by(*ORDER)
    found: Iterable[Person] = (
        find_people(words, limit=MOST, among=visible) if words else related[:MOST].iterator(chunk_size=500)
    )
    heads = [_("Name"), _("Reading"), _("Organization"), _("Division"), _("Phone"), _("Mail")]
    rows = (
        [
            person.name,
            person.kana,
            person.organization.name if person.organization else "",
            person.title,
            ", ".join(number.display for number in person.phones.all()),
            ", ".join(address.address for address in person.emails.all()),
        ]
        for person in found
    )
    return export("people", kind, heads, rows, title=_("People"))


@guard(Capability.READ_PEOPLE)
@require_GET
def person_page(request: StaffRequest, person_id: int) -> HttpResponse:
    """One person: how to reach them, what they are entitled to, what they asked, what we owe them."""
    person = _person_or_404(request, person_id)
    tickets = _tickets(request.access).filter(Q(requester=person) | Q(affected=person))
    contacts = Interaction.objects.visible_to(request.access).filter(person=person).select_related("staff")
    owed = CallBack.objects.visible_to(request.access).waiting().filter(person=person).select_related("staff", "team")
    shown = list(contacts.order_by("-started_at", "-id")[:CONTACTS])
    context = {
        "person": person,
        "contract": contract_of(person.organization),
        "services": service_names(),
        "installed": list(person.organization.installed.all()[:20]) if person.organization else [],
        "open_tickets": list(tickets.filter(status__in=ACTIVE).order_by("-updated_at", "-id")[:TICKETS]),
        "past_tickets": list(tickets.exclude(status__in=ACTIVE).order_by("-updated_at", "-id")[:TICKETS]),
        "contacts": shown,
        "calls": openable(request.access, [one.call_id for one in shown if one.call_id is not None]),
        "owed": list(owed[:20]),
        "edits": request.access.can(Capability.EDIT_PEOPLE),
        "proposals": list(person.number_proposals.filter(state=NumberProposal.State.OPEN).select_related("mail")),
    }
    return page(request, "people/person.html", context)


@guard(Capability.EDIT_PEOPLE)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Somebody new; people with the same number or address are shown first, saving once more adds the person."""
    if not _may_add(request.access):
        raise Refused(_("New people are added while you take a contact."), code="not_for_partners", status=403)
    sent = request.method == "POST"
    form = NewPersonForm(request.POST if sent else None, initial={"name": request.GET.get("name", "")[:200]})
    twins: list[Person] = []
    if sent and form.is_valid():
        typed = form.cleaned_data
        twins = _twins(typed, request.access)
        if not twins or request.POST.get("anyway") == _mark(twins):
            person = actions.add_person(actions.Requester(**typed), by=request.user)
            return _went(request, _("The person is added."), person)
    context = {"form": form, "twins": twins, "mark": _mark(twins), "title": _("New person"), "person": None}
    return page(request, "people/edit.html", context, status=422 if sent else 200)


@guard(Capability.EDIT_PEOPLE)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, person_id: int) -> HttpResponse:
    """Correct name, reading, organisation, title, language and note."""
    person = _person_or_404(request, person_id)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=copy.copy(person))
    if request.method == "POST" and form.is_valid():
        actions.change_person(person, by=request.user, **_changed(form, person))
        return _went(request, _("Saved."), person)
    context = {"form": form, "twins": [], "mark": "", "title": _("Edit person"), "person": person}
    return page(request, "people/edit.html", context, status=422 if form.is_bound else 200)


@guard(Capability.EDIT_PEOPLE)
@require_POST
def add_number(request: StaffRequest, person_id: int) -> HttpResponse:
    """Another number; who else has it is told."""
    person = _person_or_404(request, person_id)
    number, label = (request.POST.get(name, "").replace("\0", "")[:60] for name in ("number", "label"))
    row = actions.add_phone(person, number=number, label=label[:40], by=request.user)
    others = people_visible_to(request.access).filter(phones__number=row.number).exclude(pk=person.pk)[:3]
    names = ", ".join(other.name for other in others)
    if names:
        messages.warning(request, _("This number also belongs to %(names)s.") % {"names": names})
    return _went(request, _("The number is added."), person)


@guard(Capability.EDIT_PEOPLE)
@require_POST
def remove_number(request: StaffRequest, person_id: int, number_id: int) -> HttpResponse:
    """A number that no longer leads to this person."""
    person = _person_or_404(request, person_id)
    actions.remove_phone(get_object_or_404(PhoneNumber, pk=number_id, person=person), by=request.user)
    return _went(request, _("The number is removed."), person)


@guard(Capability.EDIT_PEOPLE)
@require_POST
def decide_number(request: StaffRequest, person_id: int, proposal_id: int) -> HttpResponse:
    """A number from the signature of their mail: it is theirs, or is not and never asked again."""
    person = _person_or_404(request, person_id)
    proposal = get_object_or_404(person.number_proposals.select_related("person"), pk=proposal_id)
    if request.POST.get("verb") == "accept":
        accept_number(proposal, by=request.user)
        return _went(request, _("The number is added."), person)
    dismiss_number(proposal, by=request.user)
    return _went(request, _("It is not proposed again."), person)


@guard(Capability.EDIT_PEOPLE)
@require_POST
def add_address(request: StaffRequest, person_id: int) -> HttpResponse:
    """Another mail address."""
    person = _person_or_404(request, person_id)
    actions.add_email(person, address=request.POST.get("address", "").replace("\0", "")[:254], by=request.user)
    return _went(request, _("The address is added."), person)


@guard(Capability.EDIT_PEOPLE)
@require_POST
def remove_address(request: StaffRequest, person_id: int, address_id: int) -> HttpResponse:
    """An address that no longer leads to this person."""
    person = _person_or_404(request, person_id)
    actions.remove_email(get_object_or_404(EmailAddress, pk=address_id, person=person), by=request.user)
    return _went(request, _("The address is removed."), person)


@guard(Capability.READ_PEOPLE)
@require_GET
def organization_page(request: StaffRequest, organization_id: int) -> HttpResponse:
    """One organisation: its people, numbers, contracts, what is installed, what is open."""
    units = organizations_visible_to(request.access).select_related("parent")
    row = get_object_or_404(units, pk=organization_id)
    staff = people_visible_to(request.access).filter(organization=row).prefetch_related("phones", "emails")
    found, cursor = keyset(staff, ORDER, after=request.GET.get("after", ""), size=PAGE)
    tickets = _tickets(request.access).filter(organization=row, status__in=ACTIVE)
    context = {
        "organization": row,
        "people": found,
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "numbers": list(row.phones.order_by("id")),
        "contract": contract_of(row),
        "services": service_names(),
        "contracts": list(row.contracts.select_related("engineer", "engineer_team", "salesperson")),
        "installed": list(row.installed.all()[:50]),
        "divisions": list(units.filter(parent=row)[:50]),
        "open_tickets": list(tickets.order_by("-updated_at", "-id")[:TICKETS]),
    }
    return page(request, "people/organization.html", context)


@guard(Capability.READ_PEOPLE)
@require_GET
def organization_names(request: StaffRequest) -> HttpResponse:
    """Names that fit what is being typed, for the field of the organisation."""
    typed = request.GET.get("organization", "").replace("\0", "").strip()[:100]
    names = [row.name for row in _organizations_like(typed, request.access)[:10]] if typed else []
    return page(request, "people/names.html", {"names": names})


def _person_or_404(request: StaffRequest, person_id: int) -> Person:
    people = people_visible_to(request.access).select_related("organization__parent")
    numbers = Prefetch("phones", PhoneNumber.objects.order_by("id"))
    return get_object_or_404(people.prefetch_related(numbers, "emails"), pk=person_id)


def _tickets(access: Access) -> QuerySet[Ticket]:
    return Ticket.objects.visible_to(access).select_related("holder_team", "category", "requester")


def _organizations_like(words: str, access: Access) -> QuerySet[Organization]:
    key = search_key(words)
    return organizations_visible_to(access).filter(search__contains=key) if key else Organization.objects.none()


def _may_add(access: Access) -> bool:
    """A partner's staff would not see whom they add until a contact of theirs names the person."""
    return access.can(Capability.EDIT_PEOPLE) and not access.is_partner


def _twins(typed: dict[str, Any], access: Access) -> list[Person]:
    """Who may be the same person: same number, address, or name within the same organisation."""
    fits = Q(pk__in=[])
    if number := phone.normalise(typed["phone"]):
        fits |= Q(phones__number=number)
    if typed["email"]:
        fits |= Q(emails__address=typed["email"].lower())
    family, given = split_name(typed["name"])
    if given and typed["organization"]:
        fits |= Q(family_name=family, given_name=given, organization__name=typed["organization"].strip())
    return list(people_visible_to(access).filter(fits).select_related("organization").distinct()[:5])


def _mark(twins: list[Person]) -> str:
    """Which hints were shown, so that only those are overruled."""
    return ",".join(str(person.pk) for person in twins)


def _changed(form: PersonForm, person: Person) -> dict[str, Any]:
    """What the form changes, the organisation as a name."""
    return {
        name: value
        for name, value in form.cleaned_data.items()
        if value != (form.initial["organization"] if name == "organization" else getattr(person, name))
    }


def _words(request: StaffRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


def _went(request: StaffRequest, sentence: str, person: Person) -> HttpResponse:
    messages.success(request, sentence)
    address = reverse("people:person", args=[person.pk])
    return go(request, address)
