"""Neutral call events as they are posted: checked, a withheld number removed, before anything is stored."""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.validation import sentence_of

MOST_EVENTS = 500
LARGEST_EVENT = 64 * 1024
DEEPEST = 20
OWN_SENDER = "madoguchi"  # of events that our own screen and clock make

Presentation = Literal["allowed", "restricted", "payphone", "unavailable", "unknown"]
SHOWN = ("allowed", "unknown")

# What carriers and PBXs write where a number or a name would stand, folded.
_NO_NUMBER: dict[str, Presentation] = {
    "anonymous": "restricted",
    "restricted": "restricted",
    "private": "restricted",
    "withheld": "restricted",
    "hidden": "restricted",
    "非通知": "restricted",
    "p": "restricted",
    "coinline/payphone": "payphone",
    "payphone": "payphone",
    "公衆電話": "payphone",
    "c": "payphone",
    "unavailable": "unavailable",
    "interactionwithotherservice": "unavailable",
    "表示圏外": "unavailable",
    "通知不可能": "unavailable",
    "o": "unavailable",
    "s": "unavailable",
    "unknown": "unavailable",
    "<unknown>": "unavailable",
}

_OFFER = ("answered", "no_answer", "rejected", "busy", "caller_gone", "picked_up_by_other", "failed")
_TRANSFER = ("answered", "completed", "no_answer", "failed", "abandoned")
_LEFT = ("connected", "abandoned", "timeout", "empty", "key", "withdrawn", "unknown")
_STATES = ("logged_off", "available", "paused", "ringing", "talking", "wrapup", "unreachable")
_ENDERS = ("caller", "agent", "remote", "system", "unknown")

# type: (fields that must be there besides call, words that a field must be one of)
KNOWN: dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = {
    "call.started": ((), {"direction": ("inbound", "outbound", "internal")}),
    "ivr.input": ((), {}),
    "queue.entered": (("queue",), {}),
    "queue.left": (("queue",), {"reason": _LEFT}),
    "agent.offered": (("agent",), {}),
    "agent.offer_ended": (("agent",), {"result": _OFFER}),
    "agent.joined": (("agent",), {}),
    "agent.left": (("agent",), {}),
    "party.answered": ((), {}),
    "hold.started": ((), {}),
    "hold.ended": ((), {}),
    "transfer.started": ((), {"kind": ("blind", "attended"), "result": _TRANSFER}),
    "transfer.ended": ((), {"kind": ("blind", "attended"), "result": _TRANSFER}),
    "call.joined": (("into",), {}),
    "call.ended": ((), {"by": _ENDERS}),
    "call.incomplete": (("missing",), {}),
    "recording.ready": ((), {}),
    "wrapup.started": (("agent",), {}),
    "wrapup.ended": (("agent",), {}),
    "agent.state": (("agent", "state"), {"state": _STATES}),
    "request.result": (("request",), {}),
    "source.gap": ((), {}),
    "source.snapshot": (("calls",), {}),
}
WITHOUT_CALL = ("agent.state", "source.gap", "source.snapshot", "request.result")

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def moment(value: object) -> datetime:
    """The time of an RFC 3339 text with offset, in UTC; ValueError for anything else."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    written = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if not isinstance(value, str) or written is None:
        raise ValueError(_("This must be a time such as 2026-11-21T14:05:00+09:00."))
    if written["offset"] is None:
        raise ValueError(_("A time needs its offset, such as 2026-11-21T14:05:00+09:00."))
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        found = datetime.min.replace(tzinfo=UTC)
    if not 2000 <= found.year < 2100:
        raise ValueError(_("This is no possible time."))
    return found


Moment = Annotated[datetime, BeforeValidator(moment)]


class Party(BaseModel):
    """Somebody outside or inside: the number as received."""

    model_config = ConfigDict(strict=True, extra="allow")
    number: str | None = Field(None, max_length=80)
    name: str | None = Field(None, max_length=200)
    presentation: Presentation | None = None


class NeutralEvent(BaseModel):
    """One event of the public contract. Unknown fields are kept; ``read_events`` checks what its type asks for."""

    model_config = ConfigDict(strict=True, extra="allow", populate_by_name=True)
    id: str = Field(min_length=1, max_length=200)
    type: str = Field(min_length=1, max_length=40)
    at: Moment | None = None
    call: str | None = Field(None, min_length=1, max_length=200)
    leg: str | None = Field(None, max_length=200)
    seq: int | None = Field(None, ge=-(2**53), le=2**53)
    queue: str | None = Field(None, min_length=1, max_length=80)
    agent: str | None = Field(None, min_length=1, max_length=200)
    direction: str | None = None
    from_: Party | Annotated[str, Field(max_length=80)] | None = Field(None, alias="from")
    to: Party | Annotated[str, Field(max_length=80)] | None = None
    into: str | None = Field(None, min_length=1, max_length=200)
    request: str | None = Field(None, min_length=1, max_length=200)
    state: str | None = None
    result: str | None = None
    reason: str | None = Field(None, max_length=200)
    kind: str | None = None
    by: str | None = None
    number: str | None = Field(None, max_length=80)
    cause: str | int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A checked event: what is stored and folded. ``at`` is None when the sender gave no time.

    ``payload`` is the original without withheld numbers; ``received_at`` is set on receipt.
    """

    id: str
    type: str
    call: str | None
    at: datetime | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    received_at: datetime | None = None
    sender: str = ""

    @property
    def moment(self) -> datetime:
        """When it happened as far as is known: the sender's time, else ours of receipt."""
        found = self.at or self.received_at
        if found is None:
            raise ValueError(f"{self.id} was not received yet")
        return found

    def text(self, key: str) -> str:
        """The field as text, empty when absent or something else."""
        value = self.payload.get(key)
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    def party(self, key: str) -> dict[str, Any]:
        """``from`` or ``to`` as a dict; a bare text counts as the number."""
        value = self.payload.get(key)
        if isinstance(value, Mapping):
            return dict(value)
        return {"number": value} if isinstance(value, str) and value else {}


