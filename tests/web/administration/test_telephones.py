"""The page of the telephone systems: lines, clocks, and comparing a file at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madoguchi.gateways.ami import SILENT
from madoguchi.interactions.models import Interaction
from madoguchi.telephony.models import Call, Pbx, Reconciliation, Sender
from madoguchi.telephony.reconcile.sources import CdrSource
from tests.cast import Cast
from tests.telephony.test_orders import a_line

pytestmark = pytest.mark.django_db
type SignIn = Callable[..., Client]
A = "/administration/telephones/"
LINE = (
    '"","0312345678","0350000001","from-trunk","""<script>alert(1)</script>"" <0312345678>","PJSIP/trunk-00000001",'
    '"PJSIP/1001-00000002","Queue","desk,t","2026-08-21 12:00:00","2026-08-21 12:00:00","2026-08-21 12:00:30",30,30,'
    '"ANSWERED","DOCUMENTATION","<script>.1",""\n'
)


def test_lines_clocks_and_comparisons_are_shown(
    cast: Cast, sign_in: SignIn, settings: Any, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.admin)
    empty = client.get(A).text
    assert all(word in empty for word in ("接続中の電話システムはありません", "まだ照合していません", "CDR_URL"))
    settings.CDR = (CdrSource("file", "/var/Master.csv", "/var/Master.csv"),)
    now = datetime(2026, 8, 21, 3, tzinfo=UTC)
    settings.ASTERISK = tuple(a_line(f"p{place}") for place in range(3))
    Pbx.objects.create(key="asterisk:gone", name="閉鎖拠点", down_since=now)
    for place in range(3):
        Pbx.objects.create(
            key=f"asterisk:p{place}", name=f"拠点{place}", error="No route to host", error_at=now, heard_at=now
        )
        Reconciliation.objects.create(source="/var/Master.csv", ended_at=now, rows=3, matched=place)
    Sender.objects.create(key="bridge", skew_s=-7.25)
    Sender.objects.create(key="punctual", skew_s=0.5)
    with django_assert_num_queries(7):
        shown = client.get(A).text
    assert all(word in shown for word in ("拠点2", "No route to host", "7.2 秒進んでいます", "33.3%", "手動のみ"))
    assert "そのホストへの経路がありません。" in shown
    assert "punctual" not in shown
    assert "閉鎖拠点" not in shown, "it is configured no more"
    Pbx.objects.update(error=SILENT)
    silent = client.get(A).text
    assert "通信が途絶えました。" in silent
    assert SILENT not in silent


def test_a_file_is_compared_and_its_differences_named(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    content = (LINE + "broken\n").encode()
    sent = {"file": SimpleUploadedFile("Master.csv", content), "time_zone": "Asia/Tokyo"}
    shown = client.post(f"{A}compare/", sent, follow=True).text
    assert all(
        word in shown for word in ("Master.csv", "50%", "通話記録がなかったため、復元しました。", cast.admin.name)
    )
    assert "列を判別できません" in shown
    assert "<script>." not in shown
    call = Call.objects.get()
    assert (call.record["recovered"], call.started_at) == (True, datetime(2026, 8, 21, 3, tzinfo=UTC))
    contact = Interaction.objects.get(call=call)
    assert (contact.address, contact.staff) == ("+81312345678", cast.sato)
    assert "通話明細から復元" in sign_in(cast.sato).get(f"/workbench/?contact={contact.pk}").text
    run = Reconciliation.objects.get()
    assert (run.asked_by, run.source) == (cast.admin, "Master.csv")
    assert "2 行のうち 50 %" in shown
    assert f'href="/calls/{call.pk}/"' in shown
    assert "窓口の段階" not in shown, "a line of a file is none of the desk's lines"
    Call.objects.create(sender="bridge", call_id=call.call_id, started_at=call.started_at)
    Sender.objects.create(key="bridge")
    assert "/calls/" not in client.get(f"{A}comparisons/{run.pk}/").text, "two telephone systems use this id"


def test_why_a_source_could_not_be_read_is_said_in_the_readers_language(cast: Cast, sign_in: SignIn) -> None:
    said = "/var/Master.csv: No such file or directory"
    now = datetime(2026, 8, 21, 3, tzinfo=UTC)
    run = Reconciliation.objects.create(source="/var/Master.csv", error=said, since=now, until=now)
    shown = sign_in(cast.admin).get(f"{A}comparisons/{run.pk}/").text
    assert "ファイルがありません。" in shown
    assert said in shown
    assert all(word in shown for word in ("対象期間の開始", "対象期間の終了"))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "CSV"),
        ({"file": SimpleUploadedFile("a.csv", b"x" * (1024 * 1024 + 1))}, "大きすぎます"),
        ({"file": SimpleUploadedFile("a.csv", b"x"), "time_zone": "Mars/North"}, "タイムゾーン"),
    ],
)
def test_what_cannot_be_compared_is_refused(cast: Cast, sign_in: SignIn, sent: dict[str, Any], says: str) -> None:
    answer = sign_in(cast.admin).post(f"{A}compare/", sent)
    assert answer.status_code == 422
    assert says in answer.text
    assert not Reconciliation.objects.exists()
