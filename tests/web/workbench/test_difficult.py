"""On the seat: difficult calls and their history, passing a call on, a neighbour's call, a clicked number."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.interactions.actions.contacts import identify
from madoguchi.interactions.difficult import mark, note_listening, raise_alarm
from madoguchi.interactions.models import Difficulty, Interaction, Passing
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.web.workbench.calls import MAIN, MOBILE, answers, ends, happen, rings, told

type SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_encoder(settings: Any) -> None:
    settings.ENCODER = False


def now(client: Client, address: str = "/workbench/") -> str:
    return str(client.get(address, headers=HTMX | {"HX-Target": "div#now"}).content.decode())


def test_a_call_is_marked_its_steps_taken_and_the_supervisor_called(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    at = f"/workbench/contacts/{contact.pk}"
    client.post(f"{at}/difficult/", {"kind": "harassment"})
    html = now(client)
    assert "警告する" in html
    client.post(f"{at}/difficult/step/", {"kind": "harassment", "place": "2", "done": "1"})
    assert "checked" in now(client)
    client.post(f"{at}/alarm/")
    html = now(client)
    assert "応援" not in html  # nothing to be read aloud: a tick and a time
    assert Difficulty.objects.alarms().count() == 1
    client.post(f"{at}/difficult/", {"kind": "harassment", "off": "1"})
    assert "警告する" not in now(client)
    assert client.post(f"{at}/difficult/", {"kind": "rude"}).status_code == 422
    assert client.post(f"{at}/difficult/step/", {"kind": "help", "place": "x"}).status_code == 404


def test_a_transfer_is_offered_exactly_while_the_call_lasts(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato))
    client = sign_in(cast.sato)
    sheet = f"/workbench/contacts/{contact.pk}/pass-on/sheet/"
    # What is written while it rings keeps the form as it is.
    client.post(f"/workbench/contacts/{contact.pk}/save/", {"notes": "もう名乗っている"})
    assert sheet not in now(client)
    happen(*answers(cast.sato))
    assert sheet in now(client)
    happen(*ends())
    assert sheet not in now(client, f"/workbench/?contact={contact.pk}")


def test_a_call_marked_as_a_complaint_is_wrapped_up_as_one_by_default(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    mark(contact, kind="complaint", by=cast.sato)
    happen(*ends())
    assert '<option value="complaint" selected>' in now(sign_in(cast.sato))


def test_it_is_known_when_the_same_person_or_number_calls_again(cast: Cast, sign_in: SignIn) -> None:
    first = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    identify(first, person=cast.yamada, by=cast.sato)
    note_listening(mark(first, kind="harassment", by=cast.sato), text="<b>大声</b>", by=cast.hayashi)
    happen(*ends())
    happen(*rings(cast.suzuki, call="c-2", number=MOBILE), call="c-2")
    html = now(sign_in(cast.suzuki))
    assert "以前の対応困難" in html
    assert "&lt;b&gt;大声" in html
    happen(*rings(cast.ogawa, call="c-3", number=MOBILE), call="c-3")
    assert "以前の対応困難" not in now(sign_in(cast.ogawa))  # a partner sees only the own share


def test_the_board_shows_the_alarm_and_only_who_decides_opens_it(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    alarm = raise_alarm(contact, by=cast.sato)
    lead = sign_in(cast.hayashi)
    assert f"alarm-{alarm.pk}" in lead.get("/board/").content.decode()
    assert "モニタリング" in lead.get(f"/board/difficult/{alarm.pk}/").content.decode()
    assert lead.post(f"/board/difficult/{alarm.pk}/", {"verb": "note", "text": ""}).status_code == 422
    lead.post(f"/board/difficult/{alarm.pk}/", {"verb": "seen", "text": "切電を指示"})
    assert alarm.notes.get().text == "切電を指示"  # written before "I take care of it"
    assert f"alarm-{alarm.pk}" not in lead.get("/board/").content.decode()
    assert "林" in now(sign_in(cast.sato))
    for other in (cast.sato, cast.watanabe, cast.kimura, cast.ogawa, cast.mori):
        assert sign_in(other).get(f"/board/difficult/{alarm.pk}/").status_code == 403


def test_a_call_is_passed_on_with_a_ticket_that_the_receiver_sees_at_once(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    client = sign_in(cast.sato)
    at = f"/workbench/contacts/{contact.pk}/pass-on/"
    sheet = client.post(f"{at}sheet/", {"notes": "VPNにつながらない"}).content.decode()
    assert "高橋 健 (2001)" in sheet
    written = {"notes": "VPNにつながらない", "to_staff": str(cast.takahashi.pk), "note": "お急ぎです"}
    assert "2001" in client.post(at, written, headers=HTMX | {"HX-Target": "div#seat"}).content.decode()
    ticket = Ticket.objects.get()
    receiver = sign_in(cast.takahashi)
    html = now(receiver)
    assert "佐藤 美咲" in html
    assert ticket.number_shown in html
    happen(told("agent.offered", "c-1", agent="2001", leg="c-1-t"))
    html = now(sign_in(cast.takahashi))
    assert "入電中" in html
    assert "お急ぎです" in html
    assert ticket.subject in html
    assert ticket.number_shown not in now(sign_in(cast.suzuki))


@pytest.mark.parametrize(
    ("written", "status"),
    [({}, 422), ({"to_staff": "self"}, 422), ({"number": "090-3333-4444"}, 200), ({"kind": "x"}, 422)],
)
def test_a_transfer_names_somebody_else(cast: Cast, sign_in: SignIn, written: dict[str, str], status: int) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    if written.get("to_staff") == "self":
        written = {"to_staff": str(cast.sato.pk)}
    if "kind" in written:
        written = {**written, "to_staff": str(cast.suzuki.pk)}
    answer = sign_in(cast.sato).post(
        f"/workbench/contacts/{contact.pk}/pass-on/", written, headers=HTMX | {"HX-Target": "div#seat"}
    )
    assert answer.status_code == status
    assert Passing.objects.count() == (status == 200)
    happen(*ends())
    late = {"to_staff": str(cast.suzuki.pk)}
    assert sign_in(cast.sato).post(f"/workbench/contacts/{contact.pk}/pass-on/", late).status_code == 409


def test_a_neighbour_s_ringing_call_is_listed_and_taken_over(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MAIN))
    client = sign_in(cast.suzuki)
    html = client.get("/workbench/neighbours/").content.decode()
    assert "03-5000-1234" in html
    assert "佐藤 美咲" in html
    assert "03-5000-1234" not in sign_in(cast.sato).get("/workbench/neighbours/").content.decode()
    assert "03-5000-1234" not in sign_in(cast.ogawa).get("/workbench/neighbours/").content.decode()
    client = sign_in(cast.suzuki)
    client.post(f"/workbench/contacts/{contact.pk}/take-over/", headers=HTMX | {"HX-Target": "div#seat"})
    contact.refresh_from_db()
    assert contact.staff == cast.suzuki
    assert sign_in(cast.watanabe).get("/workbench/neighbours/").status_code == 403


def test_a_clicked_number_is_noted_as_an_outgoing_call_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    for _ in range(2):
        answer = client.post("/workbench/ring/", {"number": "+819011112222", "person": str(cast.yamada.pk)})
        assert "090-1111-2222" in answer.content.decode()
    contact = Interaction.objects.get()
    assert (contact.direction, contact.person, contact.staff) == ("outbound", cast.yamada, cast.sato)
    assert client.post("/workbench/ring/", {"number": "1002"}).status_code == 200
    assert Interaction.objects.count() == 1
    assert client.post("/workbench/ring/", {"number": ""}).status_code == 422
    assert sign_in(cast.watanabe).post("/workbench/ring/", {"number": "+819011112222"}).status_code == 403


def test_pages_write_numbers_that_can_be_clicked(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.sato).get(f"/departments/{cast.accounting.pk}/").content.decode()
    assert '<dial-number hx-post="/workbench/ring/"' in page
    assert 'data-dials="note"' in page
    assert 'data-dials=""' in sign_in(cast.watanabe).get(f"/departments/{cast.accounting.pk}/").content.decode()


def test_the_seat_says_why_there_is_no_number(cast: Cast, sign_in: SignIn) -> None:
    happen(*rings(cast.sato, number=""))
    assert "非通知" in now(sign_in(cast.sato))


def test_a_call_goes_to_a_partner_without_a_ticket_that_is_not_theirs(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    client = sign_in(cast.sato)
    at = f"/workbench/contacts/{contact.pk}/pass-on/"
    target = HTMX | {"HX-Target": "div#seat"}
    answer = client.post(at, {"notes": "機密", "to_staff": str(cast.ogawa.pk)}, headers=target)
    assert answer.status_code == 409
    assert "小川" in answer.content.decode()
    assert not Ticket.objects.exists()
    assert client.post(at, {"to_staff": str(cast.ogawa.pk)}, headers=target).status_code == 200
    open_ticket(subject="機密の件", body="x", channel="phone", requester=cast.yamada, interaction=contact, by=cast.sato)
    html = now(sign_in(cast.ogawa))
    assert "佐藤 美咲" in html
    assert "機密の件" not in html
    Ticket.objects.update(offered_to=cast.partner)
    assert "機密の件" in now(sign_in(cast.ogawa))


def test_a_withheld_number_that_is_passed_on_is_said_to_be_withheld(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=""), *answers(cast.sato))
    sign_in(cast.sato).post(f"/workbench/contacts/{contact.pk}/pass-on/", {"to_staff": str(cast.takahashi.pk)})
    assert "非通知" in now(sign_in(cast.takahashi))


def test_the_last_contacts_name_a_partner_only_their_own_tickets(cast: Cast, sign_in: SignIn) -> None:
    first = happen(*rings(cast.ogawa, number=MOBILE), *answers(cast.ogawa))
    identify(first, person=cast.yamada, by=cast.ogawa)
    happen(*ends())
    open_ticket(subject="他社の件", body="x", channel="phone", requester=cast.yamada, interaction=first, by=cast.sato)
    second = happen(*rings(cast.ogawa, call="c-2", number=MOBILE), *answers(cast.ogawa, call="c-2"), call="c-2")
    identify(second, person=cast.yamada, by=cast.ogawa)
    assert "他社の件" not in sign_in(cast.ogawa).get("/workbench/").content.decode()
    Ticket.objects.update(offered_to=cast.partner)
    assert "他社の件" in sign_in(cast.ogawa).get("/workbench/").content.decode()


def test_a_company_is_not_difficult_because_one_of_its_people_was(cast: Cast, sign_in: SignIn) -> None:
    first = happen(*rings(cast.sato), *answers(cast.sato))
    mark(first, kind="harassment", by=cast.sato)
    identify(first, person=cast.yamada, by=cast.sato)
    happen(*ends())
    second = happen(*rings(cast.suzuki, call="c-2"), *answers(cast.suzuki, call="c-2"), call="c-2")
    client = sign_in(cast.suzuki)
    assert "以前の対応困難" not in now(client)
    identify(second, person=cast.nakagawa, by=cast.suzuki)
    assert "以前の対応困難" not in now(client)
    identify(second, person=cast.yamada, by=cast.suzuki)
    assert "以前の対応困難" in now(client)


def test_two_known_people_at_one_number_do_not_share_what_was_difficult(cast: Cast, sign_in: SignIn) -> None:
    first = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    mark(first, kind="harassment", by=cast.sato)
    happen(*ends())
    identify(first, person=None, by=cast.sato)
    second = happen(*rings(cast.suzuki, call="c-2", number=MOBILE), *answers(cast.suzuki, call="c-2"), call="c-2")
    identify(second, person=cast.nakagawa, by=cast.suzuki)
    client = sign_in(cast.suzuki)
    assert "以前の対応困難" in now(client)  # it may have been them
    identify(first, person=cast.yamada, by=cast.sato)
    assert "以前の対応困難" not in now(client)


def test_the_sheet_knows_of_the_transfer_before_and_one_of_an_older_sheet_is_refused(
    cast: Cast, sign_in: SignIn
) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    client, at = sign_in(cast.sato), f"/workbench/contacts/{contact.pk}/pass-on/"
    assert 'name="seen" value="0"' in client.post(f"{at}sheet/").content.decode()
    assert client.post(at, {"to_staff": str(cast.takahashi.pk), "seen": "0"}).status_code == 200
    other = sign_in(cast.suzuki)
    written = {"to_staff": str(cast.hayashi.pk), "notes": "VPN", "seen": "0"}
    answer = other.post(at, written, headers=HTMX | {"HX-Target": "div#seat"})
    assert answer.status_code == 409
    assert "佐藤 美咲が高橋 健に転送しました" in answer.content.decode()
    assert not Ticket.objects.exists()
    passing = Passing.objects.get()
    assert f'name="seen" value="{passing.pk}"' in other.post(f"{at}sheet/").content.decode()
    assert other.post(at, written | {"seen": str(passing.pk)}).status_code == 200
