"""Caller look-up: by number in any writing, by address, by name in any kana."""

from typing import Annotated, Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.problem import invalid
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer
from madoguchi.api.v1.fields import Answer
from madoguchi.api.v1.ticket_form import OrganizationForm, organization_form
from madoguchi.people.access import Capability
from madoguchi.people.models import Organization, Person
from madoguchi.people.queries import callers, find_people
from madoguchi.tickets.requesters import organizations_visible_to, people_visible_to

router = Router(tags=["people"])
READ = Needs("people:read", capability=Capability.READ_PEOPLE)


class PersonForm(Answer):
    """Somebody who contacts the desk."""

    id: int
    name: str
    kana: str
    title: str
    language: str
    organization: OrganizationForm | None
    phones: list[str]
    emails: list[str]


class PeopleList(Answer):
    """Candidates, never a guess; ``organizations`` are those whose main number was asked for."""

    items: list[PersonForm]
    next: str | None
    organizations: list[OrganizationForm]


class PeopleQuery(BaseModel):
    """One of the three."""

    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    q: fields.Word = ""
    limit: fields.Limit = 20


@router.get("/people", response=PeopleList, auth=READ, summary="Who is that?")
def find_a_person(request: ApiRequest, asked: Query[PeopleQuery]) -> HttpResponse:
    """People by number, address or name; by a main number also the organisation and its people."""
    visible = people_visible_to(request.auth.access)
    organizations: list[Organization] = []
    if asked.phone:
        found = callers(asked.phone, among=visible, organizations_among=organizations_visible_to(request.auth.access))
        people, organizations = found.people[: asked.limit], found.organizations
    elif asked.email:
        same = visible.filter(emails__address=asked.email.strip().lower())
        people = list(same.select_related("organization").distinct()[: asked.limit])
    elif asked.q:
        people = list(find_people(asked.q, limit=asked.limit, among=visible))
    else:
        raise invalid("q", _("Ask by phone, email or q."))
    prefetch_related_objects(people, "phones", "emails")
    body = {
        "items": [_form(person) for person in people],
        "next": None,
        "organizations": [organization_form(organization) for organization in organizations],
    }
    return answer(200, body)


def _form(person: Person) -> dict[str, Any]:
    return {
        "id": person.pk,
        "name": person.name,
        "kana": person.kana,
        "title": person.title,
        "language": person.language,
        "organization": organization_form(person.organization),
        "phones": [phone.number for phone in person.phones.all()],
        "emails": [email.address for email in person.emails.all()],
    }
