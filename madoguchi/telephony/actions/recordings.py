"""Recordings come from the telephone system or by hand, are heard, and go when their time has come."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.files import store
from madoguchi.files.models import StoredFile
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.telephony.events import derived_id
from madoguchi.telephony.models import Call, CallEvent, Recording, RecordingPolicy
from madoguchi.telephony.recorded import Keeping, is_allowed
from madoguchi.telephony.withheld import is_withheld, recording_without_numbers

LARGEST = 100 * 1024 * 1024
# Listening once is many requests; a new one is told after this pause.
_ONE_HEARING = timedelta(minutes=10)
_KINDS = (
    (b"RIFF", 8, b"WAVE", "audio/wav"),
    (b"OggS", 0, b"", "audio/ogg"),
    (b"ID3", 0, b"", "audio/mpeg"),
    (b"\xff\xfb", 0, b"", "audio/mpeg"),
    (b"\xff\xf3", 0, b"", "audio/mpeg"),
    (b"\xff\xf2", 0, b"", "audio/mpeg"),
    (b"fLaC", 0, b"", "audio/flac"),
    (b"", 4, b"ftyp", "audio/mp4"),
    (b"\x1aE\xdf\xa3", 0, b"", "audio/webm"),
)


def kind_of(content: bytes) -> str:
    """The audio type that the bytes themselves say, whatever name and type came with them; empty for anything else."""
    for head, place, mark, kind in _KINDS:
        if content.startswith(head) and content[place : place + len(mark)] == mark:
            return kind
    return ""


def enter_told(call: Call, told: Iterable[Mapping[str, str]], *, by: Actor) -> None:
    """Enter the recordings that a call's record names and that are not there yet; in the transaction of the events."""
    rows = {_source(one): one for one in told if one.get("url") or one.get("file")}
    if not rows:
        return
    known = set(Recording.objects.filter(call=call, source__in=list(rows)).values_list("source", flat=True))
    for source, one in rows.items():
        if source not in known:
            _enter(call, by=by, source=source, leg=one.get("leg", "")[:200], **_place(one))


def hide_numbers(call: Call, events: Iterable[CallEvent]) -> None:
    """Of a caller who withholds it no recording's name keeps the number; ``events`` are all of the locked call."""
    rows = list(events)
    told = [row for row in rows if row.type == "recording.ready"]
    if not told or not any(is_withheld(row.payload) for row in rows):
        return
    for row in told:
        plain = recording_without_numbers(row.payload)
        if plain == row.payload:
            continue
        before, after = _source(row.payload), _source(plain)
        entered = Recording.objects.filter(call=call)
        if entered.filter(source=after).exists():
            entered.filter(source=before).delete()
        else:
            entered.filter(source=before).update(source=after, **_place(plain))
        row.payload = plain
        row.save(update_fields=["payload"])


def _place(one: Mapping[str, str]) -> dict[str, str]:
    url = one.get("url", "")[:2000]
    return {"url": url, "name": (one.get("file") or urlsplit(url).path.rpartition("/")[2])[:255]}


def _source(one: Mapping[str, Any]) -> str:
    return derived_id("recording", one.get("leg", ""), at=one.get("url") or one.get("file")).removeprefix("sha256:")


@transaction.atomic
def upload(call: Call, content: bytes, *, name: str, by: Staff) -> Recording:
    """A recording as a file; refuses what is no audio, is too large, or is there already."""
    if len(content) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 2**20}, code="too_large")
    kind = kind_of(content)
    if not kind:
        raise Refused(_("This is no recording: WAV, MP3, M4A, Ogg, FLAC and WebM can be played."), code="no_audio")
    file = store.keep(content)
    if Recording.objects.filter(call=call, source=file.sha256, deleted_at__isnull=True).exists():
        raise Refused(_("This recording is there already."), code="known", status=409)
    Recording.objects.filter(call=call, source=file.sha256).delete()
    plain = "".join(one for one in name.replace("\\", "/").rpartition("/")[2] if one.isprintable())
    return _enter(call, by=by, source=file.sha256, file=file, name=plain[:255], content_type=kind)


