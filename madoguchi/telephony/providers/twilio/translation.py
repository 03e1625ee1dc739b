"""Twilio's posts: status callbacks of calls and of the legs that ``<Dial>`` makes, queue and recording callbacks.

Twilio's names begin with a capital. Those in small letters come from the address that Twilio was given, because its
posts lack them: ``queue`` (they name a queue by its SID only), ``agent`` (whom a number belongs to) and ``direction``.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.telephony.events import SHOWN, Event, derived_id, moment, presentation_of, read_events
from madoguchi.telephony.providers.posted import refused, text_in

# A number that was withheld, as Twilio writes it: the word on a keypad.
_KEYPAD = {
    "266696687": "anonymous",
    "1266696687": "anonymous",
    "7378742833": "restricted",
    "2562533": "restricted",  # BLOCKED
    "7748283": "private",
    "8656696": "unknown",
    "86282452253": "unavailable",
}
_OWN = ("client:", "sip:", "sips:")
_RINGING = ("queued", "initiated", "ringing")
# How a leg ended that nobody answered: as the end of an offer, and as the cause of a call's end. That an offer is
# canceled says neither whether the caller went nor whether somebody else answered.
_UNANSWERED: dict[str, tuple[str | None, str]] = {
    "busy": ("busy", "busy"),
    "no-answer": ("no_answer", "no_answer"),
    "canceled": (None, "cancel"),
    "failed": ("failed", "failed"),
}
_ENDS = ("completed", *_UNANSWERED)
_LEFT = {
    "bridged": "connected",
    "redirected-from-bridged": "connected",
    "hangup": "abandoned",
    "leave": "withdrawn",
    "redirected": "withdrawn",
    "queue-full": "withdrawn",
    "error": "unknown",
    "system-error": "unknown",
}
_LONGEST = 7 * 86400
_AFTER_ITS_LEGS = 1000  # Twilio's times are whole seconds: within one a call ends after its legs


def events_of(posted: object, *, sender: str) -> list[Event]:
    """The neutral events of one post: the fields of the form and of the address's query as a mapping."""
    if not isinstance(posted, Mapping):
        raise refused("", _("This must be an object."))
    if not text_in(posted, "CallSid"):
        raise refused("CallSid", _("This is required."))
    return read_events(_Post(posted, sender).events())


