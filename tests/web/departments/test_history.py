"""The page that tells what a department was really asked, and what follows from it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.history import ENOUGH
from madoguchi.consultations.models import Approach
from madoguchi.journal.models import Entry
from madoguchi.people.models import Contact, Staff
from madoguchi.people.queries import chain_of
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.past import asked_before
from tests.consultations.questions import asked, raised

type SignIn = Callable[..., Client]
A = Approach.State
HOSTILE = "<script>alert(1)</script>"


def past(cast: Cast, ticket: Ticket, times: int = ENOUGH) -> None:
    """The first of the chain always says “not me”, the second answers."""
    for day in range(times):
        asked_before(
            ticket,
            cast.accounting,
            (cast.accounting_first, A.DECLINED, timedelta(minutes=30)),
            (cast.accounting_second, A.ANSWERED, timedelta(minutes=20)),
            at=timezone.now() - timedelta(days=day + 3),
            urgent=True,
            question=HOSTILE if day == 0 else f"質問 {day}",
        )


def test_the_history_shows_figures_questions_and_who_declines_often(cast: Cast, sign_in: SignIn) -> None:
    address = f"/departments/{cast.accounting.pk}/history/"
    assert "まだ何も照会していません" in sign_in(cast.sato).get(address).text
    ticket = raised(cast, category=cast.mail_trouble)
    past(cast, ticket)
    text = sign_in(cast.sato).get(address).text
    for words in ("辞退が多い", "20分", "9割が20分以内", "質問 4", ticket.number_shown, "メールの不具合"):
        assert words in text
    assert HOSTILE not in text
    assert "この順番にする" not in text


def test_a_proposed_order_is_accepted_with_one_press(cast: Cast, sign_in: SignIn) -> None:
    past(cast, raised(cast))
    client, address = sign_in(cast.hayashi), f"/departments/{cast.accounting.pk}/history/"
    text = client.get(address).text
    assert "この順番にする" in text
    first, second = cast.accounting_first, cast.accounting_second
    sent = {"from": "history", "seen": f"{first.pk},{second.pk}", "contact": [second.pk, first.pk]}
    assert client.post(f"/departments/{cast.accounting.pk}/chain/", sent).headers["Location"] == address
    assert chain_of(cast.accounting) == [second, first]
    entry = Entry.objects.get(kind="department.contacts_ordered")
    assert (entry.actor_id, entry.data["before"]) == (cast.hayashi.pk, [first.pk, second.pk])
    text = client.get(address).text
    assert "この順番にする" not in text
    assert "今の順番が、回答までの待ち時間の最も短い順番です" in text
    assert client.post(f"/departments/{cast.accounting.pk}/chain/", sent).status_code == 409


def test_staff_of_a_partner_see_the_figures_and_only_their_own_questions(cast: Cast, sign_in: SignIn) -> None:
    past(cast, raised(cast))
    theirs = raised(cast, subject="委託先の件", by=cast.ogawa)
    Ticket.objects.filter(pk=theirs.pk).update(holder_team=cast.partner)
    asked_before(
        theirs,
        cast.accounting,
        (cast.accounting_second, A.ANSWERED, timedelta(minutes=5)),
        at=timezone.now() - timedelta(days=1),
        team=cast.partner,
        question="委託先からの質問",
    )
    text = sign_in(cast.ogawa).get(f"/departments/{cast.accounting.pk}/history/").text
    assert "委託先からの質問" in text
    assert "質問 4" not in text
    assert "辞退が多い" in text


def test_the_list_is_narrowed_paged_and_costs_the_same(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    past(cast, raised(cast, category=cast.mail_trouble), times=5)
    client, address = sign_in(cast.sato), f"/departments/{cast.accounting.pk}/history/"
    client.get(address)
    with django_assert_num_queries(18):
        client.get(address)
    past(cast, raised(cast), times=30)
    with django_assert_num_queries(18):
        page = client.get(address)
    assert page.text.count("<a data-open") == 25
    following = page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(address + following).text.count("<a data-open") == 10
    assert client.get(f"{address}?category={cast.mail_trouble.pk}").text.count("<a data-open") == 5
    assert client.get(f"{address}?contact={cast.accounting_second.pk}&topic=0").text.count("<a data-open") == 25
    assert client.get(f"{address}?contact=999&category=x&topic=%00").status_code == 200


def test_whoever_was_named_is_proposed_for_the_chain_and_added_with_one_press(cast: Cast, sign_in: SignIn) -> None:
    question = asked(cast, raised(cast))
    decline(question, named=Named(name="加藤 学", email="kato@example.jp"), by=cast.sato)
    answer(question, body="発行済みです", by=cast.sato)
    kato = Contact.objects.get(name="加藤 学")
    client, address = sign_in(cast.hayashi), f"/departments/{cast.accounting.pk}/"
    text = client.get(address).text
    for words in ("照会で分かった", "同僚が1回名前を挙げた", "1回回答", "確認されていない"):
        assert words in text
    first, second = cast.accounting_first, cast.accounting_second
    sent = {"seen": f"{first.pk},{second.pk}", "contact": [first.pk, second.pk], "add": ["", kato.pk]}
    client.post(f"{address}chain/", sent)
    assert chain_of(cast.accounting) == [first, second, kato]
    text = client.get(address).text
    assert "照会で分かった" not in text
    assert "確認されていない" not in text
    assert "照会で分かった" not in sign_in(cast.sato).get(address).text


def test_the_questions_are_exported_as_they_are_narrowed(cast: Cast, sign_in: SignIn) -> None:
    past(cast, raised(cast, category=cast.mail_trouble), times=2)
    past(cast, raised(cast), times=1)
    address = f"/departments/{cast.accounting.pk}/history/export"

    def written(who: Staff, query: str = "") -> str:
        answer = sign_in(who).get(f"{address}.csv{query}")
        return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    text = written(cast.sato, f"?category={cast.mail_trouble.pk}")
    assert text.count("岡田 部長,50,") == text.count("メールの不具合") == 2
    assert written(cast.sato).count("岡田 部長") == 3
    assert "岡田" not in written(cast.ogawa)
    assert sign_in(cast.sato).get(f"{address}.xlsx").status_code == 200
