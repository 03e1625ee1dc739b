"""A recording is played where one looks for the call; numbers are called by keyboard."""

import io
import math
import struct
import uuid
import wave

import pytest
from playwright.sync_api import Page, Response, expect

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.journal.models import Entry
from madoguchi.telephony.actions.recordings import upload
from madoguchi.telephony.models import Recording
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.web.workbench.calls import MOBILE, answers, ends, happen, rings, told
from tests.windows import OpenWindow, assert_accessible

SECONDS = 60


def tone() -> bytes:
    """A minute of a quiet tone: long enough that a player asks for a part of it."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        one = b"".join(struct.pack("<h", int(2000 * math.sin(place / 8))) for place in range(16000))
        sound.writeframes(one * SECONDS)
    return written.getvalue()


@pytest.fixture
def recorded(served: Desk) -> tuple[Ticket, Recording]:
    """A call that 佐藤 took, its ticket, and a recording of a minute."""
    call, cast = uuid.uuid4().hex, served.cast
    with served.inside():
        contact = happen(
            *rings(cast.sato, call=call, number=MOBILE), *answers(cast.sato, call=call), *ends(call=call), call=call
        )
        assert contact.call is not None
        ticket = open_ticket(subject="VPN", body="x", channel="mail", requester=cast.yamada, by=cast.takahashi)
        link_interaction(ticket, interaction=contact, by=cast.sato)
        return ticket, upload(contact.call, tone(), name="call.wav", by=cast.admin)


def at(page: Page) -> float:
    found = page.locator("#sheet audio").evaluate("audio => audio.currentTime")
    assert isinstance(found, int | float)
    return float(found)


def test_a_recording_is_played_from_the_ticket_and_the_scrubber_moves(
    served: Desk, open_window: OpenWindow, recorded: tuple[Ticket, Recording]
) -> None:
    ticket, recording = recorded
    page = open_window(served.cast.hayashi, f"/tickets/{ticket.number_shown}/")
    answers_: list[Response] = []
    page.on("response", lambda answer: answers_.append(answer) if "/sound/" in answer.url else None)
    page.locator(".entry .call-link").press("Enter")
    audio = page.locator("#sheet audio")
    expect(audio).to_be_visible()
    assert_accessible(page)
    assert answers_ == []  # nobody has listened yet
    audio.evaluate("audio => { audio.muted = true; return audio.play(); }")
    page.wait_for_function("audio => audio.currentTime > 0", arg=audio.element_handle())
    assert audio.evaluate("audio => Math.round(audio.duration)") == SECONDS
    audio.evaluate("audio => { audio.currentTime = 50; }")
    page.wait_for_function("audio => !audio.seeking && audio.currentTime > 50", arg=audio.element_handle())
    assert at(page) < SECONDS
    assert {answer.status for answer in answers_} == {206}
    assert all(answer.headers["content-range"].endswith(f"/{len(tone())}") for answer in answers_)
    with served.inside():
        heard = Entry.objects.filter(kind="recording.heard", mentions__kind="recording", mentions__ref=recording.pk)
        assert [entry.actor_name for entry in heard] == [served.cast.hayashi.name]
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).not_to_be_visible()


def test_who_may_not_hear_it_sees_the_call_without_a_recording(
    served: Desk, open_window: OpenWindow, recorded: tuple[Ticket, Recording]
) -> None:
    ticket, recording = recorded
    page = open_window(served.cast.suzuki, f"/tickets/{ticket.number_shown}/")
    link = page.locator(".entry .call-link")
    expect(link.locator("svg")).to_have_count(0)
    link.press("Enter")
    expect(page.locator("#sheet")).to_contain_text("呼び出し先")
    expect(page.locator("#sheet audio")).to_have_count(0)
    expect(page.locator("#sheet")).not_to_contain_text("録音")
    assert_accessible(page)
    assert page.request.get(f"{served.url}/recordings/{recording.pk}/sound/").status == 404


@pytest.mark.parametrize("width", [1440, 390])
def test_a_number_that_is_owed_is_called_by_keyboard(served: Desk, open_window: OpenWindow, width: int) -> None:
    call = uuid.uuid4().hex
    with served.inside():
        CallBack.objects.all().delete()
        Interaction.objects.filter(state="open").update(state="dismissed", dismissed_reason="test")
        happen(
            told("call.started", call, 100, direction="inbound", **{"from": {"number": "0312349999"}}),
            told("queue.entered", call, 100, queue="call-centre"),
            told("queue.left", call, 60, queue="call-centre", reason="abandoned"),
            told("call.ended", call, 60, by="caller"),
            call=call,
        )
    page = open_window(served.cast.sato, "/workbench/call-backs/", width=width)
    number = page.locator("#rows dial-number a")
    expect(number).to_have_text("03-1234-9999")
    assert_accessible(page)
    number.press("Enter")
    expect(page.locator("body")).to_contain_text("03-1234-9999へ発信します")
    with served.inside():
        assert CallBack.objects.get().staff == served.cast.sato
        assert Interaction.objects.get(direction="outbound", state="open").staff == served.cast.sato
