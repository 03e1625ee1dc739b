"""A recorded Asterisk, played over TCP to the running connector, gives the records that a person would write."""

import random

import pytest
from django.conf import LazySettings

from madoguchi.telephony.models import Order, Pbx
from tests.cast import Cast
from tests.gateways.fake_ami import FakeAmi
from tests.gateways.playing import Played, line_to, records, wait_for, wrong
from tests.gateways.recorded import recording
from tests.gateways.running import run_through
from tests.telephony.recordings import ABSENT, SCENARIOS, records_after_all, rows_of, silent_differences

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.skipif(not SCENARIOS, reason=ABSENT)]

# All ask the same of the database, whatever was recorded: on PostgreSQL every fourth is enough.
EACH = [pytest.param(name, marks=[pytest.mark.once] if place % 4 else []) for place, name in enumerate(SCENARIOS)]


@pytest.fixture(autouse=True)
def _configured(settings: LazySettings) -> None:
    settings.ASTERISK = tuple(line_to(1, name) for name in ("stamped", "unstamped", "cut", "lossy"))


@pytest.mark.parametrize("scenario", EACH)
def test_a_recording_over_the_wire_gives_its_record(scenario: str, cast: Cast) -> None:
    async def play(name: str, *, stamped: bool) -> None:
        async with FakeAmi(recording(scenario), stamped=stamped) as fake:
            played = Played(fake, cast, name)
            await fake.play(before=played.order, after=played.read_all)
            await played.end()

    run_through(play("stamped", stamped=True))
    assert wrong(scenario, "asterisk:stamped", 0.5) == []
    pbx = Pbx.objects.get()
    assert (pbx.state, pbx.held_by) == ("down", "")  # given up in order
    Order.objects.all().delete()  # their names are the recorder's, once
    run_through(play("unstamped", stamped=False))
    assert wrong(scenario, "asterisk:unstamped", 1.0) == []


@pytest.mark.parametrize("scenario", EACH)
def test_cut_killed_and_restarted_amid_it_the_records_are_the_same(scenario: str, cast: Cast) -> None:
    """The PBX holds its bytes back meanwhile, so nothing is lost."""
    steps = len(recording(scenario).steps)
    places = sorted(random.Random(scenario).sample(range(1, steps), 3))

    async def play() -> None:
        async with FakeAmi(recording(scenario)) as fake:
            played = Played(fake, cast, "cut")
            for number, place in enumerate(places):
                await fake.play(place, before=played.order, after=played.read_all)
                await played.kept_all()
                if number == 0:
                    fake.cut()
                elif number == 1:
                    await played.kill()
                    fake.wait(20)  # it takes its time; what the PBX held back is older then
                    played.start()
                else:
                    await played.end()
                    played.start()
            await fake.play(before=played.order, after=played.read_all)
            await played.end()

    run_through(play())
    assert wrong(scenario, "asterisk:cut", 0.5) == [], places


@pytest.mark.parametrize("scenario", EACH)
def test_what_a_cut_took_away_is_named(scenario: str, cast: Cast) -> None:
    """A PBX repeats nothing: records are right, or say what is missing; what ended meanwhile is ended."""
    chance = random.Random(scenario)
    steps = recording(scenario).steps
    first = chance.randrange(1, len(steps))
    last = min(len(steps), first + chance.randrange(1, 25))
    # No order is given while the line is down.
    last = next((place for place in range(first, last) if steps[place].kind == "order"), last)

    async def play() -> None:
        async with FakeAmi(recording(scenario)) as fake:
            played = Played(fake, cast, "lossy")
            await fake.play(first, before=played.order, after=played.read_all)
            await played.kept_all()
            fake.is_open = False
            fake.cut()
            await wait_for(lambda: played.connector.back_off.failures)
            fake.lose(last)
            fake.is_open = True
            await fake.play(before=played.order, after=played.read_all)
            await played.kept_all()
            # A minute later it looks again at what runs.
            fake.wait(60)
            fake.cut()
            await fake.ready()
            await played.end()

    run_through(play())
    whole = records_after_all(rows_of(scenario))
    found = [{**record, "wrapup_s": None} for record in records("asterisk:lossy").values()]  # that is our own clock's
    assert silent_differences(whole, found) == [], (first, last)
