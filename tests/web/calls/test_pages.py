"""A call's own page: who let it ring, who spoke; and the ways to it from where one looks for the call."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.interactions.models import Passing
from madoguchi.journal.models import Entry, Mention
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.recordings import upload
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.pass_call import pass_call
from tests.cast import Cast
from tests.telephony.test_recordings import WAV
from tests.web.workbench.calls import MOBILE, answers, ends, happen, rings, told

type SignIn = Callable[[Staff], Client]
pytestmark = pytest.mark.django_db


def rings_in_vain_then_answered(cast: Cast) -> list[dict[str, object]]:
    """佐藤 lets it ring for 12 seconds, 鈴木 answers."""
    return [
        told("call.started", "c-1", 20, direction="inbound", **{"from": {"number": MOBILE}}),
        told("queue.entered", "c-1", 20, queue="desk"),
        told("agent.offered", "c-1", 19, agent=cast.sato.extension, leg="a"),
        told("agent.offer_ended", "c-1", 7, agent=cast.sato.extension, result="no_answer", leg="a"),
        told("agent.offered", "c-1", 6, agent=cast.suzuki.extension, leg="b"),
        told("agent.offer_ended", "c-1", 3, agent=cast.suzuki.extension, result="answered", leg="b"),
        told("agent.joined", "c-1", 3, agent=cast.suzuki.extension, leg="b"),
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_who_let_it_ring_stands_in_the_journal_and_on_the_call_s_page(
    cast: Cast, sign_in: SignIn, at_once: bool
) -> None:
    events = rings_in_vain_then_answered(cast)
    if at_once:
        happen(*events)
    else:
        for event in events:
            happen(event)
    ended = Entry.objects.filter(kind="call.offer_ended").order_by("id")
    assert [(entry.data["agent"], entry.data["result"]) for entry in ended] == [
        (cast.sato.extension, "no_answer"),
        (cast.suzuki.extension, "answered"),
    ]
    subjects = Mention.objects.filter(entry=ended[0]).values_list("kind", "ref")
    assert ("staff", cast.sato.pk) in list(subjects)
    html = sign_in(cast.hayashi).get(f"/calls/{Call.objects.get().pk}/").content.decode()
    course = html[html.index("呼び出し先") :]
    assert course.index("佐藤 美咲") < course.index("応答せず") < course.index("鈴木")
    assert "12秒" in course


def test_a_call_that_became_part_of_another_leads_there_and_a_transfer_is_told(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    pass_call(contact, ticket=None, number="03-5000-1234", note="急ぎ", by=cast.sato)
    client = sign_in(cast.hayashi)
    html = client.get(f"/calls/{contact.call_id}/").content.decode()
    assert "急ぎ" in html
    assert 'href="tel:+81350001234"' in html
    other = Call.objects.create(sender="pbx", call_id="c-9", merged_into=contact.call, state="merged", is_live=False)
    assert client.get(f"/calls/{other.pk}/")["Location"] == f"/calls/{contact.call_id}/"
    assert client.get("/calls/999999/").status_code == 404


def test_a_recording_is_reached_from_the_ticket_the_person_and_the_list_by_who_may_hear_it(
    cast: Cast, sign_in: SignIn
) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato), *ends())
    assert contact.call is not None
    ticket = open_ticket(subject="VPN", body="x", channel="mail", requester=cast.yamada, by=cast.takahashi)
    link_interaction(ticket, interaction=contact, by=cast.sato)
    upload(contact.call, WAV, name="a.wav", by=cast.hayashi)
    link = f'hx-get="/calls/{contact.call_id}/" hx-target="#sheet-body">'
    sound = 'aria-label="録音あり"'
    for who, hears in ((cast.hayashi, True), (cast.sato, True), (cast.suzuki, False)):
        client = sign_in(who)
        for path in (f"/tickets/{ticket.number_shown}/", f"/people/{cast.yamada.pk}/"):
            html = client.get(path).content.decode()
            assert link in html, path
            assert (sound in html) is hears, path
        html = client.get(f"/calls/{contact.call_id}/").content.decode()
        assert (f'src="/recordings/{contact.call.recordings.get().pk}/sound/"' in html) is hears
        assert ticket.number_shown in html
    assert sound in sign_in(cast.hayashi).get("/board/calls/").content.decode()
    watching = sign_in(cast.watanabe).get("/board/calls/").content.decode()
    assert link in watching
    assert sound not in watching
    contact.call.recordings.update(deleted_at=timezone.now() - timedelta(days=1))
    assert sound not in sign_in(cast.hayashi).get(f"/tickets/{ticket.number_shown}/").content.decode()


def test_a_partner_is_shown_no_way_to_a_call_that_is_not_theirs(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato), *ends())
    ticket = open_ticket(
        subject="VPN", body="x", channel="mail", requester=cast.yamada, front_team=cast.partner, by=cast.ogawa
    )
    link_interaction(ticket, interaction=contact, by=cast.sato)
    html = sign_in(cast.ogawa).get(f"/tickets/{ticket.number_shown}/").content.decode()
    assert "電話" in html
    assert f"/calls/{contact.call_id}/" not in html


def test_a_partner_reads_of_a_call_that_came_to_them_no_name_or_note_of_others(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    pass_call(contact, ticket=None, to_staff=cast.ogawa, note="小川さんへ", by=cast.sato)
    happen(told("agent.joined", "c-1", agent=cast.ogawa.extension, leg="o"))
    note = {"interaction": contact, "staff": cast.takahashi, "note": "社内のメモ", "at": timezone.now()}
    Passing.objects.create(**note, to_staff=cast.ito, to_number=cast.ito.extension)
    pages = [sign_in(who).get(f"/calls/{contact.call_id}/").content.decode() for who in (cast.ogawa, cast.hayashi)]
    theirs, ours = pages
    for one in ("対応者</dt><dd>佐藤 美咲", "社内のメモ", "高橋", "小川さんへ"):
        assert one in ours
    assert f"対応者</dt><dd>{cast.sato.extension}" in theirs
    assert "小川さんへ" in theirs
    assert "社内のメモ" not in theirs
    assert "高橋" not in theirs
