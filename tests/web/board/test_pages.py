"""The board and the lists behind its figures: who may see them, what stands there, at which cost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Kind, PolicyVersion
from madoguchi.handoffs.actions.offer import offer
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.models import BypassDraft, Interaction
from madoguchi.mail.actions.take_in import take_in
from madoguchi.mail.models import IncomingMail
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.models import Call, Pbx
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.telephony.test_orders import a_line
from tests.web.board.day import answered, arrives, event, gave_up, post

SignIn = Callable[..., Client]
NOW = datetime(2026, 8, 21, 1, 40, tzinfo=UTC)
PAGES = ("/board/", "/board/calls/", "/board/today/received/")


def region(client: Client, name: str) -> str:
    """One region of the board, as it asks for itself, as plain text."""
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{name}"}
    answer = client.get("/board/", headers=headers)
    assert answer.status_code == 200
    html = re.sub(r"<title>.*?</title>", "", answer.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_whoever_asks_the_page_for_what_only_the_live_address_knows_gets_nothing(cast: Cast, sign_in: SignIn) -> None:
    assert region(sign_in(cast.hayashi), "live") == ""


def raised(cast: Cast, subject: str = "件") -> Ticket:
    return open_ticket(subject=subject, body="本文", channel="phone", requester=cast.yamada, by=cast.sato)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["sato", "takahashi", "kimura", "ogawa", "mori", "outsider"])
def test_operators_partners_and_outsiders_have_no_board(cast: Cast, sign_in: SignIn, path: str, who: str) -> None:
    assert sign_in(getattr(cast, who)).get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["hayashi", "watanabe", "admin"])
def test_supervisors_viewers_and_administrators_watch(cast: Cast, sign_in: SignIn, path: str, who: str) -> None:
    assert sign_in(getattr(cast, who)).get(path).status_code == 200


def test_nobody_sees_the_board_without_signing_in(cast: Cast, client: Client) -> None:
    assert client.get("/board/").status_code == 302


@freeze_time(NOW)
def test_the_calls_page_says_which_day_it_shows(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    page = client.get("/board/calls/").content.decode()
    assert 'name="day" value="2026-08-21"' in page
    assert "2026/8/21" in page
    rows = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
    assert "2026/8/20" in client.get("/board/calls/?day=2026-08-20", headers=rows).content.decode()
    assert "2026" not in client.get("/board/calls/?show=unlinked", headers=rows).content.decode()
    asked = client.get("/board/calls/?day=2026-08-21&show=late").content.decode()
    assert 'hx-get="/board/calls/?show=late"' in asked, "today is meant anyway, tomorrow too"


def test_an_empty_desk_says_so_calmly(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.hayashi).get("/board/").content.decode()
    for words in ("待っている人はいません。", "通話中の人はいません。", "受付している人はいません"):
        assert words in page
    assert "data-late" not in page
    assert "本日の通話はまだありません" in sign_in(cast.hayashi).get("/board/calls/").content.decode()
    everything = sign_in(cast.hayashi).get("/board/calls/?show=unlinked").content.decode()
    assert "未処理の応対はありません" in everything


@freeze_time(NOW)
def test_waiting_calls_stand_longest_first_and_turn_red_after_twenty_seconds(cast: Cast, sign_in: SignIn) -> None:
    post(arrives(NOW - timedelta(seconds=19), number=None))
    post(arrives(NOW - timedelta(seconds=20)))
    client = sign_in(cast.hayashi)
    assert region(client, "calls").startswith(
        "待ち呼 2 通話中 0 待ち呼 00:20 090-1111-2222 株式会社みなと商事 山田 花子 desk 00:19 非通知 desk"
    )
    rows = re.findall(r'<li class="board-row"[^>]*>', client.get("/board/").content.decode())
    assert ["data-late>" in row for row in rows] == [True, False]


@freeze_time(NOW)
def test_the_wait_is_counted_from_the_queue_not_from_the_menu(cast: Cast, sign_in: SignIn) -> None:
    call = arrives(NOW - timedelta(seconds=60), queue=None)
    post([*call, event("queue.entered", NOW - timedelta(seconds=7), call[0]["call"], queue="desk")])
    assert "00:07 090-1111-2222" in region(sign_in(cast.hayashi), "calls")


@freeze_time(NOW)
def test_operators_stand_with_state_time_and_call(cast: Cast, sign_in: SignIn) -> None:
    with freeze_time(NOW - timedelta(minutes=2)):
        set_operator_state(cast.suzuki, "available", by=cast.suzuki)
        set_operator_state(cast.takahashi, "paused", "昼休み", by=cast.takahashi)
        answered(NOW - timedelta(minutes=2, seconds=5), 5, talk=None)
    shown = region(sign_in(cast.hayashi), "operators")
    assert shown == (
        "受付可 1 通話中 1 休憩中 1 オペレーター 02:00 佐藤 美咲 090-1111-2222 通話中"
        " 02:00 鈴木 大輔 受付可 02:00 高橋 健 昼休み 休憩中"
    )


@freeze_time(NOW)
def test_what_waits_for_somebody_is_counted_and_late_after_its_time(cast: Cast, sign_in: SignIn) -> None:
    frozen = raised(cast, "凍結した件")
    Ticket.objects.filter(pk=frozen.pk).update(frozen_at=NOW - timedelta(hours=1))
    for minutes in (-5, 30):
        with freeze_time(NOW - timedelta(hours=2)):
            promise_call_back(
                number="0350001234", due_at=NOW + timedelta(minutes=minutes), team=cast.call_centre, by=cast.sato
            )
    with freeze_time(NOW - timedelta(minutes=31)):
        offer(raised(cast, "引き継ぐ件"), to_team=cast.service_desk, reason="調査", by=cast.sato)
    gave_up(NOW - timedelta(minutes=10), 30)
    answered(NOW - timedelta(minutes=40), 5, talk=30)
    linked = answered(NOW - timedelta(minutes=40), 5, talk=30)
    Interaction.objects.filter(call=linked).update(state="linked")
    shown = region(sign_in(cast.hayashi), "todo")
    assert re.findall(
        r"(\d+) (凍結中のチケット|期限超過・1時間以内|折り返しの約束|放棄呼（要折り返し）"
        r"|チケットのない応対|受け取り待ち)",
        shown,
    ) == [
        ("1", "凍結中のチケット"),
        ("0", "期限超過・1時間以内"),
        ("2", "折り返しの約束"),
        ("1", "放棄呼（要折り返し）"),
        ("1", "チケットのない応対"),
        ("1", "受け取り待ち"),
    ]
    html = sign_in(cast.hayashi).get("/board/").content.decode()
    piles = re.findall(r'<section class="board-pile"( data-late)?>', html)
    assert piles == [" data-late", "", " data-late", "", " data-late", " data-late"]


def test_the_board_counts_what_is_late_or_due_within_the_hour(cast: Cast, sign_in: SignIn) -> None:
    with freeze_time(NOW - timedelta(hours=4)):
        always = PolicyVersion.CalendarOf.ALWAYS
        promise(Promise(Kind.RESOLUTION, "解決", 3 * 3600, calendar_of=always, warn_at=()), by=None)
    for minutes, subject in (
        (181, "超過の件"),
        (121, "間もなくの件"),
        (119, "まだ先の件"),
    ):  # before now: due 3 h later
        with freeze_time(NOW - timedelta(minutes=minutes)):
            raised(cast, subject)
    with freeze_time(NOW):
        shown = region(sign_in(cast.hayashi), "todo")
    assert "2 期限超過・1時間以内" in shown
    assert "超過の件" in shown
    assert "間もなくの件" in shown
    assert "まだ先の件" not in shown


@freeze_time(NOW)
def test_the_figures_open_to_their_calls(cast: Cast, sign_in: SignIn) -> None:
    answered(NOW - timedelta(minutes=5), 4)
    answered(NOW - timedelta(minutes=50), 40)
    gave_up(NOW - timedelta(minutes=6), 2)
    gave_up(NOW - timedelta(minutes=7), 30, number="0312345678")
    post(arrives(NOW - timedelta(seconds=3), number=None))
    client = sign_in(cast.hayashi)
    assert "本日の着信 4 応答率 67 % 放棄呼 2 うち短時間 1 本日の時間内応答率 33 %" in region(client, "service")

    def rows(query: str) -> int:
        return client.get(f"/board/calls/?{query}").content.decode().count('<tr id="contact-')

    expected = {
        "": 5,
        "outcome=answered": 2,
        "outcome=abandoned": 2,
        "slot=10:30": 4,
        "show=late": 2,
        "show=short": 1,
        "show=waiting": 1,
        "show=talking": 0,
        "show=unlinked": 2,
        "show=abandoned": 2,
        "day=2026-08-20": 0,
        "day=x&slot=10:31&outcome=y&show=z&after=broken": 5,
    }
    assert {query: rows(query) for query in expected} == expected


def test_pages_of_calls_follow_each_other_without_gap(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("madoguchi.web.board.contacts.PAGE", 2)
    same = timezone.now() - timedelta(seconds=90)
    for _number in range(5):
        gave_up(same, 30)
    client, address, seen = sign_in(cast.hayashi), "/board/calls/?show=abandoned", []
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'<tr id="contact-(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert [int(pk) for pk in seen] == list(Interaction.objects.order_by("-pk").values_list("pk", flat=True))
    assert len(seen) == 5


def one_more_of_everything(cast: Cast) -> None:
    now = timezone.now()
    set_operator_state(cast.suzuki, "available", by=cast.suzuki)
    post(arrives(now))
    answered(now, 1, talk=None)
    gave_up(now - timedelta(minutes=1), 30)
    answered(now - timedelta(minutes=1), 1, talk=2)
    offer(raised(cast), to_team=cast.service_desk, reason="調査", by=cast.sato)
    Ticket.objects.filter(pk=raised(cast).pk).update(frozen_at=now)
    promise_call_back(
        number="0350001234", due_at=now + timedelta(minutes=9), team=cast.call_centre, by=cast.sato, person=cast.yamada
    )
    raw = f"From: {cast.sato.email}\r\nSubject: {BypassDraft.objects.count()}\r\n\r\nx".encode()
    mail = take_in(raw, source="smtp", envelope_from="", envelope_to=["desk@x.example"], by=cast.sato)
    IncomingMail.objects.update(received_at=now - timedelta(days=2))
    BypassDraft.objects.create(mail=mail, staff=cast.sato)


@pytest.mark.parametrize("path", [*PAGES, "/board/calls/?show=unlinked"])
def test_more_rows_cost_no_more_queries(cast: Cast, sign_in: SignIn, path: str) -> None:
    client = sign_in(cast.hayashi)
    spent = []
    for _round in range(2):
        one_more_of_everything(cast)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 33


def test_a_region_asks_only_for_its_own_part(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    one_more_of_everything(cast)
    client = sign_in(cast.hayashi)
    for name, most in {"alarms": 10, "calls": 8, "operators": 6, "todo": 11, "service": 4, "teams": 10}.items():
        with django_assert_max_num_queries(most):
            region(client, name)


def unsettled(cast: Cast) -> Interaction:
    return Interaction.objects.get(call=answered(timezone.now() - timedelta(minutes=5), 3))


def test_a_supervisor_links_a_contact_to_its_ticket(cast: Cast, sign_in: SignIn) -> None:
    contact, ticket = unsettled(cast), raised(cast)
    client = sign_in(cast.hayashi)
    sheet = client.get(f"/board/calls/{contact.pk}/settle/").content.decode()
    assert ticket.number_shown in sheet
    assert "佐藤 美咲" in sheet
    answer = client.post(f"/board/calls/{contact.pk}/settle/", {"verb": "link", "number": ticket.number_shown})
    assert answer.status_code == 302
    contact.refresh_from_db()
    assert contact.state == "linked"
    assert ticket.contact_links.get().interaction == contact
    assert ticket.number_shown in client.get("/board/calls/").content.decode()


def test_a_supervisor_says_why_there_is_no_ticket(cast: Cast, sign_in: SignIn) -> None:
    contact = unsettled(cast)
    client = sign_in(cast.hayashi)
    address = f"/board/calls/{contact.pk}/settle/"
    assert client.post(address, {"verb": "dismiss", "reason": "nonsense"}).status_code == 422
    assert client.post(address, {"verb": "link", "number": "99"}).status_code == 422
    assert client.post(address, {"verb": "dismiss", "reason": "wrong_number"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.state, contact.dismissed_reason) == ("dismissed", "wrong_number")
    assert client.post(address, {"verb": "dismiss", "reason": "silent"}).status_code == 409


@pytest.mark.parametrize("who", ["watanabe", "sato", "ogawa"])
def test_only_supervisors_settle_from_the_board(cast: Cast, sign_in: SignIn, who: str) -> None:
    contact = unsettled(cast)
    client = sign_in(getattr(cast, who))
    assert client.get(f"/board/calls/{contact.pk}/settle/").status_code == 403
    assert client.post(f"/board/calls/{contact.pk}/settle/", {"verb": "dismiss", "reason": "silent"}).status_code == 403
    contact.refresh_from_db()
    assert contact.state == "open"


def test_an_unknown_figure_or_team_is_not_found(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    assert client.get("/board/today/nonsense/").status_code == 404
    assert client.get("/board/today/received/?team=99999").status_code == 404


def test_what_callers_are_called_is_escaped(cast: Cast, sign_in: SignIn) -> None:
    call = arrives(timezone.now(), number="0312349999")
    call[0]["from"]["name"] = "<script>x</script>"
    post(call)
    assert Call.objects.get().caller_name.startswith("<script>")
    for path in PAGES[:2]:
        assert "<script>x" not in sign_in(cast.hayashi).get(path).content.decode()


def parts(client: Client, wanted: str, since: str = "") -> dict[str, str]:
    """What the board is told when these parts have rung: by the place that it fills."""
    answer = client.get("/board/live/", {"parts": wanted, "since": since}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    found = re.findall(
        r'<hx-partial hx-target="#([a-z-]+)"[^>]*>(.*?)</hx-partial>', answer.content.decode(), re.DOTALL
    )
    return dict(found)


def test_only_the_parts_that_rang_are_sent_in_one_answer(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    assert list(parts(client, "service,calls,nonsense,main")) == ["calls", "service"]
    assert parts(client, "") == {}
    assert list(parts(client, "alarms,calls,operators,todo,service,teams")) == [
        "alarms",
        "calls",
        "operators",
        "todo",
        "service",
        "teams",
    ]


@pytest.mark.parametrize("who", ["sato", "takahashi", "kimura", "ogawa", "mori", "outsider"])
def test_who_has_no_board_is_told_no_part_of_it(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(getattr(cast, who)).get("/board/live/?parts=calls").status_code == 403


def test_of_the_operators_only_those_come_whose_state_has_changed(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    with freeze_time(NOW) as clock:
        for staff in (cast.sato, cast.suzuki, cast.takahashi):
            set_operator_state(staff, "available", by=staff)
        clock.tick(timedelta(seconds=60))
        since = re.findall(r'data-as-of="([^"]+)"', parts(client, "operators")["operators"])[0]
        assert since == (NOW + timedelta(seconds=60)).isoformat()
        clock.tick(timedelta(seconds=30))
        set_operator_state(cast.suzuki, "paused", "昼休み", by=cast.suzuki)
        set_operator_state(cast.takahashi, "logged_off", by=cast.takahashi)
        told = parts(client, "operators", since)
        rows = re.findall(
            r'<li class="board-row" id="operator-(\d+)" data-order="\d+"( data-gone)?>', told["operators-new"]
        )
        assert rows == sorted([(str(cast.suzuki.pk), ""), (str(cast.takahashi.pk), " data-gone")])
        assert "受付可" in parts(client, "operators")["operators"]
        assert 'class="board-value">1<' in told["operators-head"]
        clock.tick(timedelta(minutes=6))
        assert list(parts(client, "operators", since)) == ["operators"], "after so long everything is told"


def test_operators_sort_by_their_order_as_the_rows_stand(cast: Cast, sign_in: SignIn) -> None:
    with freeze_time(NOW):
        answered(NOW - timedelta(minutes=2, seconds=5), 5, talk=None)
        set_operator_state(cast.suzuki, "available", by=cast.suzuki)
        set_operator_state(cast.takahashi, "paused", by=cast.takahashi)
        shown = parts(sign_in(cast.hayashi), "operators")["operators"]
    orders = re.findall(r'data-order="(\d+)"', shown)
    assert len(orders) == 3
    assert orders == sorted(orders)


@freeze_time(NOW)
def test_alarms_say_what_to_act_on_and_where(cast: Cast, sign_in: SignIn, settings: LazySettings) -> None:
    client = sign_in(cast.hayashi)
    settings.ASTERISK = tuple(map(a_line, ("a", "b", "c")))
    assert "board-alarm" not in parts(client, "alarms")["alarms"]
    post(arrives(NOW - timedelta(seconds=60)))
    post(arrives(NOW - timedelta(seconds=59)))
    promise_call_back(
        number="0350001234", due_at=NOW + timedelta(minutes=1), team=cast.call_centre, by=cast.sato
    ).__class__.objects.update(due_at=NOW - timedelta(minutes=1))
    answered(NOW - timedelta(minutes=40), 5, talk=30)
    answered(NOW - timedelta(minutes=10), 5, talk=30)  # young enough
    heard = {"heard_at": NOW - timedelta(hours=1)}
    Pbx.objects.create(key="asterisk:a", name="本社PBX", down_since=NOW - timedelta(seconds=30), **heard)
    Pbx.objects.create(key="asterisk:b", name="支社PBX", down_since=NOW - timedelta(seconds=5), **heard)
    Pbx.objects.create(key="asterisk:c", name="別館PBX", down_since=None, **heard)
    Pbx.objects.create(key="asterisk:gone", name="閉鎖PBX", down_since=NOW - timedelta(days=9), **heard)
    shown = parts(client, "alarms")["alarms"]
    assert re.findall(r'id="alarm-(\w+)"', shown) == ["pbx", "waiting", "call_backs", "unlinked"]
    assert "電話システムとの接続がありません：本社PBX" in shown
    assert "支社PBX" not in shown
    assert "閉鎖PBX" not in shown, "it is configured no more"
    assert "60秒を超えて待っている発信者が1名います" in shown
    for href in ("/board/calls/?show=waiting", "/board/calls/?show=unlinked"):
        assert f'href="{href}"' in shown


def test_a_busy_board_shows_the_longest_calls_and_leads_to_the_rest(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in range(25):
        post(arrives(timezone.now() - timedelta(seconds=seconds), number=None))
    shown = parts(sign_in(cast.hayashi), "calls")["calls"]
    assert shown.count('id="waiting-') == 20
    assert "ほか5件" in shown
    assert ">25<" in shown
