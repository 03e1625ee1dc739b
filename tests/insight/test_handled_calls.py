"""Calls handled and their talk: what the database adds up is what a walk through the records of the calls gives."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.insight.reports.frame import Figure
from madoguchi.insight.reports.operators import Handled, figures_of
from madoguchi.insight.reports.registry import table
from madoguchi.telephony.answering import day_of, slot_start
from madoguchi.telephony.models import Call, CallAgent
from madoguchi.telephony.projection import talks_of
from tests.cast import Cast
from tests.telephony.lines import NINE, event, post, queue_call

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 8, 20), date(2026, 8, 21)
MIDNIGHT = datetime(2026, 8, 19, 15, 0, tzinfo=UTC)  # of the first day, by the desk's zone
PHONES = {"1001": "sato", "8001": "sato", "1002": "suzuki", "2001": "takahashi", "unknown": ""}
SECONDS = st.none() | st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000)
PARTS = st.dictionaries(
    st.sampled_from(list(PHONES)), st.tuples(st.sampled_from(["talking", "left", "gone", "offered"]), SECONDS)
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["inbound", "inbound", "outbound", "internal", ""]),
        st.none() | st.floats(-25 * 3600, 49 * 3600),  # the answer, after the first midnight
        st.booleans(),
        PARTS,
    ),
    max_size=12,
)


def walked(calls: list[Call], key_of: Callable[[int, datetime], object]) -> dict[object, Handled]:
    """The naive way: each call, who of ours spoke in it, by whichever telephones, for how long."""
    found: defaultdict[object, Handled] = defaultdict(Handled)
    for call in calls:
        answered_at = call.answered_at
        if answered_at is None or not FIRST <= day_of(answered_at) <= LAST:
            continue
        if call.direction not in ("inbound", "outbound") or call.merged_into_id is not None:
            continue
        spans: defaultdict[int, list[float | None]] = defaultdict(list)
        for seat in call.agents.filter(staff__isnull=False, state__in=("talking", "left")):
            spans[seat.staff_id or 0].append(talks_of(call.record)[seat.agent])
        for staff_id, talks in spans.items():
            known = None not in talks
            talk_s = sum(span or 0.0 for span in talks) if known else 0.0
            found[key_of(staff_id, answered_at)].add(Handled(1, int(known), talk_s))
    return found


@given(calls=CALLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_adds_up_what_a_walk_through_the_calls_gives(cast: Cast, calls: list[tuple]) -> None:
    people = {phone: getattr(cast, name) if name else None for phone, name in PHONES.items()}
    with transaction.atomic():
        for number, (direction, after, merged, parts) in enumerate(calls):
            answered_at = None if after is None else MIDNIGHT + timedelta(seconds=after)
            call = Call.objects.create(
                sender="pbx",
                call_id=str(number),
                direction=direction,
                started_at=(answered_at or MIDNIGHT) - timedelta(seconds=20),
                answered_at=answered_at,
                merged_into=Call.objects.first() if merged else None,
                record={"segments": [{"agent": phone, "talk_s": talk_s} for phone, (_, talk_s) in parts.items()]},
            )
            for phone, (state, talk_s) in parts.items():
                CallAgent.objects.create(call=call, agent=phone, staff=people[phone], state=state, talk_s=talk_s)
        for by, key_of in (
            ("staff", lambda staff_id, _moment: str(staff_id)),
            ("day", lambda _staff_id, moment: day_of(moment).isoformat()),
            ("half_hour", lambda _staff_id, moment: f"{slot_start(moment):%H:%M}"),
        ):
            found = table("operators", first=FIRST, last=LAST, by=by, access=None)
            expected = walked(list(Call.objects.all()), key_of)
            assert {row.key: row.figures for row in found.rows} == {
                key: figures(handled) for key, handled in expected.items()
            }
            total = Handled()
            for handled in expected.values():
                total.add(handled)
            assert found.total.figures == figures(total)
        transaction.set_rollback(True)


def figures(handled: Handled) -> dict[str, Figure]:
    """As the report's, to the tenth of a second: the order of adding may move the last bits."""
    return {name: pytest.approx(figure, abs=0.11) for name, figure in figures_of({}, handled).items()}  # type: ignore[misc]


@pytest.mark.parametrize("by", ["staff", "team", "day", "half_hour"])
def test_one_call_and_many_take_as_many_questions(
    cast: Cast, by: str, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    with freeze_time(NINE + timedelta(hours=2)):
        for number in range(6):
            post(queue_call(f"c-{number}", at=NINE + timedelta(minutes=20 * number), agent=f"100{number % 2 + 1}"))
        with django_assert_max_num_queries(5):
            found = table("operators", first=LAST, last=LAST, by=by, access=None)
    assert found.total.figures["handled"] == 6


def test_a_late_event_that_corrects_the_talk_corrects_the_report(cast: Cast) -> None:
    events = queue_call()
    with freeze_time(NINE + timedelta(hours=1)):
        post(events)
        assert CallAgent.objects.get().talk_s == 26.0
        post([event("agent.left", 20.0, agent="1001", leg="l-1")])
    call = Call.objects.get()
    assert CallAgent.objects.get().talk_s == talks_of(call.record)["1001"]
    assert CallAgent.objects.get().talk_s != 26.0


def test_calls_of_before_the_update_keep_their_talk(cast: Cast) -> None:
    with freeze_time(NINE + timedelta(hours=1)):
        post(queue_call("c-1"))
        post(queue_call("c-2", agent="1002")[:6])  # still runs
        post([event("call.started", 0, call="c-3", direction="inbound")])
    seats = CallAgent.objects.order_by("id")
    before = list(seats.values_list("agent", "talk_s"))
    assert before == [("1001", 26.0), ("1002", None)]
    CallAgent.objects.update(talk_s=None)
    migration = import_module("madoguchi.telephony.migrations.0010_how_long_each_spoke")
    migration.as_the_records_say(apps, connection.schema_editor())
    assert list(seats.values_list("agent", "talk_s")) == before
