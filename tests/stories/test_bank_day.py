"""A day of real calls (2,375 of a bank, 1 August 1999) told by the telephone system's door to a running desk."""

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from madoguchi.bench import bank_day, bank_figures
from madoguchi.telephony.events import MOST_EVENTS
from madoguchi.telephony.models import Call, CallEvent
from tests.desk import Desk

pytestmark = pytest.mark.skipif(not bank_figures.FILE.exists(), reason="the bank's log (../shared) is not here")


TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(scope="module")
def day() -> bank_day.Day:
    return bank_day.day(bank_day.read(bank_figures.FILE), on=YESTERDAY, zone=timezone.get_default_timezone())


def test_no_row_of_the_log_is_left_out_and_every_odd_one_is_named(day: bank_day.Day) -> None:
    assert len(bank_figures.lines()) == len(day.rows) == 2375
    assert {event["call"] for event in day.events} == {bank_figures.key(line) for line in bank_figures.lines()}
    assert Counter(row.outcome for row in day.rows) == {"AGENT": 1511, "HANG": 846, "PHANTOM": 18}
    assert Counter(why.partition(":")[0] for _call, why in day.odd) == {
        "phantom": 18,
        "answered by nobody that is named": 6,
        "gave up, yet was served": 5,
        "left the menu before entering it": 3,
        "answered at no time": 1,
        "ended the moment it was answered": 1,
        "answered before it waited": 2,
    }


def test_the_day_ends_with_every_call_once_and_the_figures_of_the_file(served: Desk, day: bank_day.Day) -> None:
    token = served.token(served.cast.hayashi, "calls:write", "calls:read", "reports:read")
    program = httpx.Client(base_url=f"{served.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=120)
    screen = httpx.Client(base_url=served.url, cookies=served.session(served.cast.hayashi), timeout=120)
    board = set()
    for begin in range(0, len(day.events), MOST_EVENTS):
        batch = day.events[begin : begin + MOST_EVENTS]
        assert post(program, batch) == 202
        shown = screen.get("/board/", headers={"HX-Request": "true", "HX-Target": "section#calls"})
        assert shown.status_code == 200
        board.add(shown.text)
    assert len(board) > len(day.events) / MOST_EVENTS / 2  # it moved all day long

    assert post(program, day.events[:MOST_EVENTS]) == 202  # told again: nothing happens
    assert served.run(Call.objects.count) == 2375
    assert served.run(CallEvent.objects.count) == len(day.events)
    assert served.run(Call.objects.filter(is_live=True).count) == 0
    assert listed(program) == Counter(bank_figures.key(line) for line in bank_figures.lines())

    report = program.get("/reports/calls", params={"from": f"{YESTERDAY}", "to": f"{YESTERDAY}", "by": "half_hour"})
    assert bank_figures.differences(report.json(), bank_figures.lines()) == []
    assert report.json()["total"]["figures"]["offered"] == 1511 + 846 - 118


def post(program: httpx.Client, events: list[dict[str, Any]]) -> int:
    return program.post("/calls/events", json=events).status_code


def listed(program: httpx.Client) -> Counter[str]:
    """How often each call stands in the list of the day, read page by page."""
    asked = {"from": f"{YESTERDAY}T00:00:00+09:00", "to": f"{TODAY}T00:00:00+09:00", "limit": "200"}
    found: Counter[str] = Counter()
    cursor = ""
    while True:
        page = program.get("/calls", params=asked | ({"cursor": cursor} if cursor else {})).json()
        found.update(call["call_id"] for call in page["items"])
        if not (cursor := page["next"] or ""):
            return found
