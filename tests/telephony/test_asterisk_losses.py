"""Part of a stream is lost, doubled or out of order: the record is right, or it names what is missing."""

import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from madoguchi.telephony.events import Event
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.providers.asterisk.translation import Translation, events_of_recording, in_order, pairs_of
from madoguchi.telephony.replay import records_of
from tests.telephony.recordings import (
    ABSENT,
    SCENARIOS,
    Row,
    channels_after,
    list_of_channels,
    records_after_all,
    rows_of,
    silent_differences,
    told_places,
    without_stamps,
)

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=ABSENT)


def live_records(rows: list[Row]) -> list[dict[str, Any]]:
    """As a connector takes them, one after the other as they arrive."""
    translation, found, connection = Translation(Pbx()), [], 0
    for row in rows:
        if "closed" in row.get("note", ""):
            found += translation.lost(at=row["t"])
        if "msg" in row:
            if connection != (connection := row["conn"]):
                found += translation.begun(at=row["t"])
            found += (translation.asked if row["dir"] == "send" else translation.take)(pairs_of(row), at=row["t"])
    return records_of(found)


def over_a_gap(rows: list[Row], cut: int, back: int, *, remembers: bool) -> list[dict[str, Any]]:
    """The connection is lost before row ``cut`` and there again before ``back``; what was sent meanwhile is lost."""
    pbx, connector = Pbx(), Translation(Pbx())
    found = connector.begun(at=rows[0]["t"])

    def feed(some: list[Row]) -> list[Event]:
        told = [row for row in some if "msg" in row]
        takes = {"send": connector.asked, "recv": connector.take}
        return [event for row in told for event in takes[row["dir"]](pairs_of(row), at=row["t"])]

    found += feed(rows[:cut])
    found += connector.lost(at=rows[cut]["t"])
    if not remembers:
        connector = Translation(pbx)
    found += connector.begun(at=rows[back]["t"])
    found += feed(list_of_channels(channels_after(rows[:back]), rows[back]["t"]))
    found += feed(rows[back:])
    found += feed(list_of_channels([], rows[-1]["t"] + 60))
    return records_of(found)


def told_calls(messages: list[dict[str, str]]) -> set[str]:
    """A call is told when its first channel is named again: until then it is forgotten with all else."""
    again = [message for message in messages if message.get("Event") != "Newchannel"]
    return {value for message in again for key, value in message.items() if key.endswith("Uniqueid")}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_single_lost_message_makes_a_record_wrong_in_silence(scenario: str) -> None:
    rows = rows_of(scenario)
    whole = records_after_all(rows)
    silent = {}
    for place in told_places(rows):
        if found := silent_differences(whole, records_after_all(rows[:place] + rows[place + 1 :])):
            silent[place, dict(rows[place]["msg"])["Event"]] = found
    assert silent == {}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_of_many_lost_messages_one_shows_and_then_nothing_is_taken_for_certain(scenario: str) -> None:
    # Fixed streams: where all that told of a fact is lost and nothing else (a whole hold, say), no record can show it.
    rows = rows_of(scenario)
    whole, places, silent = records_after_all(rows), told_places(rows), {}
    for rate in (0.05, 0.1, 0.2):
        for seed in range(10):
            dice = random.Random(f"{scenario}{rate}{seed}")
            lost = {place for place in places if dice.random() < rate}
            got = records_after_all([row for place, row in enumerate(rows) if place not in lost])
            if found := silent_differences(whole, got):
                silent[rate, seed] = found
    assert silent == {}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_message_without_a_stamp_counts_twice_when_it_comes_twice(scenario: str) -> None:
    rows = [without_stamps(row) for row in rows_of(scenario)]
    whole = records_after_all(rows)
    doubled = {}
    for place in told_places(rows):
        if found := silent_differences(whole, records_after_all([*rows[: place + 1], *rows[place:]])):
            doubled[place, dict(rows[place]["msg"])["Event"]] = found
    assert doubled == {}


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_stamped_messages_may_come_twice_and_in_any_order(data: st.DataObject) -> None:
    rows = rows_of(data.draw(st.sampled_from(SCENARIOS)))
    stamped = [row for row in rows if "msg" in row and "Timestamp" in dict(row["msg"])]
    loose = stamped + data.draw(st.lists(st.sampled_from(stamped), max_size=5))
    data.draw(st.randoms(use_true_random=False)).shuffle(loose)
    # What has no stamp keeps its place among its like.
    shuffled = [row for row in rows if "msg" not in row or "Timestamp" not in dict(row["msg"])] + loose
    assert records_of(events_of_recording(shuffled)) == records_of(events_of_recording(rows))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_messages_that_arrive_doubled_and_out_of_order_make_nothing_wrong_in_silence(data: st.DataObject) -> None:
    rows = list(rows_of(data.draw(st.sampled_from(SCENARIOS))))
    whole = live_records(rows)
    for place in data.draw(st.lists(st.sampled_from(told_places(rows)), min_size=1, max_size=3, unique=True)):
        if data.draw(st.booleans()):
            rows.insert(place + data.draw(st.integers(1, 4)), rows[place])
        elif place + 1 < len(rows) and "msg" in rows[place + 1] and rows[place + 1]["dir"] == "recv":
            # The first comes late: nothing arrives before it was said.
            rows[place : place + 2] = [rows[place + 1], {**rows[place], "t": rows[place + 1]["t"]}]
    assert silent_differences(whole, live_records(rows)) == []


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_lost_while_the_connection_is_cut_is_named(data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from([name for name in SCENARIOS if "cut" not in name]))
    rows = in_order(rows_of(scenario))
    places = told_places(rows)
    first, last = sorted(data.draw(st.lists(st.sampled_from(places), min_size=2, max_size=2)))
    assume(not any(row["dir"] == "send" for row in rows[first:last]))  # nobody sends on a line that is cut
    remembers = data.draw(st.booleans())
    got = over_a_gap(rows, first, last, remembers=remembers)
    before, after = ([dict(row["msg"]) for row in part if "msg" in row] for part in (rows[:first], rows[last:]))
    known = {message.get("Linkedid") for message in (before if remembers else [])} | told_calls(before)
    known |= {message.get("Linkedid") for message in after}
    whole = [record for record in records_after_all(rows) if record["call_id"] in known]
    assert silent_differences(whole, got) == []


def test_a_withheld_number_stays_withheld_over_a_cut_just_as_the_call_begins() -> None:
    rows = in_order(rows_of("i4-anonymous-with-channelvars"))
    begun = next(place for place in told_places(rows) if dict(rows[place]["msg"])["Event"] == "Newchannel") + 1
    record = over_a_gap(rows, begun, begun, remembers=True)[0]
    assert (record["caller"]["number"], record["caller"]["presentation"]) == (None, "restricted")


def test_how_long_somebody_was_consulted_is_unknown_when_it_began_while_the_connection_was_cut() -> None:
    rows = in_order(rows_of("f-attended-transfer"))
    names = [(dict(row.get("msg", [])).get("Event"), dict(row.get("msg", [])).get("Exten")) for row in rows]
    cut, back = names.index(("DialState", "1003")), names.index(("Hold", "1003"))
    record = over_a_gap(rows, cut, back, remembers=True)[0]
    assert "transfers" in record["incomplete"]
    assert [transfer.get("consult_s") for transfer in record["transfers"]] == [None]
