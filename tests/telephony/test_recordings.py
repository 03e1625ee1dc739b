"""Recordings: entered once, heard by whom they concern, gone on time with their last reference."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from madoguchi.files import store
from madoguchi.files.models import Attachment, StoredFile
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people.access import access_of
from madoguchi.telephony.actions.recordings import delete_due, drop_policy, hear, kind_of, link, set_policy, upload
from madoguchi.telephony.models import CallEvent, Recording
from madoguchi.telephony.recorded import Keeping, is_allowed, is_playable
from tests.cast import Cast
from tests.web.board.day import answered, event, post

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64)
NOW = datetime(2026, 8, 21, 1, 40, tzinfo=UTC)


def kinds(kind: str) -> int:
    return Entry.objects.filter(kind=kind).count()


def test_the_telephone_system_tells_of_a_recording_once(cast: Cast, settings: LazySettings) -> None:
    settings.RECORDING_HOSTS = ("pbx.example:8443",)
    call = answered(timezone.now() - timedelta(minutes=3), 5)
    told = [event("recording.ready", timezone.now(), call.call_id, url="https://pbx.example:8443/a/1.wav", leg="l")]
    for _ in range(2):
        post([dict(one) for one in told])
    post([event("recording.ready", timezone.now(), call.call_id, url="https://pbx.example:8443/a/1.wav", leg="l")])
    post([event("recording.ready", timezone.now(), call.call_id, file="/var/spool/2.wav")])
    post([event("recording.ready", timezone.now(), call.call_id, url="https://evil.example/3.wav")])
    rows = list(Recording.objects.order_by("id"))
    assert [(row.name, is_playable(row)) for row in rows] == [
        ("1.wav", True),
        ("/var/spool/2.wav", False),
        ("3.wav", False),
    ]
    assert kinds("recording.added") == 3


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://pbx.example/a.wav", True),
        ("https://PBX.example/a.wav?x=1", True),
        ("http://pbx.example/a.wav", False),
        ("https://pbx.example.evil.example/a.wav", False),
        ("https://pbx.example@evil.example/a.wav", False),
        ("https://pbx.example:444/a.wav", False),
        ("https://evil.example/https://pbx.example/a.wav", False),
        ("https://pbx.example\\@evil.example/", False),
        ("https://", False),
        ("javascript:alert(1)", False),
    ],
)
def test_links_lead_only_to_the_hosts_that_were_named(settings: LazySettings, url: str, fits: bool) -> None:
    settings.RECORDING_HOSTS = ("pbx.example",)
    assert is_allowed(url) is fits


def test_what_is_no_sound_is_refused_whatever_it_is_called(cast: Cast) -> None:
    call = answered(timezone.now(), 5)
    for content in (b"<html><script>alert(1)</script>", b"", b"MZ" + WAV):
        with pytest.raises(Refused):
            upload(call, content, name="call.wav", by=cast.hayashi)
    with pytest.raises(Refused):
        link(call, "https://elsewhere.example/a.wav", by=cast.hayashi)
    row = upload(call, WAV, name="../../<b>evil\r\n.html", by=cast.hayashi)
    assert (row.content_type, row.name) == ("audio/wav", "<b>evil.html")
    with pytest.raises(Refused):
        upload(call, WAV, name="again.wav", by=cast.hayashi)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"OggS\x00", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"\x1aE\xdf\xa3", "audio/webm"),
        (b"RIFF\x00\x00\x00\x00AVI ", ""),
    ],
)
def test_the_bytes_say_what_they_are(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


def test_who_took_the_call_hears_it_and_supervisors_hear_all(cast: Cast) -> None:
    row = upload(answered(timezone.now(), 5, agent="1001"), WAV, name="a.wav", by=cast.hayashi)

    def hears(who: str) -> bool:
        return Recording.objects.visible_to(access_of(getattr(cast, who))).filter(pk=row.pk).exists()

    heard = {who for who in ("sato", "suzuki", "hayashi", "admin", "watanabe", "mori", "outsider") if hears(who)}
    assert heard == {"sato", "hayashi", "admin"}


def test_listening_once_is_one_entry_however_many_requests(cast: Cast) -> None:
    row = upload(answered(timezone.now(), 5), WAV, name="a.wav", by=cast.hayashi)
    for who in (cast.hayashi, cast.hayashi, cast.admin):
        hear(row, by=who)
    assert kinds("recording.heard") == 2


def recorded(days: float, content: bytes, cast: Cast, *, queue: str = "desk") -> Recording:
    row = upload(answered(NOW, 5, queue=queue), content, name="a.wav", by=cast.hayashi)
    Recording.objects.filter(pk=row.pk).update(recorded_at=NOW - timedelta(days=days))
    row.refresh_from_db()
    return row


def test_each_is_deleted_when_its_own_time_has_come(cast: Cast) -> None:
    set_policy(queue="sales", team=None, days=10, by=cast.admin)
    set_policy(queue="", team=cast.call_centre, days=30, by=cast.admin)
    others = set_policy(queue="", team=None, days=60, by=cast.admin)
    rows = [
        recorded(11, WAV + b"1", cast, queue="sales"),  # the queue counts before the team
        recorded(9, WAV + b"2", cast, queue="sales"),
        recorded(31, WAV + b"3", cast),
        recorded(29, WAV + b"4", cast),
        recorded(61, WAV + b"5", cast),
    ]
    Recording.objects.filter(pk=rows[4].pk).update(team=None)
    due = [row.pk for row in rows if Keeping().until(Recording.objects.get(pk=row.pk)) < NOW]
    assert due == [rows[0].pk, rows[2].pk, rows[4].pk]
    assert delete_due(NOW, limit=2) == 2
    assert delete_due(NOW, limit=2) == 1
    assert delete_due(NOW, limit=2) == 0
    assert sorted(Recording.objects.kept().values_list("pk", flat=True)) == [rows[1].pk, rows[3].pk]
    assert kinds("recording.deleted") == 3
    drop_policy(others, by=cast.admin)
    assert Keeping().others == 90


def test_the_bytes_go_with_their_last_reference(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    shared, alone = recorded(100, WAV + b"shared", cast), recorded(100, WAV + b"alone", cast)
    assert shared.file is not None
    assert alone.file is not None
    Attachment.objects.create(file=shared.file, name="same.wav")
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_due(NOW, limit=9) == 2
    assert store.path_of(shared.file.sha256).exists()
    assert not store.path_of(alone.file.sha256).exists()
    assert [row.sha256 for row in StoredFile.objects.all()] == [shared.file.sha256]
    kept = Recording.objects.get(pk=alone.pk)
    assert (kept.file, kept.url, kept.deleted_at, kept.name) == (None, "", NOW, "a.wav")


def test_bytes_that_just_came_again_are_not_taken_away(cast: Cast) -> None:
    row = recorded(100, WAV, cast)
    assert row.file is not None
    StoredFile.objects.update(stored_at=timezone.now() - timedelta(days=2))
    row.file.refresh_from_db()
    store.write(WAV)  # somebody is about to keep the same
    Recording.objects.update(file=None)
    assert not store.forget(row.file)
    assert StoredFile.objects.count() == 1


def test_policies_are_checked(cast: Cast) -> None:
    for wrong in ({"queue": "desk", "team": cast.call_centre, "days": 5}, {"queue": "", "team": None, "days": 0}):
        with pytest.raises(Refused):
            set_policy(**wrong, by=cast.admin)


def test_of_a_deleted_recording_no_address_is_kept_and_it_does_not_come_back(cast: Cast) -> None:
    call = answered(NOW - timedelta(days=100), 5)
    addresses = ["https://pbx.example/a.wav", "/spool/b.wav"]
    told = [
        event("recording.ready", NOW, call.call_id, url=addresses[0], leg="l"),
        event("recording.ready", NOW + timedelta(seconds=1), call.call_id, file=addresses[1]),
    ]
    post([dict(one) for one in told])
    assert delete_due(NOW, limit=9) == 2
    for again in ([], told, [event("call.started", NOW - timedelta(days=100), call.call_id)]):
        if again:
            post([dict(one) for one in again])
        call.refresh_from_db()
        kept = [call.record, *CallEvent.objects.values_list("payload", flat=True), *Recording.objects.values("url")]
        assert not any(address in json.dumps(kept) for address in addresses)
    assert Recording.objects.kept().count() == 0
    assert call.record["recordings"] == [{"leg": "l"}, {}]


def test_a_recording_told_of_both_parts_of_a_joined_call_is_one(cast: Cast) -> None:
    whole = answered(NOW, 5)
    part = post([event("call.started", NOW, "part", direction="internal", **{"from": {"number": "1001"}})])
    for call in (whole, part):
        post([event("recording.ready", NOW, call.call_id, url="https://pbx.example/a.wav", leg="l")])
    post([event("recording.ready", NOW, "part", url="https://pbx.example/b.wav", leg="l")])
    post([event("call.joined", NOW, "part", into=whole.call_id)])
    assert sorted(Recording.objects.values_list("call__pk", "name")) == [(whole.pk, "a.wav"), (whole.pk, "b.wav")]


def test_bytes_go_though_the_process_was_killed_before_it_removed_them(cast: Cast) -> None:
    row = recorded(100, WAV + b"killed", cast)
    assert row.file is not None
    path = store.path_of(row.file.sha256)
    assert delete_due(NOW, limit=9) == 1  # what was to follow the commit does not
    assert path.exists()
    assert store.remove_due(limit=9) == 1
    assert not path.exists()
    assert store.remove_due(limit=9) == 0


def test_what_was_kept_again_before_it_was_removed_stays(cast: Cast) -> None:
    recorded(100, WAV + b"again", cast)
    assert delete_due(NOW, limit=9) == 1
    again = store.keep(WAV + b"again")
    assert store.remove_due(limit=9) == 1
    assert store.read(again) == WAV + b"again"


def test_a_recording_whose_bytes_just_came_again_is_deleted_with_them_later(cast: Cast) -> None:
    row = recorded(100, WAV + b"fresh", cast)
    assert row.file is not None
    StoredFile.objects.update(stored_at=timezone.now() - timedelta(days=2))
    assert delete_due(NOW, limit=9) == 0
    path = store.path_of(row.file.sha256)
    os.utime(path, (path.stat().st_mtime - 7200,) * 2)
    assert delete_due(NOW, limit=9) == 1
    assert not StoredFile.objects.exists()