@transaction.atomic
def link(call: Call, url: str, *, by: Staff) -> Recording:
    """A recording that lies elsewhere; refuses a link to a host that is not one of RECORDING_HOSTS."""
    url = url.strip()
    if not is_allowed(url) or len(url) > 2000:
        raise Refused(
            _("Recordings are linked by https, from the hosts that the administrator has named."), code="host"
        )
    source = _source({"url": url})
    if Recording.objects.filter(call=call, source=source).exists():
        raise Refused(_("This recording is there already."), code="known", status=409)
    return _enter(call, by=by, source=source, url=url, name=urlsplit(url).path.rpartition("/")[2][:255])


def _enter(call: Call, *, by: Actor, **fields: Any) -> Recording:
    answered = call.answered_by
    recording = Recording.objects.create(
        call=call,
        queue=call.queue,
        team=answered.teams.order_by("line", "id").first() if answered else None,
        recorded_at=call.started_at,
        added_by=by if isinstance(by, Staff) else None,
        **fields,
    )
    record("recording.added", by=by, about=[recording, call])
    return recording


def hear(recording: Recording, *, by: Staff) -> None:
    """Note who listens; the many requests of one listening are one entry."""
    since = timezone.now() - _ONE_HEARING
    heard = Entry.objects.filter(
        kind="recording.heard", at__gte=since, actor_id=by.pk, mentions__kind="recording", mentions__ref=recording.pk
    )
    if not heard.exists():
        record("recording.heard", by=by, about=[recording, recording.call])


@transaction.atomic
def set_policy(*, queue: str, team: Team | None, days: int, by: Staff) -> RecordingPolicy:
    """Keep the recordings of a queue, or a team, or (neither) all others, for so many days from the call on."""
    if queue and team is not None:
        raise Refused(_("Name a queue or a team, not both."), code="both")
    if not 1 <= days <= 3650:
        raise Refused(_("Recordings are kept for 1 to 3650 days."), code="days")
    policy, _made = RecordingPolicy.objects.update_or_create(queue=queue, team=team, defaults={"days": days})
    record("recording.policy_set", by=by, about=[team], data={"queue": queue, "days": days})
    return policy


@transaction.atomic
def drop_policy(policy: RecordingPolicy, *, by: Staff) -> None:
    record("recording.policy_dropped", by=by, about=[policy.team], data={"queue": policy.queue, "days": policy.days})
    policy.delete()


def delete_due(now: datetime, *, limit: int) -> int:
    """Delete recordings whose time has come, each in a transaction of its own; how many."""
    due = Recording.objects.kept().filter(Keeping().due(now)).order_by("recorded_at", "id")
    rows = list(due.values_list("pk", flat=True)[:limit])
    return sum(_delete(row, now) for row in rows)


@transaction.atomic
def _delete(row: int, now: datetime) -> bool:
    # The call before its recordings, as whoever takes in events locks them.
    call = Call.objects.select_for_update(no_key=True).filter(recordings=row).first()
    recording = Recording.objects.select_for_update(no_key=True).filter(pk=row, deleted_at__isnull=True).first()
    if call is None or recording is None or recording.call_id != call.pk:
        return False
    file = recording.file
    if file is not None and store.is_fresh(file):
        return False  # its bytes could not go with it; an hour later they can
    _forget_told(call, recording.source)
    recording.file, recording.url, recording.deleted_at = None, "", now
    recording.save(update_fields=["file", "url", "deleted_at"])
    record("recording.deleted", by=SYSTEM, about=[recording, call])
    if file is not None:
        _forget(file)
    return True


def _forget_told(call: Call, source: str) -> None:
    """Where the recording lay stands no more in what was told of it, nor in the record that was folded from that."""
    for event in CallEvent.objects.filter(call=call, type="recording.ready"):
        if _source(event.payload) == source:
            event.payload = _without_place(event.payload)
            event.save(update_fields=["payload"])
    told = call.record.get("recordings", [])
    call.record["recordings"] = [_without_place(one) if _source(one) == source else one for one in told]
    call.save(update_fields=["record"])


def _without_place(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in ("url", "file")}


def _forget(file: StoredFile) -> None:
    """The bytes go with their last reference, whoever holds it; the row first, the file once that is committed."""
    if store.forget(file):
        transaction.on_commit(lambda: store.remove(file.sha256))


def may_add(access: Access, call: Call) -> bool:
    """Who hears recordings may add one; who takes calls, to a call of their own."""
    if access.can(Capability.HEAR_RECORDINGS):
        return Call.objects.visible_to(access).filter(pk=call.pk).exists()
    return access.can(Capability.TAKE_CALLS) and call.answered_by_id == access.staff.pk
