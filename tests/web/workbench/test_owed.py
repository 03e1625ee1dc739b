"""折り返し: one list of promised calls and callers who gave up; who makes them, what was tried, how they ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.models import CallBack, CallBackPolicy, Interaction
from madoguchi.people.models import Staff
from tests.cast import Cast
from tests.web.workbench.calls import MOBILE, happen, told

pytestmark = pytest.mark.django_db
ROWS = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
URL = "/workbench/call-backs/"
type SignIn = Callable[[Staff], Client]


def gives_up(call: str = "v-1", *, number: str = MOBILE, waited: float = 40) -> Interaction:
    caller = {"number": number} if number else {"presentation": "restricted"}
    return happen(
        told("call.started", call, 60 + waited, direction="inbound", **{"from": caller}),
        told("queue.entered", call, 60 + waited, queue="call-centre"),
        told("queue.left", call, 60, queue="call-centre", reason="abandoned"),
        told("call.ended", call, 60, by="caller"),
        call=call,
    )


def promised(cast: Cast, number: str = "03-1111-2222", **fields: Any) -> CallBack:
    due_at = timezone.now() + timedelta(hours=2)
    return promise_call_back(number=number, name="岡田", due_at=due_at, team=cast.call_centre, by=cast.sato, **fields)


def seen(client: Client, show: str = "") -> str:
    return client.get(f"{URL}?show={show}").content.decode()


def test_promised_calls_and_callers_who_gave_up_are_one_list(cast: Cast, sign_in: SignIn) -> None:
    gives_up()
    promised(cast, staff=cast.sato)
    client = sign_in(cast.sato)
    page = seen(client)
    assert "090-1111-2222" in page
    assert "岡田" in page
    assert "応答前切断" in page
    assert "岡田" in seen(client, "mine")
    assert "090-1111-2222" not in seen(client, "mine")
    assert "090-1111-2222" in seen(client, "free")
    assert "応答前切断" in client.get("/workbench/").content.decode()


def test_withheld_and_short_calls_stay_visible_with_the_reason(cast: Cast, sign_in: SignIn) -> None:
    gives_up("v-1", number="")
    gives_up("v-2", waited=2)
    client = sign_in(cast.sato)
    assert "090-1111-2222" not in seen(client)
    page = seen(client, "not_owed")
    assert "非通知" in page
    assert "折り返し先不明" in page
    assert "2秒で切断" in page


def test_a_call_is_taken_given_back_and_assigned(cast: Cast, sign_in: SignIn) -> None:
    gives_up()
    row = CallBack.objects.get()
    at = f"{URL}{row.pk}/"

    def owner() -> Staff | None:
        return CallBack.objects.get().staff

    assert sign_in(cast.sato).post(f"{at}take/", headers=ROWS).status_code == 200
    refused = sign_in(cast.suzuki).post(f"{at}take/", headers=ROWS)
    assert (refused.status_code, owner()) == (409, cast.sato)
    assert "すでに佐藤 美咲が引き受けています" in refused.content.decode()
    assert sign_in(cast.suzuki).post(f"{at}give-back/", headers=ROWS).status_code == 409
    sign_in(cast.sato).post(f"{at}give-back/", headers=ROWS)
    assert owner() is None
    sign_in(cast.hayashi).post(f"{at}assign/", {"staff": str(cast.suzuki.pk)}, headers=ROWS)
    assert owner() == cast.suzuki
    assert sign_in(cast.hayashi).post(f"{at}assign/", {"staff": str(cast.ito.pk)}, headers=ROWS).status_code == 404
    assert sign_in(cast.ito).post(f"{at}assign/", {"staff": ""}, headers=ROWS).status_code == 403


def test_what_was_tried_and_how_it_ended_is_kept(cast: Cast, sign_in: SignIn) -> None:
    contact = gives_up()
    row, client = CallBack.objects.get(), sign_in(cast.sato)
    later = (timezone.localtime() + timedelta(hours=3)).isoformat(timespec="minutes")
    client.post(f"{URL}{row.pk}/", {"result": "busy", "when": later}, headers=ROWS)
    assert "話中" in seen(client)
    answer = client.post(f"{URL}{row.pk}/", {"result": "reached"}, headers=ROWS)
    assert answer.headers["HX-Trigger"] == "close-sheet"
    assert "090-1111-2222" not in seen(client)
    page = seen(client, "done")
    assert "090-1111-2222" in page
    assert "佐藤 美咲" in page
    contact.refresh_from_db()
    assert (contact.state, contact.dismissed_reason) == ("dismissed", "called_back")
    assert not Interaction.objects.unsettled().exists()


@pytest.mark.parametrize("result", ["called_again", "answered", "x", ""])
def test_what_only_the_telephone_tells_is_not_said_by_hand(cast: Cast, sign_in: SignIn, result: str) -> None:
    row = promised(cast)
    answer = sign_in(cast.sato).post(f"{URL}{row.pk}/", {"result": result}, headers=ROWS)
    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.done_at is None
    assert not Interaction.objects.exists()


def test_calling_from_the_sheet_takes_the_call_and_leads_to_its_record(cast: Cast, sign_in: SignIn) -> None:
    gives_up()
    row, client = CallBack.objects.get(), sign_in(cast.sato)
    answer = client.post("/workbench/dial/", {"number": row.number, "call_back": str(row.pk)})
    row.refresh_from_db()
    assert (row.staff, row.done_at) == (cast.sato, None)
    assert f"{URL}{row.pk}/" in client.get(answer.headers["Location"]).content.decode()
    client.post(f"{URL}{row.pk}/", {"result": "reached"}, headers=ROWS)
    row.refresh_from_db()
    assert row.outbound == Interaction.objects.get(direction="outbound")


def test_the_best_time_is_said_with_why(cast: Cast, sign_in: SignIn) -> None:
    for day in range(3):
        ago = (day + 1) * 86400.0
        call = f"b-{day}"
        happen(
            told("call.started", call, ago, direction="inbound", **{"from": {"number": MOBILE}}),
            told("agent.joined", call, ago - 5, agent="1001"),
            told("call.ended", call, ago - 60, by="caller"),
            call=call,
        )
    gives_up()
    client = sign_in(cast.sato)
    assert "過去の通話3件中3件" in seen(client)
    assert "通話3件のうち3件" in client.get(f"{URL}{CallBack.objects.get().pk}/").content.decode()


def test_a_partner_sees_and_makes_only_their_own_calls(cast: Cast, sign_in: SignIn) -> None:
    promised(cast)
    row = CallBack.objects.get()
    client = sign_in(cast.ogawa)
    assert "岡田" not in seen(client)
    assert client.get(f"{URL}{row.pk}/").status_code == 404
    assert client.post(f"{URL}{row.pk}/take/").status_code == 404
    for stranger in (cast.watanabe, cast.outsider):
        assert sign_in(stranger).get(URL).status_code == 403


def test_more_rows_cost_no_more_questions(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.sato)
    promised(cast)
    client.get(URL)
    with django_assert_max_num_queries(14) as first:
        client.get(URL)
    for more in range(3):
        promised(cast, f"03-1111-22{more}0", person=cast.yamada)
        gives_up(f"q-{more}", number=f"031111333{more}")
    with django_assert_max_num_queries(len(first) + 1):  # with a person, their calls are asked as well
        client.get(URL)


def test_hostile_names_and_views_are_harmless(cast: Cast, sign_in: SignIn) -> None:
    row = promised(cast)
    CallBack.objects.filter(pk=row.pk).update(name="<script>x</script>", note='"><img src=x onerror=1>')
    client = sign_in(cast.sato)
    for address in (f"{URL}?show=%00&team=x&after=[1", f"{URL}{row.pk}/"):
        page = client.get(address).content.decode()
        assert "<script>x" not in page
        assert "<img src=x" not in page


def test_a_supervisor_says_within_what_time_and_whose_queues(cast: Cast, sign_in: SignIn) -> None:
    url, client = f"{URL}policy/", sign_in(cast.hayashi)
    assert "ほかのすべてのチーム" in client.get(url).content.decode()
    fields = {"is_on": "yes", "within_min": "15", "escalate_min": "60"}
    client.post(url, {**fields, "team": ""})
    network = {"team": str(cast.network.pk), "queues": "600、 601", "within_min": "45", "settles_short": "yes"}
    client.post(url, {**fields, **network})
    assert [CallBackPolicy.objects.get(team=team).settles_short for team in (None, cast.network)] == [False, True]
    gives_up()
    row = CallBack.objects.get()
    assert row.due_at - timedelta(minutes=15) >= row.called_at  # type: ignore[operator]
    policy = CallBackPolicy.objects.get(team=cast.network)
    assert (policy.queues, policy.is_on, policy.owes_missed) == (["600", "601"], True, False)
    client.post(url, {**fields, "team": str(cast.network.pk), "queues": "600", "owes_missed": "yes"})
    policy.refresh_from_db()
    assert (policy.queues, policy.owes_missed) == (["600"], True)
    for wrong in ({"within_min": "0"}, {"escalate_min": "x"}, {"team": str(cast.service_desk.pk), "queues": "600"}):
        answer = client.post(url, {**fields, "team": str(cast.network.pk), **wrong}, headers=ROWS)
        assert answer.status_code == 422
    for other in (cast.sato, cast.mori, cast.watanabe):
        assert sign_in(other).get(url).status_code == 403
        assert sign_in(other).post(url, fields).status_code == 403
