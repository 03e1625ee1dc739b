"""What comes in at the door is checked, named and made harmless."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.events import presentation_of, read_events

GOOD = {"id": "e1", "type": "agent.offered", "call": "c-1", "agent": "1001", "at": "2026-11-21T23:58:58.506Z"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"type": 5}, "type"),
        ({"call": None}, "call"),
        ({"call": ["c-1"]}, "call"),
        ({"agent": None}, "agent"),
        ({"agent": {"$ne": 1}}, "agent"),
        ({"at": "2026-11-21T23:58:58"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"at": 1795305537}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": "2026-13-41T99:00:00Z"}, "at"),
        ({"seq": "7"}, "seq"),
        ({"seq": 10**30}, "seq"),
        ({"type": "agent.offer_ended", "result": "exploded"}, "result"),
        ({"type": "call.started", "direction": "sideways"}, "direction"),
        ({"type": "call.started", "from": {"number": 312345678}}, "from.number"),
        ({"type": "call.started", "from": {"presentation": "maybe"}}, "from.presentation"),
        ({"type": "call.joined"}, "into"),
        ({"type": "source.snapshot", "calls": "all"}, "calls"),
        ({"type": "source.gap", "from": "noon"}, "from"),
    ],
)
def test_a_wrong_field_is_named_with_its_place_in_the_list(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_events([GOOD, {**GOOD, **wrong}])
    assert refusal.value.status == 422
    assert all(error["index"] == 1 for error in refusal.value.details["errors"])
    assert field in {error["field"] for error in refusal.value.details["errors"]}


@pytest.mark.parametrize("value", [None, 3, "text", [[]], [None], True])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        read_events(value)


def test_depth_size_and_dangerous_characters() -> None:
    deep: Any = "x"
    for _level in range(50):
        deep = [deep]
    with pytest.raises(Refused):
        read_events({**GOOD, "more": deep})
    with pytest.raises(Refused):
        read_events({**GOOD, "more": "x" * 70_000})
    (kept,) = read_events({**GOOD, "note": "a\0b\ud800<script>", "number_of": float("nan")})
    assert kept.payload["note"] == "ab?<script>"
    assert kept.payload["number_of"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "from", "to", "seq", "into", "calls", "state", "x"]), JSON), JSON)
def test_any_json_is_either_read_or_refused(fields: dict[str, Any], other: Any) -> None:
    for value in ({**GOOD, **fields}, other, [fields]):
        with contextlib.suppress(Refused):
            assert all(one.id for one in read_events(value))


@pytest.mark.parametrize(
    ("number", "name", "said", "expected"),
    [
        ("0312345678", None, None, "unknown"),
        ("0312345678", None, "allowed", "allowed"),
        ("0312345678", "Anonymous", "allowed", "allowed"),
        ("anonymous", "Anonymous", "allowed", "restricted"),
        ("anonymous", "Coin line/payphone", "allowed", "payphone"),
        (None, "公衆電話", None, "payphone"),
        (None, "表示圏外", None, "unavailable"),
        (None, None, "restricted", "restricted"),
    ],
)
def test_words_in_place_of_a_number(number: str | None, name: str | None, said: str | None, expected: str) -> None:
    assert presentation_of(number, name, said) == expected
