"""What the records added to a call, and where they say something else than it does, as sentences for the report."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from madoguchi.telephony.models import Call
from madoguchi.telephony.written import Reading

_UNLIKE = timedelta(seconds=5)


def what_was_completed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    """Each as (sentence to translate, what stands in it); empty when nothing is new."""
    if before == after:
        return []
    if after.get("recovered"):
        return [(_("More of its records came; it was recovered from all of them."), "")]
    new = [fact for fact in after["from_records"] if fact not in before.get("from_records", ())]
    found = [one for fact in new for one in _sentences(fact, before, after)]
    return found or [(_("More of it is known now."), "")]


def _sentences(fact: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if fact == "started":
        yield _("Its beginning was not heard; it is known now."), ""
    elif fact == "ended":
        yield _("Its end was not heard; it is known now."), ""
    elif fact == "answered" and after["outcome"] != "answered":
        yield _("Whether anybody answered was not heard; nobody did."), ""
    elif fact == "answered":
        yield _("Who answered it was not heard: %(written)s."), str(after["answered_by"] or "")
    elif fact == "agents":
        more = [agent for agent in after["agents"] if agent not in before["agents"]]
        yield _("Who else spoke was not heard: %(written)s."), ", ".join(more)


def what_differs(call: Call, reading: Reading, shift: timedelta) -> Iterator[tuple[str, str]]:
    """Each as (sentence to translate, what stands in it). What the record itself calls uncertain is no difference."""
    record = call.record
    named = set(record["incomplete"])
    if call.is_live or record.get("end_estimated"):
        yield _("The records end before what was heard of it: its end stays unknown."), ""
    elif call.ended_at is not None:
        apart = reading.end_at + shift - call.ended_at
        if apart > _UNLIKE:
            yield _("The records say that it lasted %(written)s seconds longer."), str(int(apart.total_seconds()))
    if {"answered", "outcome"} & named or record.get("recovered"):
        return
    was_answered = record["outcome"] == "answered"
    if was_answered and reading.answered is False:
        yield _("It was heard to be answered; the records say that nobody did."), ""
    elif not was_answered and reading.answered:
        yield _("It was not heard to be answered; the records name %(written)s."), reading.speakers[0].who
    elif was_answered and reading.answered and "answered_by" not in named:
        first, heard = reading.speakers[0].who, record["answered_by"] or ""
        # A sender that calls people by other names than extensions says nothing else by it.
        if reading.direction != "outbound" and first != heard and first.isdigit() == heard.isdigit():
            yield _("The records name %(written)s as the one who answered it."), first
