"""People and groups as an identity provider keeps them here by SCIM 2.0, and what they are in the directory.

The library speaks the protocol; here the resources are kept as they were told (without passwords), and each change
becomes, in the same transaction, a change of the directory by the same plan as a file's or the directory server's: a
group is a department, a person with a department is one of its contacts.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Filter,
    Group,
    Meta,
    NotFoundException,
    Patch,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
    UniquenessException,
    User,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.storage import ScimStorage, SearchPage

from madoguchi.directory.actions import apply
from madoguchi.directory.models import ScimEntry
from madoguchi.directory.plan import plan as work_out
from madoguchi.directory.records import ContactRecord, DepartmentRecord, Records
from madoguchi.journal.record import Actor
from madoguchi.people.actions import change_contact, change_department
from madoguchi.people.models import Contact, Department
from madoguchi.problems.set_aside import set_aside

SOURCE = "scim"
MOST_RESULTS = 200
USER, GROUP = "User", "Group"
type Desk = Resource[Any]

# As Entra ID writes: attributes of its own, removals by value, and a new work address by a path that names its kind.
_TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


@cache
def provider() -> ScimProvider:
    """What this service is: people and groups, with filters, single changes and versions."""
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token of the desk with the scope directory:write",
                primary=True,
            )
        ],
    )
    kinds = [ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)]
    return ScimProvider([User, EnterpriseUser, Group], kinds, config, _TOLERANT)


class Storage(ScimStorage):
    """The resources of one request, changed in the name of ``by``."""

    def __init__(self, by: Actor) -> None:
        self.by = by

    def operation(self) -> AbstractContextManager[None]:
        return cast("AbstractContextManager[None]", transaction.atomic())

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Desk:
        return _resource(_entry(resource_type, resource_id))

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        kinds = [str(kind.name) for kind in resource_types]
        rows = ScimEntry.objects.filter(kind__in=kinds).order_by("id")
        start, count = search_request.start_index_0 or 0, search_request.count
        stop = None if count is None else start + count
        wanted = search_request.filter
        if wanted is None:
            return SearchPage(rows.count(), [_resource(row) for row in rows[start:stop]])
        found = [resource for row in _candidates(rows, wanted) if wanted.match(resource := _resource(row))]
        return SearchPage(len(found), found[start:stop])

    def create(self, resource_type: ResourceType, resource: Desk) -> Desk:
        now = timezone.now()
        entry = ScimEntry(key=uuid.uuid4().hex, kind=str(resource_type.name), created_at=now)
        self._write(entry, resource)
        return _resource(entry)

    def update(self, resource_type: ResourceType, resource: Desk, *, expected_version: str | None = None) -> Desk:
        entry = _entry(resource_type, str(resource.id), for_update=True)
        _require_version(entry, expected_version)
        self._write(entry, resource)
        return _resource(entry)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        entry = _entry(resource_type, resource_id, for_update=True)
        _require_version(entry, expected_version)
        members = entry.members
        entry.delete()
        if entry.kind == USER:
            self._retire(entry)
        else:
            for department in Department.objects.filter(origin=entry.origin, is_active=True):
                change_department(department, is_active=False, by=self.by)
            self._place(members)

    def _write(self, entry: ScimEntry, resource: Desk) -> None:
        """Keep the resource, and let the directory follow."""
        before = set(entry.members)
        document = resource.model_dump(exclude={"id", "meta"}, mode="json", by_alias=True, exclude_none=True)
        document.pop("password", None)
        entry.document, entry.updated_at, entry.version = document, timezone.now(), entry.version + 1
        entry.name = str(document.get("userName") or document.get("displayName") or "")[:255]
        entry.unique_name = entry.name.lower() if entry.kind == USER else ""
        entry.external_id = str(document.get("externalId") or "")[:255]
        try:
            with transaction.atomic():
                entry.save()
        except IntegrityError:
            raise UniquenessException from None
        if entry.kind == USER:
            self._place([entry.key])
        else:
            self._take_over(Records(departments=[_department_of(entry)]))
            self._place({*before, *entry.members})

    def _place(self, people: Iterable[str]) -> None:
        """Put people where they belong: contacts of their department, or nobody who is asked."""
        entries = list(ScimEntry.objects.filter(kind=USER, key__in=list(people)).order_by("id"))
        groups = list(ScimEntry.objects.filter(kind=GROUP).order_by("id")) if entries else []
        records = []
        for entry in entries:
            record = _contact_of(entry, groups)
            if record is None:
                self._retire(entry)
            else:
                records.append(record)
        if records:
            self._take_over(Records(contacts=records))

    def _take_over(self, records: Records) -> None:
        """By the ordinary plan; what the directory cannot take is told to the administrator, and kept all the same."""
        plan = apply(work_out(records, source=SOURCE), by=self.by)
        for row in plan.refused:
            set_aside("directory.scim", row.reason, entry=row.text)

    def _retire(self, entry: ScimEntry) -> None:
        for contact in Contact.objects.filter(origin=entry.origin, is_active=True):
            change_contact(contact, is_active=False, from_server=True, by=self.by)


def _entry(resource_type: ResourceType, key: str, *, for_update: bool = False) -> ScimEntry:
    rows = ScimEntry.objects.select_for_update() if for_update else ScimEntry.objects.all()
    entry = rows.filter(kind=str(resource_type.name), key=key).first()
    if entry is None:
        raise NotFoundException(detail=f"{resource_type.name} {key!r} not found")
    return entry


def _require_version(entry: ScimEntry, expected: str | None) -> None:
    if expected is not None and expected != _version(entry):
        raise PreconditionFailedException


def _version(entry: ScimEntry) -> str:
    return f'W/"{entry.version}"'


def _resource(entry: ScimEntry) -> Desk:
    model = cast("type[Desk]", provider().model_for(entry.kind))
    resource = model.model_validate({**entry.document, "id": entry.key})
    resource.meta = Meta(
        resource_type=entry.kind, created=entry.created_at, last_modified=entry.updated_at, version=_version(entry)
    )
    return resource


def _candidates(rows: QuerySet[ScimEntry], wanted: ScimFilter[Any]) -> Iterator[ScimEntry]:
    """Those that can match: identity providers ask for one name or key, which an index finds."""
    node = wanted.ast
    if isinstance(node, Comparison) and node.op == CompareOperator.eq and isinstance(node.value, str):
        asked = {
            "username": Q(unique_name=node.value.lower()),
            "externalid": Q(external_id=node.value),
            "id": Q(key=node.value),
        }.get(str(node.attr_path).rpartition(":")[2].lower())
        if asked is not None:
            rows = rows.filter(asked)
    return rows.iterator(chunk_size=500)


def _department_of(group: ScimEntry) -> DepartmentRecord:
    return DepartmentRecord(name=group.name[:100], origin=group.origin, fields={"is_active": True})


def _contact_of(entry: ScimEntry, groups: list[ScimEntry]) -> ContactRecord | None:
    """The contact that a person is: of the first group that has them, else of the department that is written there."""
    told = entry.document
    if told.get("active") is False:
        return None
    group = next((group for group in groups if entry.key in group.members), None)
    written = str(_enterprise(told).get("department") or "").strip()[:100]
    if group is None and not written:
        return None
    names = told.get("name") or {}
    family, given = str(names.get("familyName") or ""), str(names.get("givenName") or "")
    name = told.get("displayName") or names.get("formatted") or f"{family} {given}".strip() or entry.name
    phones = {
        str(one.get("type") or "work").lower(): str(one.get("value") or "") for one in _list(told, "phoneNumbers")
    }
    emails = sorted(_list(told, "emails"), key=lambda one: not one.get("primary"))
    fields = {
        "title": str(told.get("title") or "")[:100],
        "email": str(emails[0].get("value") or "") if emails else "",
        "phone": phones.get("work", "") or phones.get("other", ""),
        "mobile": phones.get("mobile", ""),
    }
    return ContactRecord(
        department=_department_of(group) if group else DepartmentRecord(name=written),
        name=str(name)[:100],
        origin=entry.origin,
        fields=fields,
    )


def _enterprise(told: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", told.get("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User") or {})


def _list(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in told.get(name) or [] if isinstance(one, dict)]
