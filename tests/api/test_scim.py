"""Identity providers keep people and groups here by SCIM 2.0: the standard's own tester, and what comes of it."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.test import Client
from django.test.client import ClientHandler
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from madoguchi.directory import scim
from madoguchi.directory.models import ScimEntry
from madoguchi.people import tokens
from madoguchi.people.models import Contact, Department
from madoguchi.problems.models import Problem
from tests.cast import Cast

pytestmark = pytest.mark.django_db
CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(autouse=True)
def _address(settings: LazySettings) -> None:
    settings.PUBLIC_ADDRESS = "http://testserver"


class Provider:
    """An identity provider, and what it says."""

    def __init__(self, staff: Any, *scopes: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {tokens.issue(staff=staff, scopes=list(scopes))}"}

    def says(self, method: str, path: str, content: Any = None, **headers: str) -> Any:
        body = b"" if content is None else json.dumps(content).encode()
        return self.client.generic(
            method, f"/scim/v2{path}", body, "application/scim+json", headers=self.headers | headers
        )

    def person(self, name: str, **more: Any) -> str:
        content = {
            "schemas": [f"{CORE}:User", ENTERPRISE],
            "userName": f"{name}@example.jp",
            "displayName": name,
            "emails": [{"value": "someone@example.jp", "primary": True}],
            **more,
        }
        answer = self.says("POST", "/Users", content)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def group(self, name: str, *members: str) -> str:
        content = {
            "schemas": [f"{CORE}:Group"],
            "displayName": name,
            "members": [{"value": member} for member in members],
        }
        answer = self.says("POST", "/Groups", content)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def patch(self, path: str, *operations: dict[str, Any]) -> Any:
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        return self.says("PATCH", path, {"schemas": schemas, "Operations": list(operations)})


@pytest.fixture
def entra(cast: Cast) -> Provider:
    return Provider(cast.admin, "directory:write")


def contact(key: str) -> Contact:
    return Contact.objects.select_related("department").get(origin=f"scim:{key}")


def test_the_testers_of_the_standard_find_nothing(cast: Cast, entra: Provider, engine: str) -> None:
    if engine == "postgres":
        pytest.skip("some eight hundred requests about the protocol; the tests below are about the rows")
    handler: Any = ClientHandler(enforce_csrf_checks=False)

    def desk(environ: Any, start_response: Any) -> list[bytes]:
        response = handler(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [bytes(response.content)]

    client = WSGISCIMClient(desk, base_url="http://testserver/scim/v2", headers=entra.headers)
    results = check_server(client)
    fine = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED}
    failed = [row for row in results if row.status not in fine]
    assert not failed, "\n".join(f"{row.status} {row.title} {row.reason}" for row in failed)
    assert sum(row.status == Status.SUCCESS for row in results) > 100


def test_a_person_with_a_department_is_a_contact_and_goes_with_it(cast: Cast, entra: Provider) -> None:
    key = entra.person(
        "高田 由美",
        emails=[{"value": "private@example.com", "type": "home"}, {"value": "takada@example.jp", "primary": True}],
        title="主任",
        phoneNumbers=[{"type": "work", "value": "03-5000-2001"}, {"type": "mobile", "value": "090-1234-5678"}],
        **{ENTERPRISE: {"department": "経理部"}},
    )
    found = contact(key)
    assert (found.department, found.name, found.title) == (cast.accounting, "高田 由美", "主任")
    assert (found.email, found.phone, found.mobile) == ("takada@example.jp", "+81350002001", "+819012345678")
    answer = entra.patch(f"/Users/{key}", {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "法務部"})
    assert answer.status_code == 204
    assert contact(key).department.name == "法務部"
    entra.patch(f"/Users/{key}", {"op": "replace", "value": {"active": False}})
    assert not contact(key).is_active
    entra.patch(f"/Users/{key}", {"op": "replace", "path": "active", "value": True})
    assert contact(key).is_active
    assert entra.says("DELETE", f"/Users/{key}").status_code == 204
    assert not contact(key).is_active
    assert entra.says("GET", f"/Users/{key}").status_code == 404


def test_a_group_is_a_department_and_its_people_are_its_contacts(cast: Cast, entra: Provider) -> None:
    first, second = entra.person("一"), entra.person("二")
    assert not Contact.objects.filter(origin__startswith="scim:").exists()
    key = entra.group("総務部", first)
    department = Department.objects.get(origin=f"scim:{key}")
    assert (department.name, contact(first).department) == ("総務部", department)
    entra.patch(f"/Groups/{key}", {"op": "Add", "path": "members", "value": [{"value": second}]})
    assert contact(second).department == department
    entra.patch(f"/Groups/{key}", {"op": "remove", "path": f'members[value eq "{first}"]'})
    assert not contact(first).is_active
    entra.patch(f"/Groups/{key}", {"op": "replace", "path": "displayName", "value": "総務課"})
    department.refresh_from_db()
    assert department.name == "総務課"
    assert entra.says("DELETE", f"/Groups/{key}").status_code == 204
    department.refresh_from_db()
    assert not department.is_active
    assert not contact(second).is_active


def test_providers_find_whom_they_know_by_name_and_key(cast: Cast, entra: Provider) -> None:
    key = entra.person("高田", externalId="e-1")
    for wanted in ('userName eq "高田@EXAMPLE.jp"', 'externalId eq "e-1"', f'id eq "{key}"', 'displayName sw "高"'):
        found = entra.says("GET", f"/Users?filter={quote(wanted)}").json()
        assert [row["id"] for row in found["Resources"]] == [key], wanted
    assert entra.says("GET", f"/Users?filter={quote('userName eq "x"')}").json()["totalResults"] == 0


def test_the_same_person_twice_is_refused_and_changes_nothing(cast: Cast, entra: Provider) -> None:
    entra.person("高田")
    again = entra.says("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": "高田@example.jp"})
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert ScimEntry.objects.count() == 1


def test_a_change_from_an_old_state_is_refused(cast: Cast, entra: Provider) -> None:
    key = entra.person("高田")
    first = entra.says("GET", f"/Users/{key}")["ETag"]
    entra.patch(f"/Users/{key}", {"op": "replace", "path": "title", "value": "主任"})
    assert entra.says("DELETE", f"/Users/{key}", **{"If-Match": first}).status_code == 412
    assert ScimEntry.objects.count() == 1


def test_passwords_and_attributes_of_their_own_are_not_kept(cast: Cast, entra: Provider) -> None:
    key = entra.person("高田", password="geheim", urlOfMine="x")
    assert "geheim" not in json.dumps(ScimEntry.objects.get(key=key).document)
    assert "geheim" not in entra.says("GET", f"/Users/{key}").content.decode()


def test_what_the_directory_cannot_take_is_kept_and_told(cast: Cast, entra: Provider) -> None:
    key = entra.person("高田", emails=[{"value": "高田@example.jp"}], **{ENTERPRISE: {"department": "経理部"}})
    assert not Contact.objects.filter(origin=f"scim:{key}").exists()
    assert Problem.objects.filter(where="directory.scim").exists()


def test_a_change_that_fails_half_way_leaves_nothing(
    cast: Cast, entra: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(scim, "apply", fail)
    answer = entra.says("POST", "/Groups", {"schemas": [f"{CORE}:Group"], "displayName": "A"})
    assert answer.status_code == 500
    assert "half way" not in answer.content.decode()
    assert not ScimEntry.objects.exists()


@pytest.mark.parametrize(
    ("who", "scopes", "status"),
    [
        ("admin", ["directory:write"], 200),
        ("admin", ["admin"], 200),
        ("admin", ["people:read", "tickets:write"], 403),
        ("hayashi", ["directory:write"], 200),
        ("kimura", ["directory:write"], 200),
        *((name, ["directory:write"], 403) for name in ("sato", "takahashi", "watanabe", "mori", "ogawa", "outsider")),
    ],
)
def test_only_a_token_for_the_directory_of_somebody_who_may_change_it_is_heard(
    cast: Cast, who: str, scopes: list[str], status: int
) -> None:
    provider = Provider(getattr(cast, who), *scopes)
    for path in ("/Users", "/Groups", "/Schemas", "/ServiceProviderConfig"):
        answer = provider.says("GET", path)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/scim+json")


def test_without_a_token_nothing_is_said(cast: Cast) -> None:
    for headers in ({}, {"Authorization": "Bearer mdg_x"}):
        answer = Client().get("/scim/v2/Users", headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (401, "401")
        assert "Bearer" in answer["WWW-Authenticate"]
    assert Client().get("/scim/v2").status_code == 401