class _Post:
    """One post, read."""

    def __init__(self, posted: Mapping[str, Any], sender: str) -> None:
        self.posted = posted
        self.sender = sender
        self.sid = text_in(posted, "CallSid")
        self.parent = text_in(posted, "ParentCallSid")
        self.status = text_in(posted, "CallStatus").lower()
        self.place = _count(posted, "SequenceNumber")
        self.at = _time(posted)
        self.caller, self.called = text_in(posted, "From", "Caller"), text_in(posted, "To", "Called")
        self.queue = (text_in(posted, "queue") or text_in(posted, "QueueSid"))[:80]
        self.agent = text_in(posted, "agent")[:200]

    def events(self) -> list[dict[str, Any]]:
        return [self._whole(*part) for part in [*self._parts(), *self._recordings()]] or [self._whole("twilio.call")]

    def _parts(self) -> list[tuple[str, dict[str, Any]]]:
        if text_in(self.posted, "RecordingStatus"):
            return []
        if text_in(self.posted, "QueueResult", "DequeingCallSid"):
            return self._left_queue()
        if text_in(self.posted, "QueueSid"):
            return [("queue.entered", {"queue": self.queue, **self._parties()})]
        if self.direction == "outbound":
            return self._outgoing()
        return self._leg() if self.parent else self._incoming()

    @property
    def direction(self) -> str:
        """As the address says, else outgoing when one of our own telephones called or a program dialled."""
        said = text_in(self.posted, "direction")
        if said in ("inbound", "outbound", "internal"):
            return said
        ours = _is_ours(self.caller) or text_in(self.posted, "Direction") == "outbound-api"
        return "outbound" if ours and not (self.parent and self.called.startswith(_OWN)) else "inbound"

    def _incoming(self) -> list[tuple[str, dict[str, Any]]]:
        if self.status not in _ENDS:
            return [("call.started", self._parties())]
        if self.status != "completed":
            cause = _UNANSWERED[self.status][1]
            by = "caller" if self.status == "canceled" else "unknown"
            return [self._ended(cause, by), ("call.started", {"partial": True, **self._parties()})]
        return [self._ended("completed"), *self._begun()]

    def _begun(self) -> list[tuple[str, dict[str, Any]]]:
        """The beginning, from a callback that tells of the end: Twilio gives how long the call took."""
        seconds = _count(self.posted, "CallDuration")
        if self.at is None or seconds is None or seconds > _LONGEST:
            return [("call.started", {"partial": True, **self._parties()})]
        return [("call.started", {"at": (self.at - timedelta(seconds=seconds)).isoformat(), **self._parties()})]

    def _leg(self) -> list[tuple[str, dict[str, Any]]]:
        """One of ours is rung, answers, hangs up."""
        agent = {"agent": self.agent or _name(self.called)}
        if not agent["agent"]:
            return []
        if self.status in _RINGING:
            return [("agent.offered", {**agent, **self._queue(), **self._parties()})]
        if self.status == "in-progress":
            return [("agent.joined", agent)]
        if self.status == "completed":
            return [("agent.left", agent)]
        if self.status in _UNANSWERED:
            return [("agent.offer_ended", {**agent, "result": _UNANSWERED[self.status][0]})]
        return []

    def _outgoing(self) -> list[tuple[str, dict[str, Any]]]:
        if self.status in _RINGING:
            return [("call.started", self._parties())]
        # Without a number the post is Twilio's asking what to do, answered or not by whom was called.
        if self.status == "in-progress" and self.place is not None and not self._is_our_side:
            return [("party.answered", {"number": _name(self.called) or None})]
        if self.status not in _ENDS:
            return []
        if self.status == "completed":
            # Of whom was called, Twilio says so only when they answered.
            return [self._ended("completed" if self._is_our_side else "normalClearing")]
        return [self._ended(_UNANSWERED[self.status][1])]

    @property
    def _is_our_side(self) -> bool:
        """The leg of our own telephone, which calls through an application."""
        return not self.parent and _is_ours(self.caller)

    def _left_queue(self) -> list[tuple[str, dict[str, Any]]]:
        result = text_in(self.posted, "QueueResult").lower()
        reason = _LEFT.get(result) if result else "connected"
        if reason is None or not self.queue:
            return []
        parts: list[tuple[str, dict[str, Any]]] = [("queue.left", {"queue": self.queue, "reason": reason})]
        waited = _count(self.posted, "QueueTime")
        if waited is not None and waited <= _LONGEST:
            parts[0][1]["wait_s"] = waited
        if self.agent and reason == "connected":
            # The address of <Queue> is asked before the two are connected, that of <Enqueue> when they part.
            parts.append(("agent.left" if result else "agent.joined", {"agent": self.agent}))
        return parts

    def _recordings(self) -> list[tuple[str, dict[str, Any]]]:
        url = text_in(self.posted, "RecordingUrl")
        if text_in(self.posted, "RecordingStatus") not in ("", "completed") or not re.match(r"https?://", url):
            return []
        return [("recording.ready", {"url": url, "leg": self.sid})]

    def _ended(self, cause: str, by: str = "unknown") -> tuple[str, dict[str, Any]]:
        seq = None if self.place is None else self.place + (0 if self.parent else _AFTER_ITS_LEGS)
        return "call.ended", {"cause": cause, "by": by, **({} if seq is None else {"seq": seq})}

    def _parties(self) -> dict[str, Any]:
        if self.direction == "outbound":
            number = _name(self.called)
            return {
                "direction": "outbound",
                "from": {"number": (self.agent or _name(self.caller))[:80] or None, "presentation": "allowed"},
                "to": {"number": number if re.fullmatch(r"\+?[\d*#]+", number) else None},
            }
        found: dict[str, Any] = {"direction": self.direction, "from": {"number": self.number or None}}
        if name := text_in(self.posted, "CallerName"):
            found["from"]["name"] = name[:200]
        # The called number of a leg is the telephone that rings.
        return found if self.parent else {**found, "to": {"number": _name(self.called)[:80] or None}}

    def _queue(self) -> dict[str, str]:
        return {"queue": self.queue} if self.queue else {}

    @property
    def number(self) -> str:
        """The caller's number, or the word that stands for a withheld one."""
        return _KEYPAD.get(re.sub(r"\D", "", self.caller)) or _name(self.caller)[:80]

    def _whole(self, kind: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        common: dict[str, Any] = {
            "call": self.parent or self.sid,
            "type": kind,
            "tells_of_holds": False,  # Twilio has no word for them
            "twilio": self._original(),
        }
        if self.parent:
            common["leg"] = self.sid
        if self.place is not None:
            common["seq"] = self.place
        if self.at is not None:
            common["at"] = self.at.isoformat()
        return {**common, **(fields or {}), "id": self._id(kind, (fields or {}).get("agent"))}

    def _id(self, kind: str, agent: str | None) -> str:
        if kind == "recording.ready":
            return f"{text_in(self.posted, 'RecordingSid')[:100] or self.sid[:64]}:ready"
        # A post that tells of its call's end also tells when it began.
        also = ":begun" if kind == "call.started" and self.status in _ENDS else ""
        if self.place is not None:
            return f"{self.sid}:{self.place}{also}"
        leg = f"{self.sid}:{self.status}" if kind == "twilio.call" else self.sid
        if kind.startswith("queue."):
            leg = text_in(self.posted, "QueueSid") or self.queue
        return derived_id(self.sender, kind + also, call=self.parent or self.sid, leg=leg, agent=agent)

    def _original(self) -> dict[str, Any]:
        """As posted, without the key to calls in the caller's name and without what tells who withheld a number."""
        left_out: tuple[str, ...] = ("CallToken",)
        if self.direction != "outbound" and presentation_of(self.number, None, None) not in SHOWN:
            left_out += ("From", "Caller", "SipHeader_", "Stir", "ForwardedFrom")
        return {str(key): value for key, value in self.posted.items() if not str(key).startswith(left_out)}


def _name(address: str) -> str:
    """``alice`` of ``client:alice``, ``1001`` of ``sip:1001@example.sip.twilio.com``, and a number as it is."""
    scheme = next((scheme for scheme in _OWN if address.startswith(scheme)), "")
    name = address.removeprefix(scheme)
    return (name.split("@")[0].split(";")[0] if scheme.startswith("sip") else name)[:200]


def _is_ours(address: str) -> bool:
    """A telephone of ours, not a carrier that calls by SIP with the number, or the word for none, as its user."""
    name = _name(address)
    outside = re.fullmatch(r"\+?\d{7,}", name) or presentation_of(name, None, None) not in SHOWN
    return address.startswith(_OWN) and not outside


def _time(posted: Mapping[str, Any]) -> datetime | None:
    try:
        found = parsedate_to_datetime(text_in(posted, "Timestamp"))
        return moment((found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat())
    except (ValueError, OverflowError):
        return None


def _count(posted: Mapping[str, Any], key: str) -> int | None:
    value = text_in(posted, key)
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
