"""The list of tickets: filters in the address, keyset pages, saved views, export, and each person's share."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.people.models import Person
from madoguchi.search import index
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import SavedView, Ticket
from tests.cast import Cast

SignIn = Callable[..., Client]
ROWS = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}


def raised(cast: Cast, subject: str, requester: Person | None = None, **fields: Any) -> Ticket:
    return open_ticket(
        subject=subject, body="本文", channel="phone", requester=requester or cast.yamada, by=cast.sato, **fields
    )


def subjects(answer: Any) -> list[str]:
    return re.findall(r'data-open href="[^"]+">([^<]+)</a>', answer.content.decode())


def test_open_tickets_stand_first_changed_first(cast: Cast, sign_in: SignIn) -> None:
    for subject in ("一", "二", "三"):
        raised(cast, subject)
    Ticket.objects.filter(subject="二").update(status="closed")
    assert subjects(sign_in(cast.sato).get("/tickets/")) == ["三", "一"]
    assert subjects(sign_in(cast.sato).get("/tickets/?status=closed")) == ["二"]
    assert subjects(sign_in(cast.sato).get("/tickets/?status=all&order=age")) == ["一", "二", "三"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("assignee=me", ["VPN"]),
        ("assignee=none&order=age", ["送信できない", "配線"]),
        ("category={mail}", ["送信できない"]),
        ("category={general}&order=age", ["送信できない", "配線"]),
        ("priority=urgent", ["配線"]),
        ("team={service_desk}", ["VPN"]),
        ("team=99999", []),
        ("requester={yamada}&order=age", ["送信できない", "配線", "VPN"]),
        ("frozen=1", []),
        ("category=x&priority=y&status=z&order=q&cursor=broken", ["VPN", "配線", "送信できない"]),
    ],
)
def test_the_address_carries_the_filters(cast: Cast, sign_in: SignIn, query: str, found: list[str]) -> None:
    raised(cast, "送信できない", category=cast.mail_trouble)
    raised(cast, "配線", category=cast.wiring, priority="urgent")
    vpn = raised(cast, "VPN")
    Ticket.objects.filter(pk=vpn.pk).update(holder_team=cast.service_desk, assignee=cast.takahashi)
    query = query.format(
        mail=cast.mail_trouble.pk, general=cast.general.pk, service_desk=cast.service_desk.pk, yamada=cast.yamada.pk
    )
    assert subjects(sign_in(cast.takahashi).get(f"/tickets/?{query}")) == found


def choices(answer: Any) -> dict[str, list[str]]:
    """Whom the filter of assignees offers, by team."""
    select = re.search(r'<select name="assignee">(.*?)</select>', answer.content.decode(), re.DOTALL)
    assert select
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', select[1], re.DOTALL)
    return {label: re.findall(r"<option[^>]*>([^<]+)<", members) for label, members in groups}


def test_the_list_is_filtered_by_any_colleague_who_works_on_tickets(cast: Cast, sign_in: SignIn) -> None:
    mine, other = raised(cast, "自分の件"), raised(cast, "高橋の件")
    Ticket.objects.filter(pk=mine.pk).update(assignee=cast.hayashi)
    Ticket.objects.filter(pk=other.pk).update(assignee=cast.takahashi)
    client = sign_in(cast.hayashi)
    page = client.get(f"/tickets/?assignee={cast.takahashi.pk}")
    assert subjects(page) == ["高橋の件"]
    assert f'<option value="{cast.takahashi.pk}" selected>高橋 健' in page.content.decode()
    offered = choices(page)
    assert offered["コールセンター"] == ["佐藤 美咲", "鈴木 大輔"]
    assert offered["窓口全体"] == ["中村 剛", "林 直子"]
    assert not any("渡辺" in name or "木村" in name for names in offered.values() for name in names)
    type(cast.takahashi).objects.filter(pk=cast.takahashi.pk).update(is_active=False)
    left = client.get(f"/tickets/?assignee={cast.takahashi.pk}")
    assert subjects(left) == ["高橋の件"]
    assert "高橋 健" in choices(left)["窓口全体"], "who has left is still named while they are asked for"


def test_a_partner_filters_by_own_colleagues_only(cast: Cast, sign_in: SignIn) -> None:
    for subject, assignee in (("小川の件", cast.ogawa), ("佐藤の件", cast.sato)):
        ticket = raised(cast, subject, front_team=cast.partner)
        Ticket.objects.filter(pk=ticket.pk).update(assignee=assignee)
    client = sign_in(cast.mori)
    assert choices(client.get("/tickets/")) == {"ひびきサポート": ["小川 舞", "森 隆"]}
    assert subjects(client.get(f"/tickets/?assignee={cast.ogawa.pk}")) == ["小川の件"]
    foreign = client.get(f"/tickets/?assignee={cast.sato.pk}")
    assert subjects(foreign) == []
    assert "佐藤" not in foreign.content.decode()


def test_a_number_in_any_writing_and_a_word_are_searched_in_all_states(cast: Cast, sign_in: SignIn) -> None:
    ticket = raised(cast, "ネットワークプリンター")
    Ticket.objects.filter(pk=ticket.pk).update(status="closed")
    raised(cast, "別件")
    index.drain()
    client = sign_in(cast.sato)
    for words in (ticket.number, ticket.number_shown, "プリンタ", "ﾌﾟﾘﾝﾀｰ"):
        assert subjects(client.get("/tickets/", {"q": words})) == ["ネットワークプリンター"]
    assert subjects(client.get("/tickets/", {"q": "存在しない言葉"})) == []


def test_pages_follow_one_another_without_gap_or_double(cast: Cast, sign_in: SignIn) -> None:
    for place in range(120):
        raised(cast, f"{place:03}")
    client, seen, address = sign_in(cast.sato), [], "/tickets/?order=age"
    while address:
        answer = client.get(address, headers=ROWS)
        seen += subjects(answer)
        following = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        address = following[1].replace("&amp;", "&") if following else ""
        assert len(seen) <= 120, "the pages run in a circle"
    assert seen == [f"{place:03}" for place in range(120)]


@pytest.mark.parametrize("rows", [1, 30])
def test_more_rows_cost_no_more_queries(cast: Cast, sign_in: SignIn, django_assert_num_queries: Any, rows: int) -> None:
    for place in range(rows):
        raised(cast, str(place), category=cast.mail_trouble)
    client = sign_in(cast.sato)
    # Session, person, roles; categories, the page, teams, own views; the whole page also the journal's end, offers
    # and colleagues.
    with django_assert_num_queries(7):
        client.get("/tickets/", headers=ROWS)
    with django_assert_num_queries(10):
        client.get("/tickets/")


def test_a_partner_sees_their_share_in_list_search_and_export(cast: Cast, sign_in: SignIn) -> None:
    raised(cast, "自社の件")
    raised(cast, "委託先の件", front_team=cast.partner)
    index.drain()
    client = sign_in(cast.ogawa)
    assert subjects(client.get("/tickets/")) == ["委託先の件"]
    assert subjects(client.get("/tickets/", {"q": "件"})) in (["委託先の件"], [])
    exported = b"".join(client.get("/tickets/export.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "委託先の件" in exported
    assert "自社の件" not in exported


def test_an_export_is_for_excel_and_runs_no_formula(cast: Cast, sign_in: SignIn) -> None:
    raised(cast, "=HYPERLINK(1)")
    answer = sign_in(cast.watanabe).get("/tickets/export.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff番号,件名,")
    assert ",'=HYPERLINK(1)," in text
    assert ",'," not in text, "an empty cell stays empty"


def test_a_person_keeps_their_own_views(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    for _again in range(2):
        answer = client.post("/tickets/views/", {"name": "急ぎ", "query": "priority=urgent&junk=1"})
    assert answer.status_code == 422
    view = SavedView.objects.get()
    assert (view.staff, view.query) == (cast.sato, "priority=urgent")
    assert "急ぎ" in client.get("/tickets/").content.decode()
    assert "急ぎ" not in sign_in(cast.suzuki).get("/tickets/").content.decode()
    assert sign_in(cast.suzuki).post(f"/tickets/views/{view.pk}/delete/").status_code == 404
    client = sign_in(cast.sato)
    client.post(f"/tickets/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_an_outsider_sees_no_list(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.outsider).get("/tickets/").status_code == 403
    assert sign_in(cast.outsider).get("/tickets/export.csv").status_code == 403
    assert Client().get("/tickets/").status_code == 302
