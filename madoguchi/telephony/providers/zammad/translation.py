"""Zammad's generic CTI format, as many PBX bridges speak it. No event ids, no times, no signature.

The documentation names some fields in two ways (``user``/``caller``, ``callerId``/``caller_id``): both are taken.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.telephony.events import Event, derived_id, read_events
from madoguchi.telephony.providers.posted import refused, text_in

_CALL = ("callId", "call_id", "callid")
_EVENTS = ("newCall", "answer", "hangup")
_INBOUND, _OUTBOUND = ("in", "inbound"), ("out", "outbound")
_USERS = ("user[]", "users", "user", "caller[]", "caller")
# How a call ended, in the format's words, and who ended it as far as the word says.
_ENDED_BY = {"cancel": "caller", "busy": "remote", "congestion": "system", "notFound": "system", "noAnswer": "system"}


def events_of(posted: object, *, sender: str) -> list[Event]:
    """The neutral events of one post: a JSON object, or a form's fields as a mapping (lists for repeated ones)."""
    if not isinstance(posted, Mapping):
        raise refused("", _("This must be an object."))
    call, event = text_in(posted, *_CALL), text_in(posted, "event")
    if not call:
        raise refused("callId", _("This is required."))
    if not event:
        raise refused("event", _("This is required."))
    if event not in _EVENTS:
        # Kept as it came, and part of no call: nobody knows what it means.
        kind = f"zammad.{event}"[:40]
        return read_events({"id": derived_id(sender, kind, call=call), "type": kind, "zammad": _plain(posted)})
    direction = text_in(posted, "direction").lower() or "in"
    if direction not in _INBOUND + _OUTBOUND:
        raise refused("direction", _("This must be one of: %(expected)s.") % {"expected": "in, out"})
    outgoing = direction in _OUTBOUND
    common: dict[str, Any] = {
        "call": call,
        "direction": "outbound" if outgoing else "inbound",
        "zammad": _plain(posted),
    }
    common["tells_of_holds"] = False  # the format has no word for them
    if outgoing:
        common |= {"from": _caller_of_ours(posted), "to": {"number": text_in(posted, "to") or None}}
    else:
        number = text_in(posted, "from", "callerId", "caller_id")
        common |= {"from": {"number": number or None}, "to": {"number": text_in(posted, "to") or None}}
    return read_events([_identified(part, sender, common) for part in _parts(posted, event, outgoing)])


def _parts(posted: Mapping[str, Any], event: str, outgoing: bool) -> list[dict[str, Any]]:
    users, queue = _users(posted), text_in(posted, "queue")
    answering = text_in(posted, "answeringNumber", "answering_number")
    if event == "newCall":
        parts: list[dict[str, Any]] = [{"type": "call.started", "tells_of_menus": False}]
        if queue and not outgoing:
            parts.append({"type": "queue.entered", "queue": queue})
        if not outgoing:
            parts += [{"type": "agent.offered", "agent": user, **_queue(queue)} for user in users]
        return parts
    if event == "answer":
        if outgoing:
            return [{"type": "party.answered", "number": text_in(posted, "to") or None}]
        # By the name that was rung: ``answeringNumber`` may be any number that the calls of this user go to.
        agent = users[0] if users else answering
        return [{"type": "agent.joined", "agent": agent}] if agent else [{"type": "zammad.answer"}]
    cause = text_in(posted, "cause")
    return [{"type": "call.ended", "by": _ENDED_BY.get(cause, "unknown"), "cause": cause}]


def _identified(part: dict[str, Any], sender: str, common: dict[str, Any]) -> dict[str, Any]:
    event = {**common, **part}
    if part["type"].startswith("zammad."):
        event.pop("from")
    return {"id": derived_id(sender, part["type"], call=common["call"], agent=part.get("agent")), **event}


def _caller_of_ours(posted: Mapping[str, Any]) -> dict[str, Any]:
    users = _users(posted)
    return {"number": (users[0] if users else text_in(posted, "from")) or None, "presentation": "allowed"}


def _users(posted: Mapping[str, Any]) -> list[str]:
    """Whom the call is for: extensions, logins or names; one, several, or separated by commas."""
    for key in _USERS:
        value = posted.get(key)
        rows = value if isinstance(value, list | tuple) else str(value).split(",") if value else []
        found = [str(row).strip()[:200] for row in rows if isinstance(row, str | int) and str(row).strip()]
        if found:
            return list(dict.fromkeys(found))
    return []


def _queue(queue: str) -> dict[str, str]:
    return {"queue": queue} if queue else {}


def _plain(posted: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in posted.items()}
