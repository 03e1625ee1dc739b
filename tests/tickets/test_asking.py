"""What is typed into the ticket search: filters in words in any writing, phrases, numbers; what is unclear is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.people.access import access_of
from madoguchi.search.index import drain, lags_since
from madoguchi.search.models import Pending
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.asking import understand
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.queries import TicketFilter, page
from tests.cast import Cast


def raised(cast: Cast, subject: str, **fields: object) -> Ticket:
    ticket = open_ticket(subject=subject, body="本文", channel="phone", by=cast.sato, requester=cast.yamada)
    if fields:
        Ticket.objects.filter(pk=ticket.pk).update(**fields)
    return ticket


def found(cast: Cast, typed: str, staff: str = "sato", **options: object) -> list[int]:
    access = access_of(getattr(cast, staff))
    wanted, asked = understand(typed, TicketFilter(), access)
    return [] if asked.impossible else [row.id for row in page(wanted, access=access, **options).rows]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "typed",
    [
        "status:open",
        "ＳＴＡＴＵＳ：ＯＰＥＮ",
        "状態:未解決",
        "担当:高橋",
        "担当:髙橋",
        "担当者：たかはし",
        "assignee:タカハシ",
        "team:service-desk",
        "チーム:サービスデスク",
        "分類:メール",
        "カテゴリ：「ﾒｰﾙ」",
        "category:mail",
        "優先度:緊急",
        "priority:urgent",
        "経路:電話",
        "期限:超過",
        "送信 status:open 「送信できない」 担当:高橋",
    ],
)
def test_filters_in_words_in_any_writing(cast: Cast, typed: str) -> None:
    wanted = raised(
        cast,
        "メールが送信できない",
        assignee=cast.takahashi,
        holder_team=cast.service_desk,
        category=cast.mail_trouble,
        priority="urgent",
        next_due_at=timezone.now() - timedelta(hours=1),
    )
    raised(cast, "印刷できない", status="closed", channel="mail")
    drain()
    assert found(cast, typed) == [wanted.pk]


def test_what_is_not_understood_is_told(cast: Cast) -> None:
    access = access_of(cast.sato)
    _wanted, asked = understand("件名:メール 12:30 https://example.jp/a C:\\temp", TicketFilter(), access)
    assert len(asked.unclear) == 1
    assert "件名" in asked.unclear[0]
    assert asked.words == "件名:メール 12:30 https://example.jp/a C:\\temp"
    assert not asked.impossible
    for typed in ("team:無い", "分類:無い", "担当:だれか", "status:x", "priority:9", "channel:fax", "due:x"):
        _wanted, asked = understand(typed, TicketFilter(), access)
        assert asked.impossible
        assert len(asked.unclear) == 1
    # What partners may not name is, for them, not there.
    for typed in ("team:service-desk", "担当:高橋"):
        assert understand(typed, TicketFilter(), access_of(cast.ogawa))[1].impossible


def test_a_phrase_stands_as_it_was_written(cast: Cast) -> None:
    exact = raised(cast, "送信 メールが ﾃﾞｷﾅｲ と出る")
    other = raised(cast, "できないメールが送信と出る")
    drain()
    assert found(cast, "「メールが　デキナイ」") == [exact.pk]
    assert found(cast, '"できないメール"') == [other.pk]
    assert set(found(cast, "メールが 出る")) == {exact.pk, other.pk}


def test_phrases_go_on_behind_the_last_one_looked_at(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("madoguchi.tickets.queries._MOST_READ", 2)
    monkeypatch.setattr("madoguchi.tickets.queries._READ_AT_ONCE", 2)
    first = raised(cast, "送信できない")
    for _turn in range(4):
        raised(cast, "できない送信")
    drain()
    access = access_of(cast.sato)
    wanted, _asked = understand("「送信できない」", TicketFilter(), access)
    cursor, seen = "", []
    for _page in range(5):
        part = page(wanted, access=access, cursor=cursor)
        seen += [row.id for row in part.rows]
        if part.next is None:
            break
        cursor = part.next
    assert seen == [first.pk]


def test_a_number_or_an_address_finds_its_persons_tickets(cast: Cast) -> None:
    theirs = raised(cast, "画面が映らない")
    drain()
    number = cast.yamada.phones.first()
    address = cast.yamada.emails.first()
    assert number is not None
    for typed in (number.number, "０９０－１１１１－２２２２", *([address.address.upper()] if address else [])):
        assert found(cast, typed) == [theirs.pk], typed
        assert found(cast, typed, "ogawa") == []
    assert found(cast, "090-9999-0000") == []
    assert found(cast, theirs.number) == [theirs.pk]


def test_an_index_that_lags_says_so(cast: Cast) -> None:
    raised(cast, "画面が映らない")
    assert lags_since("ticket") is None
    Pending.objects.update(queued_at=timezone.now() - timedelta(minutes=3))
    raised(cast, "画面が映らない")
    since = lags_since("ticket")
    assert since is not None
    assert since < timezone.now() - timedelta(minutes=2)
    drain()
    assert lags_since("ticket") is None
