"""Bytes are lost, the call data records complete the record: right to the second, or named; never doubled."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.telephony.events import Event, read_events
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.providers.asterisk.translation import Translation, in_order, pairs_of
from tests.telephony.recordings import (
    ABSENT,
    SCENARIOS,
    Row,
    channels_after,
    list_of_channels,
    records_after_all,
    rows_of,
    told_places,
)
from tests.telephony.written import WRITTEN_DOWN, completed, named_in, rows_written, without_records, wrong_in_silence

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=ABSENT)
UNCUT = [scenario for scenario in WRITTEN_DOWN if "cut" not in scenario]
FIELDS = ("direction", "caller", "called", "queue", "answered_by", "agents", "outcome", "wait_s", "talk_s", "hold_s",
    "ended_by", "transfers")  # fmt: skip


def heard(rows: list[Row], cut: int, back: int, *, remembers: bool) -> list[Event]:
    """What a connector tells whose line is cut before row ``cut`` and there again before ``back``, or after all."""
    connector = Translation(Pbx())
    found = connector.begun(at=rows[0]["t"])

    def feed(some: list[Row]) -> list[Event]:
        takes = {"send": connector.asked, "recv": connector.take}
        return [event for row in some if "msg" in row for event in takes[row["dir"]](pairs_of(row), at=row["t"])]

    found += feed(rows[:cut])
    found += connector.lost(at=rows[cut]["t"])
    if not remembers:
        connector = Translation(Pbx())
    again = rows[back]["t"] if back < len(rows) else rows[-1]["t"] + 30
    found += connector.begun(at=again)
    found += feed(list_of_channels(channels_after(rows[:back]), again))
    found += feed(rows[back:])
    return found + feed(list_of_channels([], rows[-1]["t"] + 60))


def cuts_of(rows: list[Row]) -> list[tuple[int, int]]:
    """The end lost from each message on, and middles of every length; nobody sends on a line that is cut."""
    places = told_places(rows)
    eighths = [places[len(places) * part // 8] for part in range(8)]
    found = [(place, places[-1] + 1) for place in places]
    found += [(cut, back) for cut in eighths for back in eighths if cut < back]
    return [(cut, back) for cut, back in found if not any(row["dir"] == "send" for row in rows[cut:back])]


@pytest.mark.parametrize("scenario", UNCUT)
def test_what_was_lost_is_completed_and_nothing_is_wrong_in_silence(scenario: str) -> None:
    rows, written = in_order(rows_of(scenario)), rows_written(scenario)
    whole = {record["call_id"]: record for record in records_after_all(rows)}
    wrong: list[Any] = []
    before, after, known = Counter[str](), Counter[str](), Counter[str]()
    for cut, back in cuts_of(rows):
        for remembers in (True, False):
            told = heard(rows, cut, back, remembers=remembers)
            was, made = without_records(told), completed(told, written)
            for name, record in made.items():
                if name not in whole:  # a part of another call that nobody was heard to join
                    assert record["incomplete"], (cut, back, name)
                    continue
                wrong += [(cut, back, remembers, one) for one in wrong_in_silence(whole[name], record)]
                if name in was and was[name]["incomplete"]:
                    before.update(field for field in FIELDS if field not in named_in(was[name]))
                    after.update(field for field in FIELDS if field not in named_in(record))
                    known["records"] += 1
                    assert not record["end_estimated"], (cut, back, name)
    total = known["records"]
    print(f"{scenario}: {total} incomplete records; fields certain before → after the reconciliation")
    print(*(f"{field} {before[field]}→{after[field]}" for field in FIELDS), sep=", ")
    assert wrong == []
    assert total == 0 or sum(after[field] for field in ("answered_by", "outcome")) >= sum(
        before[field] for field in ("answered_by", "outcome")
    )


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_any_of_the_rows_in_any_order_and_twice_make_the_same(data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(UNCUT))
    rows, written = in_order(rows_of(scenario)), rows_written(scenario)
    cut, back = data.draw(st.sampled_from([(0, 0), *cuts_of(rows)]))
    told = heard(rows, cut, back, remembers=data.draw(st.booleans())) if cut else []
    some = data.draw(st.lists(st.sampled_from(written), unique_by=id))
    loose = some + data.draw(st.lists(st.sampled_from(some), max_size=4)) if some else []
    data.draw(st.randoms(use_true_random=False)).shuffle(loose)
    in_file = sorted(some, key=lambda row: row.place)
    assert completed(told, loose) == completed(told, in_file)


def test_a_complete_record_is_never_changed() -> None:
    for scenario in UNCUT:
        rows = in_order(rows_of(scenario))
        told = heard(rows, len(rows) - 1, len(rows), remembers=True)
        was, made = without_records(told), completed(told, rows_written(scenario))
        for name, record in was.items():
            if not record["incomplete"]:
                assert made[name] | {"revision": 0} == record | {"revision": 0}


def test_a_sender_that_calls_people_otherwise_gets_nobody_twice() -> None:
    call = "1795305652.17"
    said = [
        {"type": "call.started", "at": "2026-11-22T00:00:52Z", "direction": "inbound", "from": "0312345678"},
        {"type": "agent.joined", "at": "2026-11-22T00:00:53Z", "agent": "yamada@example.jp"},
    ]
    told = read_events([{"id": str(place), "call": call, **one} for place, one in enumerate(said)])
    record = completed([replace(event, sender="bridge") for event in told], rows_written("e-blind-transfer"))[call]
    assert (record["agents"], record["answered_by"]) == (["yamada@example.jp"], "yamada@example.jp")
    assert record["from_records"] == ["ended"]
    assert {"agents", "talk_s", "hold", "transfers"} <= set(record["incomplete"])  # somebody else spoke, too
