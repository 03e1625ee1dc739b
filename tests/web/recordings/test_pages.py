"""Recordings on their page: who may open it, how a player asks for parts, and that nothing of it runs in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.journal.models import Entry
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.recordings import hear, link, upload
from madoguchi.telephony.models import Call, Recording, RecordingPolicy
from tests.cast import Cast
from tests.telephony.test_recordings import WAV
from tests.web.board.day import answered

SignIn = Callable[..., Client]
SOUND = WAV + bytes(range(200))


@pytest.fixture
def recording(cast: Cast) -> Recording:
    return upload(answered(timezone.now(), 5, agent="1001"), SOUND, name="<b>.html", by=cast.hayashi)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def sound(client: Client, recording: Recording, **headers: str) -> Any:
    return client.get(f"/recordings/{recording.pk}/sound/", headers=headers)


def test_the_whole_and_a_part_are_played_and_never_as_a_page(cast: Cast, sign_in: SignIn, recording: Recording) -> None:
    client = sign_in(cast.hayashi)
    whole = sound(client, recording)
    assert (whole.status_code, body(whole), whole["Content-Type"]) == (200, SOUND, "audio/wav")
    assert (whole["Accept-Ranges"], whole["X-Content-Type-Options"]) == ("bytes", "nosniff")
    assert "sandbox" in whole["Content-Security-Policy"]
    part = sound(client, recording, Range="bytes=10-19")
    assert (part.status_code, body(part), part["Content-Length"]) == (206, SOUND[10:20], "10")
    assert part["Content-Range"] == f"bytes 10-19/{len(SOUND)}"
    assert sound(client, recording, Range=f"bytes={len(SOUND)}-")["Content-Range"] == f"bytes */{len(SOUND)}"
    assert sound(client, recording, Range=f"bytes={len(SOUND)}-").status_code == 416
    tag = whole["ETag"]
    assert sound(client, recording, Range="bytes=0-0", **{"If-Range": tag}).status_code == 206
    assert sound(client, recording, Range="bytes=0-0", **{"If-Range": '"other"'}).status_code == 200
    assert Entry.objects.filter(kind="recording.heard").count() == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    first=st.none() | st.integers(0, 400),
    last=st.none() | st.integers(0, 400),
    noise=st.sampled_from(["", " ", ",0-1"]),
)
def test_any_range_is_the_bytes_it_names_or_none(
    cast: Cast, sign_in: SignIn, recording: Recording, first: int | None, last: int | None, noise: str
) -> None:
    client = sign_in(cast.hayashi)
    asked = f"bytes={'' if first is None else first}-{'' if last is None else last}{noise}"
    answer = sound(client, recording, Range=asked)
    size = len(SOUND)
    if "," in noise or (first is None and last is None) or (first is not None and last is not None and last < first):
        wanted: bytes | None = None
    elif first is None:
        wanted = SOUND[-last:] if last else b""
    else:
        wanted = SOUND[first : size if last is None else last + 1]
    expected = 200 if wanted is None else 206 if wanted else 416
    assert answer.status_code == expected
    if expected != 416:
        assert body(answer) == (SOUND if wanted is None else wanted)


@pytest.mark.parametrize(
    ("who", "status", "call"),
    [
        ("hayashi", 200, 200),
        ("admin", 200, 200),
        ("sato", 200, 200),
        ("suzuki", 404, 200),
        ("watanabe", 404, 200),
        ("mori", 404, 404),
        ("ogawa", 404, 404),
        ("outsider", 403, 403),
    ],
)
def test_who_may_hear_it_and_who_sees_only_the_call(
    cast: Cast, sign_in: SignIn, recording: Recording, who: str, status: int, call: int
) -> None:
    client = sign_in(getattr(cast, who))
    assert sound(client, recording).status_code == status
    page = client.get(f"/calls/{recording.call_id}/")
    assert page.status_code == call
    html = page.content.decode()
    assert ("&lt;b&gt;.html" in html) is (status == 200)
    assert ("録音" in html) is (status == 200)
    assert ("誰が聞いたか" in html) is (who in ("hayashi", "admin"))


def test_a_partners_lead_reads_the_names_of_their_own_staff_alone(cast: Cast, sign_in: SignIn) -> None:
    call = answered(timezone.now(), 5, agent=cast.ogawa.extension)
    recording = upload(call, SOUND, name="a.wav", by=cast.hayashi)
    for listener in (cast.hayashi, cast.admin, cast.ogawa, cast.mori):
        hear(recording, by=listener)

    def page(reader: Staff) -> str:
        html = sign_in(reader).get(f"/calls/{call.pk}/").content.decode()
        return html[html.index('id="recordings"') :]

    partners, own = page(cast.mori), page(cast.hayashi)
    assert (cast.hayashi.name in partners, cast.admin.name in partners) == (False, False)
    assert (cast.ogawa.name in partners, cast.mori.name in partners) == (True, True)
    # Who added it, on the recording and in the list; and two of ours who listened.
    assert partners.count("他社のスタッフ") == 4
    assert all(one.name in own for one in (cast.hayashi, cast.admin, cast.ogawa, cast.mori))
    assert "他社のスタッフ" not in own
    assert cast.hayashi.name not in page(cast.ogawa)


def test_a_recording_is_added_by_hand(cast: Cast, sign_in: SignIn, settings: LazySettings) -> None:
    settings.RECORDING_HOSTS = ("pbx.example",)
    call = answered(timezone.now(), 5, agent="1001")
    client = sign_in(cast.sato)
    address = f"/recordings/call/{call.pk}/add/"
    assert client.post(address, {"file": SimpleUploadedFile("a.wav", SOUND)}).status_code == 302
    assert client.post(address, {"url": "https://pbx.example/b.wav"}).status_code == 302
    assert client.post(address, {"url": "https://evil.example/b.wav"}).status_code == 422
    assert client.post(address, {"file": SimpleUploadedFile("a.html", b"<html>")}).status_code == 422
    assert Recording.objects.count() == 2
    assert sign_in(cast.suzuki).post(address, {"url": "https://pbx.example/c.wav"}).status_code == 403
    linked = Recording.objects.get(file__isnull=True)
    answer = sound(sign_in(cast.hayashi), linked)
    assert (answer.status_code, answer["Location"]) == (302, "https://pbx.example/b.wav")
    settings.RECORDING_HOSTS = ()
    assert sound(sign_in(cast.hayashi), linked).status_code == 404
    assert Call.objects.count() == 1


def test_only_administrators_say_how_long_recordings_are_kept(cast: Cast, sign_in: SignIn) -> None:
    for who in ("sato", "hayashi", "watanabe", "mori"):
        assert sign_in(getattr(cast, who)).get("/recordings/policies/").status_code == 403
    client = sign_in(cast.admin)
    assert client.post("/recordings/policies/", {"queue": "desk", "days": "14"}).status_code == 302
    assert client.post("/recordings/policies/", {"queue": "desk", "days": "no"}).status_code == 422
    assert "desk" in client.get("/recordings/policies/").content.decode()
    policy = RecordingPolicy.objects.get()
    assert client.post(f"/recordings/policies/{policy.pk}/drop/").status_code == 302
    assert not RecordingPolicy.objects.exists()


def test_a_link_is_told_apart_from_a_deleted_recording(cast: Cast, sign_in: SignIn, settings: LazySettings) -> None:
    settings.RECORDING_HOSTS = ("pbx.example",)
    call = answered(timezone.now(), 5)
    row = link(call, "https://pbx.example/b.wav", by=cast.hayashi)
    client = sign_in(cast.hayashi)
    assert "<audio" in client.get(f"/calls/{call.pk}/").content.decode()
    Recording.objects.filter(pk=row.pk).update(url="", deleted_at=timezone.now())
    assert "<audio" not in client.get(f"/calls/{call.pk}/").content.decode()
    assert sound(client, row).status_code == 404