def read_events(data: object) -> list[Event]:
    """The events of a posted JSON value: one object, or a list of up to 500.

    Refuses all of them (``code="invalid_events"``, 422) when one is wrong; ``details["errors"]`` is a list of
    ``{"index": int, "field": str, "message": str}``. An unknown type is fine: it is stored and ignored.
    """
    rows = data if isinstance(data, list) else [data]
    if len(rows) > MOST_EVENTS:
        raise _invalid([_error(None, "", _("At most %(most)d events in one post.") % {"most": MOST_EVENTS})])
    found: list[Event] = []
    errors: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        try:
            found.append(_read(row))
        except ValidationError as problem:
            errors += [_error(index, _place(part["loc"]), sentence_of(part)) for part in problem.errors()]
        except _WrongFieldError as problem:
            errors.append(_error(index, problem.field, problem.message))
    if errors:
        raise _invalid(errors)
    return found


def derived_id(sender: str, event_type: str, **parts: str | None) -> str:
    """A content-derived id for a sender without ids: SHA-256 over sender, type, call, leg, agent and ``at`` as sent."""
    named = {key: value for key, value in parts.items() if value}
    text = json.dumps([sender, event_type, sorted(named.items())], ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def presentation_of(number: str | None, name: str | None, said: str | None) -> Presentation:
    """How a number may be shown: as said, else by the words that stand where number or name would (``anonymous``)."""
    for words in (number, name):
        if words and (found := _NO_NUMBER.get(_folded(words))) and (words is number or not _digits(number)):
            if found == "unavailable" and words is number and (by_name := _NO_NUMBER.get(_folded(name or ""))):
                return by_name
            if found == "restricted" and _NO_NUMBER.get(_folded(name or "")) == "payphone":
                return "payphone"
            return found
    for known in ("allowed", "restricted", "payphone", "unavailable"):
        if said == known:
            return known
    return "unknown"


class _WrongFieldError(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field = name
        self.message = message


def _read(row: object) -> Event:
    if not isinstance(row, dict):
        raise _WrongFieldError("", _("This must be an object."))
    payload = _clean(row, 0)
    if len(json.dumps(payload, ensure_ascii=False).encode()) > LARGEST_EVENT:
        raise _WrongFieldError("", _("This is larger than 64 KiB."))
    checked = NeutralEvent.model_validate(payload)
    required, words = KNOWN.get(checked.type, ((), {}))
    if checked.call is None and checked.type in KNOWN and checked.type not in WITHOUT_CALL:
        raise _WrongFieldError("call", _("This is required."))
    for name in required:
        if payload.get(name) in (None, ""):
            raise _WrongFieldError(name, _("This is required."))
    for name, allowed in words.items():
        if payload.get(name) is not None and payload[name] not in allowed:
            raise _WrongFieldError(name, _("This must be one of: %(expected)s.") % {"expected": ", ".join(allowed)})
    if checked.type == "source.snapshot":
        _check_snapshot(payload)
    if checked.type == "source.gap":
        for name in ("from", "to"):
            if payload.get(name) is not None:
                _time_of(payload, name)
    return Event(checked.id, checked.type, checked.call, checked.at, without_withheld(payload))


def _check_snapshot(payload: dict[str, Any]) -> None:
    if not isinstance(payload["calls"], list) or not all(isinstance(call, str | dict) for call in payload["calls"]):
        raise _WrongFieldError("calls", _("This must be a list of call ids."))
    if payload.get("started_at") is not None:
        _time_of(payload, "started_at")


def _time_of(payload: Mapping[str, Any], name: str) -> datetime:
    try:
        return moment(payload[name])
    except ValueError as problem:
        raise _WrongFieldError(name, str(problem)) from problem


def without_withheld(payload: dict[str, Any]) -> dict[str, Any]:
    """The event with every number that may not be shown removed, wherever in it the number stands."""
    hidden: set[str] = set()
    result = dict(payload)
    for key in ("from", "to"):
        party = result.get(key)
        if isinstance(party, str) and _folded(party) in _NO_NUMBER:
            party = {"number": party}
        if not isinstance(party, dict):
            continue
        number, name = party.get("number"), party.get("name")
        presentation = presentation_of(number, name, party.get("presentation"))
        if presentation in SHOWN:
            continue
        hidden |= _writings(number or "")
        result[key] = {**party, "number": None, "name": None, "presentation": presentation}
    kept: dict[str, Any] = {key: result[key] for key in ("id", "type", "call", "at", "leg", "into") if key in result}
    return {**_redacted(result, hidden), **kept} if hidden else result


def _redacted(value: Any, hidden: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(part, hidden) for key, part in value.items()}
    if isinstance(value, list):
        return [_redacted(part, hidden) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return None if str(value) in {digits.lstrip("0") for digits in hidden} else value
    if isinstance(value, str):
        return "" if any(digits in _digits(value) for digits in hidden) else value
    return value


def _writings(number: str) -> set[str]:
    """The digits of a number nationally and internationally; short ones are no secret and would match anywhere."""
    digits = _digits(number)
    if len(digits) < 7:
        return set()
    national = "0" + digits[2:] if digits.startswith("81") else digits
    return {digits, national, "81" + national.lstrip("0")}


def _digits(text: str | None) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text or ""))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _clean(value: Any, depth: int) -> Any:
    """JSON that both engines can store: no NUL, no lone surrogate, no NaN, not too deep."""
    if depth > DEEPEST:
        raise _WrongFieldError("", _("This is nested too deeply."))
    if isinstance(value, dict):
        return {_clean(str(key), depth): _clean(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [_clean(part, depth + 1) for part in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _error(index: int | None, name: str, message: str) -> dict[str, Any]:
    return {"index": index, "field": name, "message": message}


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc if part not in ("Party", "constrained-str", "str"))


def _invalid(errors: list[dict[str, Any]]) -> Refused:
    first = errors[0]
    index = f"[{first['index']}]" if first["index"] is not None else ""
    place = " ".join(part for part in (index, first["field"]) if part)
    message = f"{place}: {first['message']}" if place else first["message"]
    return Refused(
        _("The call events were refused. %(message)s") % {"message": message},
        code="invalid_events",
        errors=errors,
    )
