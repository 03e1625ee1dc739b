"""Every list as a file: as it is filtered, and only what its reader may see."""

from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.web.shell.export import MOST
from tests.cast import Cast

SignIn = Callable[..., Client]
LISTS = ("/tickets/", "/board/calls/", "/people/", "/knowledge/")


def content(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    raw = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    if ".xlsx" in address:
        with ZipFile(BytesIO(raw)) as archive:
            return archive.read("xl/worksheets/sheet1.xml").decode()
    return raw.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_list_is_exported_as_it_is_filtered(cast: Cast, sign_in: SignIn, kind: str) -> None:
    open_ticket(subject="メールの件", body="", channel="web", requester=cast.yamada, by=cast.sato)
    open_ticket(subject="配線の件", body="", channel="web", by=cast.sato)
    open_interaction(channel="phone", address="+819011112222", staff=cast.sato, by=cast.sato)
    create(Content(question="送れない", answer="再起動"), key="mail-001", by=cast.kimura)
    client = sign_in(cast.admin)
    tickets = content(client, f"/tickets/export.{kind}?requester={cast.yamada.pk}")
    assert "メールの件" in tickets
    assert ("配線の件" in tickets) == ("配線の件" in client.get(f"/tickets/?requester={cast.yamada.pk}").text)
    assert "090-1111-2222" in content(client, f"/board/calls/export.{kind}")
    people = content(client, f"/people/export.{kind}?q=山田")
    assert "山田 花子" in people
    assert "中川 太郎" not in people
    assert "中川 太郎" in content(client, f"/people/export.{kind}")
    assert "mail-001" in content(client, f"/knowledge/export.{kind}")


def test_the_links_stand_beneath_the_list_with_its_filters(cast: Cast, sign_in: SignIn) -> None:
    open_ticket(subject="メールの件", body="", channel="web", by=cast.sato)
    html = sign_in(cast.admin).get("/tickets/?priority=normal").text
    assert "/tickets/export.xlsx?priority=normal" in html


def test_a_partner_takes_nothing_along_but_their_share(cast: Cast, sign_in: SignIn) -> None:
    open_ticket(subject="自社の件", body="", channel="web", requester=cast.yamada, by=cast.sato)
    client = sign_in(cast.ogawa)
    assert "自社の件" not in content(client, "/tickets/export.xlsx")
    assert "山田" not in content(client, "/people/export.xlsx")
    assert client.get("/board/calls/export.csv").status_code == 403


def test_a_long_answer_is_whole_in_csv_and_cut_with_a_notice_in_excel(cast: Cast, sign_in: SignIn) -> None:
    create(Content(question="長い手順", answer="字" * 40_000 + "終わり"), key="long", by=cast.kimura)
    client = sign_in(cast.kimura)
    assert "字終わり" in content(client, "/knowledge/export.csv")
    workbook = content(client, "/knowledge/export.xlsx")
    assert "終わり" not in workbook
    assert workbook.count("CSVファイルには全文があります。") == 2  # in the cell, and in the last row
    assert "CSVは全文です" in client.get("/knowledge/").text


@pytest.mark.parametrize("address", LISTS)
def test_an_outsider_takes_nothing(cast: Cast, sign_in: SignIn, address: str) -> None:
    assert sign_in(cast.outsider).get(f"{address}export.csv").status_code == 403


def test_the_file_of_the_articles_has_all_of_them(cast: Cast, sign_in: SignIn) -> None:
    now, count = timezone.now(), MOST + 1
    Article.objects.bulk_create(Article(key=f"k{number}", question="問い", updated_at=now) for number in range(count))
    assert content(sign_in(cast.kimura), "/knowledge/export.csv").count("\r\n") == count + 1
