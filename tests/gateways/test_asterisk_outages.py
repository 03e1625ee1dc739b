"""The connector when the telephone system starts anew, or the database is away while the line is cut."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection

from madoguchi.gateways import asterisk
from madoguchi.problems.models import Problem
from madoguchi.telephony.models import CallEvent, PbxDevice
from tests.cast import Cast
from tests.gateways.fake_ami import FakeAmi
from tests.gateways.playing import Played, in_database, line_to, wrong
from tests.gateways.test_asterisk import asked, play, stands
from tests.telephony.recordings import ABSENT, SCENARIOS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.skipif(not SCENARIOS, reason=ABSENT)]


@pytest.fixture(autouse=True)
def _configured(settings: LazySettings) -> None:
    settings.ASTERISK = (line_to(1),)


def test_what_was_read_before_a_cut_is_kept_however_long_the_database_is_away(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "telephony_callevent" in sql:
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    async def story(fake: FakeAmi, played: Played) -> None:
        await stands("connected")
        await played.kept_all()
        await played.connector._in_thread(lambda: connection.execute_wrappers.append(away))
        monkeypatch.setattr(asterisk, "FINISH_WITHIN", 0.01)
        await fake.play(len(fake.recording.steps) // 2, after=played.read_all)
        fake.cut()
        await fake.until(lambda: fake.logins == 2)
        monkeypatch.undo()
        await fake.play(after=played.read_all)
        await played.connector._in_thread(lambda: connection.execute_wrappers.remove(away))
        await played.kept_all()

    play("n-direct-inbound", story, cast)
    assert wrong("n-direct-inbound", "asterisk:tokyo", 0.5) == []
    assert CallEvent.objects.filter(type="source.gap").count() == 1
    assert not Problem.objects.exists()


def test_a_pbx_that_was_still_starting_is_asked_again(cast: Cast) -> None:
    async def story(fake: FakeAmi, played: Played) -> None:
        fake.is_booted = False
        await fake.ready()
        await played.kept_all()
        assert not await in_database(PbxDevice.objects.exists)
        fake.boot()
        await asked(fake, "QueueStatus", 2)
        await played.kept_all()

    play("k-pause-unpause", story, cast)
    assert PbxDevice.objects.filter(extension="1001").exists()
