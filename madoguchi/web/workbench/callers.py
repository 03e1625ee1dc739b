"""Who is speaking: chosen from candidates, found by search, or somebody new; and whether it is really them."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.foundation import phone
from madoguchi.foundation.numbers import row_number
from madoguchi.interactions.actions.contacts import check_identity, identify, take_over
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Capability
from madoguchi.people.actions import Requester, find_or_add_person
from madoguchi.people.models import Person
from madoguchi.people.queries import callers, contract_of, find_people
from madoguchi.telephony import queries as telephony
from madoguchi.telephony.models import CallAgent
from madoguchi.telephony.words import caller_words
from madoguchi.tickets.requesters import people_visible_to
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.workbench.seat import contact_or_404, contacts, context_of
from madoguchi.web.workbench.settling import SHEETS
from madoguchi.web.workbench.views import closing, show

NEIGHBOURS = 20


@guard(Capability.TAKE_CALLS)
@require_POST
def choose(request: StaffRequest, contact_id: int) -> HttpResponse:
    """This is who speaks; an empty choice takes it back."""
    contact = contact_or_404(request, contact_id)
    chosen = row_number(request.POST.get("person", ""))
    person = person_or_404(request, contact, chosen) if chosen is not None else None
    identify(contact, person=person, by=request.user)
    return _known(request, contact_id)


@guard(Capability.TAKE_CALLS)
@require_GET
def search(request: StaffRequest, contact_id: int) -> HttpResponse:
    """People by name, reading, number or organisation, while it is typed."""
    contact = contact_or_404(request, contact_id)
    people = find_people(request.GET.get("q", "")[:100], limit=8, among=people_visible_to(request.access))
    return page(request, "workbench/people.html", {"contact": contact, "people": people, "q": request.GET.get("q", "")})


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Somebody new, with the reading of the name."""
    contact = contact_or_404(request, contact_id)
    if request.method == "GET":
        found = callers(contact.address)
        shared = bool(found.organizations)
        values = {
            "name": request.GET.get("q", "") or contact.contact_name,
            "phone": "" if shared else phone.display(contact.address),
            "organization": found.organizations[0].name if len(found.organizations) == 1 else "",
        }
        return page(request, SHEETS, {"sheet": "person", "contact": contact, "values": values, "shared": shared})
    with transaction.atomic():
        person = find_or_add_person(
            Requester(
                **{name: request.POST.get(name, "") for name in ("name", "kana", "email", "phone", "organization")}
            ),
            by=request.user,
        )
        identify(contact, person=person, by=request.user)
    return closing(_known(request, contact_id))


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def check(request: StaffRequest, contact_id: int) -> HttpResponse:
    """本人確認 by the questions of the customer's contract, with number and name read back."""
    contact = contact_or_404(request, contact_id)
    contract = contract_of(contact.organization)
    questions = contract.identity_questions if contract else []
    if request.method == "GET":
        return page(
            request, SHEETS, {"sheet": "identity", "contact": contact, "contract": contract, "questions": questions}
        )
    asked = [
        {"question": question["question"], "passed": request.POST.get(f"answer-{place}") == "yes"}
        for place, question in enumerate(questions)
        if request.POST.get(f"answer-{place}") in ("yes", "no")
    ]
    read_back = "read_back" in request.POST
    check_identity(
        contact,
        contract=contract,
        asked=asked,
        passed=all(answer["passed"] for answer in asked) and (bool(asked) or read_back),
        read_back=read_back,
        by=request.user,
    )
    return closing(_known(request, contact_id))


@guard(Capability.TAKE_CALLS)
@require_POST
def take(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A colleague's popped call onto my own screen."""
    contact = contact_or_404(request, contact_id)
    take_over(contact, by=request.user)
    return closing(show(request, contact_or_404(request, contact_id)))


@guard(Capability.TAKE_CALLS)
@require_GET
def neighbours(request: StaffRequest) -> HttpResponse:
    """Calls that ring at colleagues' phones, or wait, and nobody has answered: the longest wait first."""
    ringing = telephony.waiting(request.access).exclude(agents__in=CallAgent.objects.filter(staff=request.user))
    calls = list(ringing.prefetch_related("agents__staff")[:NEIGHBOURS])
    found = {contact.call_id: contact for contact in contacts(request.access).filter(call__in=calls)}
    rows = [
        {
            "contact": found[call.pk],
            "caller": caller_words(number=call.caller_number, presentation=call.presentation),
            "names": [seat.staff.name for seat in call.agents.all() if seat.staff and seat.state == "offered"],
        }
        for call in calls
        if call.pk in found
    ]
    return page(request, "workbench/pass_on.html", {"neighbours": rows})


def person_or_404(request: StaffRequest, contact: Interaction, person_id: int) -> Person:
    """A candidate by the contact's own number, or somebody this person may see anyhow."""
    candidate = next((person for person in callers(contact.address).people if person.pk == person_id), None)
    return candidate or get_object_or_404(
        people_visible_to(request.access).select_related("organization"), pk=person_id
    )


def _known(request: StaffRequest, contact_id: int) -> HttpResponse:
    """The caller's column anew, and beside the form what hangs on the person; what is being typed stays untouched."""
    contact: Interaction = contact_or_404(request, contact_id)
    context = context_of(request, contact, chosen=True)
    return page(request, "workbench/identified.html" if request.htmx else "workbench/seat.html", context)
