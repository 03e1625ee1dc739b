"""Tickets that say the same: any writing, the rarest words first, open ones first, and only what one may see."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.knowledge.models import Article
from madoguchi.knowledge.suggest import Suggestion
from madoguchi.people.access import access_of
from madoguchi.search import postgres, similar
from madoguchi.search.index import drain, engine, newest_ref
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.alike import alike_tickets, likely_category
from madoguchi.tickets.models import Status, Ticket
from tests.cast import Cast

MAIL = "メールが送信できない"


def said(cast: Cast, *subjects: str) -> list[Ticket]:
    tickets = [open_ticket(subject=one, body="困っている", channel="phone", by=cast.sato) for one in subjects]
    drain()
    return tickets


def test_what_says_the_same_is_found_with_the_words(cast: Cast) -> None:
    mail, code, printer = said(cast, MAIL, "送信時に 0x800CCC0E と出る", "プリンターの紙が詰まる")
    found = alike_tickets("ﾒｰﾙの送信で８００ｃｃｃ０ｅが出ます", access=access_of(cast.sato)).tickets
    assert [one.ticket for one in found] == [code, mail]
    assert found[0].words[0] in {"800ccc0e", "0x800ccc0e"}
    assert set(found[1].words) == {"メール", "送信"}
    assert printer not in [one.ticket for one in found]
    assert not alike_tickets("", access=access_of(cast.sato)).tickets
    assert [one.ticket for one in alike_tickets(MAIL, access=access_of(cast.sato), without=[mail.pk]).tickets] == [code]


def test_open_ones_stand_first_and_those_of_today_are_counted(cast: Cast) -> None:
    tickets = said(cast, *[MAIL] * 4, "社内の案内")
    Ticket.objects.filter(pk=tickets[3].pk).update(status=Status.CLOSED)
    Ticket.objects.filter(pk=tickets[0].pk).update(opened_at=timezone.now() - timedelta(hours=2))
    Ticket.objects.filter(pk=tickets[1].pk).update(opened_at=timezone.now() - timedelta(days=2))
    alike = alike_tickets(MAIL, access=access_of(cast.sato))
    assert alike.tickets[-1].ticket == tickets[3]
    assert (alike.others, alike.since) == (2, Ticket.objects.get(pk=tickets[0].pk).opened_at)


def test_a_long_list_is_never_read_to_its_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "_BUDGET", 3)
    monkeypatch.setattr(postgres, "_NEWEST", 4)
    monkeypatch.setattr(postgres, "_RARE", 0.3)
    said(cast, *[f"{MAIL} 受付{place}" for place in range(8)], "メールの添付が文字化けする")
    postings = engine().postings("ticket", ["メール", "添付", "無い"], limit=3, newest=newest_ref("ticket"))
    assert len(postings["メール"].refs) <= 4
    assert postings["メール"].held_by > 3
    assert postings["添付"].held_by == len(postings["添付"].refs) == 1
    assert postings["無い"].refs == ()
    with CaptureQueriesContext(connection) as asked:
        found = similar.similar("ticket", "メールの添付が文字化け", Ticket.objects.visible_to(access_of(cast.sato)))
    assert len(asked) <= 8
    assert "添付" in found[0].words


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_what_was_said_often_long_ago_is_not_read_by_the_index_of_words(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_NEWEST", 4)
    monkeypatch.setattr(postgres, "_RARE", 0.3)
    said(cast, *["メールが届かない"] * 20, *["プリンターの紙詰まり"] * 9, "添付が開けない")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_document")
    size = newest_ref("ticket")
    found = engine().postings("ticket", ["メール", "添付"], limit=300, newest=size)
    assert found["メール"].refs == ()
    assert found["メール"].held_by == pytest.approx(size * 2 / 3, rel=0.1)
    assert found["添付"].refs == (size,)


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    subjects=st.lists(
        st.tuples(st.sampled_from(["メール", "プリンター", "VPN 接続"]), st.sampled_from("abc")), min_size=1, max_size=5
    ),
    asked=st.sampled_from(["メール", "プリンターと VPN", "接続できないメール"]),
)
def test_nobody_is_shown_counted_or_hinted_what_they_may_not_see(
    cast: Cast, subjects: list[tuple[str, str]], asked: str
) -> None:
    own, others = [], []
    for subject, team in subjects:
        (ticket,) = said(cast, subject)
        if team == "a":
            Ticket.objects.filter(pk=ticket.pk).update(holder_team=cast.partner)
            own.append(ticket.pk)
        else:
            others.append(ticket.pk)
    partner = access_of(cast.ogawa)
    alike = alike_tickets(asked, access=partner)
    assert {one.ticket.pk for one in alike.tickets} & set(others) == set()
    # As if the others were not there at all: the same tickets, counts, words and category.
    Ticket.objects.visible_to(partner)
    before = [(one.ticket.pk, one.words, round(one.share, 6)) for one in alike.tickets]
    for ref in others:
        engine().write("ticket", {}, [ref])
    again = alike_tickets(asked, access=partner)
    assert [(one.ticket.pk, one.words, round(one.share, 6)) for one in again.tickets] == before
    assert (again.others, again.since) == (alike.others, alike.since)
    assert alike_tickets(asked, access=access_of(cast.outsider)).tickets == ()


def test_the_likely_category_is_that_of_most_of_what_fits(cast: Cast) -> None:
    wired = Suggestion(Article(question="線", category=cast.wiring), 10.0, ())
    loose = Suggestion(Article(question="他"), 9.0, ())
    likely = likely_category([wired, loose], [])
    assert likely is not None
    assert (likely.category, likely.articles, likely.tickets) == (cast.wiring, (wired.article,), ())
    assert likely_category([loose], []) is None
    (ticket,) = said(cast, MAIL)
    Ticket.objects.filter(pk=ticket.pk).update(category=cast.wiring)
    alike = alike_tickets(MAIL, access=access_of(cast.sato)).tickets
    assert likely_category([], alike) == likely_category([], alike)
    told = likely_category([], alike)
    assert told is not None
    assert told.tickets == (ticket,)
    cast.wiring.is_active = False
    cast.wiring.save()
    assert likely_category([], alike_tickets(MAIL, access=access_of(cast.sato)).tickets) is None
