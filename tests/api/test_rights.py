"""Who may call what: every call of the OpenAPI document has a row here, by scope and by role."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.api.openapi import description
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.people.models import Staff
from madoguchi.people.tokens import SCOPES, ApiToken, issue
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.api.client import Program, program_of
from tests.cast import Cast

EVERYBODY = {"sato", "takahashi", "hayashi", "kimura", "watanabe", "admin", "ogawa", "mori"}
WORKERS = {"sato", "takahashi", "hayashi", "admin", "ogawa", "mori"}
POSTERS = {"hayashi", "admin"}
MACHINES = EVERYBODY | {"outsider"}  # what a telephone system may say is granted by the scope alone

# call: (scopes of which one is enough, who of the cast may)
RIGHTS: dict[str, tuple[set[str], set[str]]] = {
    "GET /tickets": ({"tickets:read"}, EVERYBODY),
    "POST /tickets": ({"tickets:write"}, WORKERS),
    "GET /tickets/{number}": ({"tickets:read"}, EVERYBODY),
    "PATCH /tickets/{number}": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/messages": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/resolve": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/reopen": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/close": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/merge": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/wait": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/go-on": ({"tickets:write"}, WORKERS),
    "GET /tickets/{number}/timeline": ({"tickets:read"}, EVERYBODY),
    "GET /tickets/{number}/handoffs": ({"tickets:read"}, EVERYBODY),
    "POST /tickets/{number}/handoffs": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/routing": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/refer-to-sales": ({"tickets:write"}, WORKERS),
    "POST /tickets/{number}/call-backs": ({"tickets:write"}, WORKERS),
    "GET /handoffs": ({"tickets:read"}, EVERYBODY),
    "GET /handoffs/{handoff_id}": ({"tickets:read"}, EVERYBODY),
    "POST /handoffs/{handoff_id}/accept": ({"tickets:write"}, WORKERS),
    "POST /handoffs/{handoff_id}/return": ({"tickets:write"}, WORKERS),
    "POST /handoffs/{handoff_id}/recall": ({"tickets:write"}, WORKERS),
    "GET /tickets/{number}/consultations": ({"tickets:read"}, EVERYBODY),
    "POST /tickets/{number}/consultations": ({"tickets:write"}, WORKERS),
    "GET /consultations": ({"tickets:read"}, EVERYBODY),
    "GET /consultations/{row_id}": ({"tickets:read"}, EVERYBODY),
    "POST /consultations/{row_id}/answer": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/decline": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/need-time": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/ask-back": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/reply": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/next": ({"tickets:write"}, WORKERS),
    "POST /consultations/{row_id}/withdraw": ({"tickets:write"}, WORKERS),
    "POST /calls/events": ({"calls:write"}, MACHINES),
    "GET /calls": ({"calls:read"}, EVERYBODY),
    "GET /calls/{row_id}": ({"calls:read"}, EVERYBODY),
    "GET /interactions": ({"calls:read", "tickets:read"}, EVERYBODY),
    "GET /interactions/reasons": ({"calls:read", "tickets:read"}, EVERYBODY),
    "POST /interactions/bypass": ({"tickets:write"}, WORKERS),
    "POST /interactions/{row_id}/dismiss": ({"tickets:write"}, WORKERS),
    "POST /interactions/{row_id}/link": ({"tickets:write"}, WORKERS),
    "GET /call-backs": ({"tickets:read"}, EVERYBODY),
    "POST /call-backs/{row_id}/done": ({"tickets:write"}, WORKERS),
    "POST /call-backs/{row_id}/again": ({"tickets:write"}, WORKERS),
    "GET /knowledge/search": ({"knowledge:read"}, EVERYBODY),
    "GET /scripts/{category}": ({"knowledge:read"}, EVERYBODY),
    "POST /suggest": ({"knowledge:read"}, EVERYBODY),
    "GET /people": ({"people:read"}, EVERYBODY),
    "GET /notices": ({"knowledge:read"}, EVERYBODY),
    "POST /notices": ({"knowledge:write"}, POSTERS),
    "POST /notices/{row_id}/end": ({"knowledge:write"}, POSTERS),
    "GET /shift-notes": ({"tickets:read"}, EVERYBODY),
    "POST /shift-notes": ({"tickets:write"}, WORKERS),
    "POST /shift-notes/{row_id}/acknowledge": ({"tickets:write"}, WORKERS),
    "POST /shift-notes/{row_id}/settle": ({"tickets:write"}, WORKERS),
    "GET /teams": ({"tickets:read"}, EVERYBODY),
    "GET /categories": ({"tickets:read"}, EVERYBODY),
    "GET /tickets/{number}/clocks": ({"tickets:read"}, EVERYBODY),
    "GET /reports/{name}": ({"reports:read"}, {"hayashi", "watanabe", "kimura", "admin"}),
}
OPEN = {"POST /cti/{token}", "POST /twilio/{token}"}  # their tokens stand in the addresses: test_cti.py, test_twilio.py


def documented() -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, item in description()["paths"].items()
        for method in item
    }


def test_every_call_has_a_row_here_and_every_row_is_a_call() -> None:
    assert documented() == RIGHTS.keys() | OPEN


def attempt(program: Program, call: str) -> tuple[int, str]:
    """Status and code of the call with an empty body, at addresses where there is nothing."""
    method, path = call.split(" ")
    path = path.replace("{number}", "99990").replace("{handoff_id}", "9999").replace("{row_id}", "9999")
    answered = program.call(method, path, {} if method != "GET" else None)
    return answered.status, answered.body.get("code", "") if answered.status >= 400 else ""


@pytest.mark.parametrize("call", sorted(RIGHTS))
def test_each_scope_opens_only_its_own_calls(cast: Cast, call: str) -> None:
    enough, _who = RIGHTS[call]
    for scope in SCOPES:
        status, code = attempt(program_of(cast.admin, scope), call)
        if scope in enough or scope == "admin":
            assert status not in (401, 403), f"{scope}: {status} {code}"
        else:
            assert (status, code) == (403, "insufficient_scope"), scope


@pytest.mark.parametrize("call", sorted(RIGHTS))
def test_a_token_can_do_no_more_than_its_member_of_staff(cast: Cast, call: str) -> None:
    _scopes, who = RIGHTS[call]
    for name in sorted(EVERYBODY | {"outsider"}):
        member: Staff = getattr(cast, name)
        status, code = attempt(program_of(member, "admin"), call)
        if name in who:
            assert status not in (401, 403), f"{name}: {status} {code}"
        else:
            assert (status, code) == (403, "no_right"), name


@pytest.mark.parametrize("call", sorted(RIGHTS))
def test_without_a_live_token_nothing_opens(cast: Cast, call: str) -> None:
    past = timezone.now() - timedelta(seconds=1)
    withdrawn = issue(staff=cast.sato, scopes=["admin"], name="withdrawn")
    ApiToken.objects.filter(name="withdrawn").update(revoked_at=past)
    expired = issue(staff=cast.sato, scopes=["admin"], expires_at=past)
    assert attempt(Program(), call) == (401, "no_token")
    assert attempt(Program(Authorization="Basic c2F0bzpzYXRv"), call) == (401, "no_token")
    for token in ("mdg_unknown", "\xff\xfe", withdrawn, expired):
        assert attempt(Program(token), call) == (401, "invalid_token")


def test_a_session_cookie_counts_for_nothing(cast: Cast, client: object) -> None:
    program = Program()
    program._client.force_login(cast.admin)
    answered = program.get("/tickets")
    assert (answered.status, answered.headers["WWW-Authenticate"]) == (401, 'Bearer realm="madoguchi"')


def test_somebody_who_has_left_is_let_in_no_more(cast: Cast) -> None:
    program = program_of(cast.sato)
    cast.sato.is_active = False
    cast.sato.save(update_fields=["is_active"])
    assert program.get("/tickets").status == 401


def test_a_partner_sees_only_their_teams_share(cast: Cast) -> None:
    number = program_of(cast.sato).post("/tickets", {"subject": "社内の件", "body": "本文"}).body["number"]
    partner = program_of(cast.ogawa)
    assert partner.get("/tickets").body["items"] == []
    assert partner.get(f"/tickets/{number}").status == 404
    assert partner.post(f"/tickets/{number}/messages", {"body": "見た", "visibility": "internal"}).status == 404
    assert partner.get(f"/tickets/{number}/timeline").status == 404
    assert partner.get("/interactions").body["items"] == []


def test_a_partner_reads_no_number_of_a_ticket_they_may_not_see(cast: Cast) -> None:
    contact = open_interaction(channel="phone", team=cast.partner, by=cast.ogawa)
    ticket = open_ticket(subject="件名", body="本文", channel="phone", interaction=contact, by=cast.sato)
    tickets = [
        program_of(staff, "tickets:read").get("/interactions").body["items"][0]["tickets"]
        for staff in (cast.ogawa, cast.sato)
    ]
    assert tickets == [[], [ticket.number]]
