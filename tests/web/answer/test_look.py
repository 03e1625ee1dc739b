"""Without a link, in both languages, and light enough for a phone on a slow line."""

import brotli
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from madoguchi.people.models import Contact
from madoguchi.web.shell.bundles import bundled
from tests.cast import Cast
from tests.web.answer.asked import QUESTION, asked


@pytest.mark.django_db
def test_without_a_link_the_page_says_where_to_find_one(client: Client) -> None:
    page = client.get("/answer/")
    assert page.status_code == 200
    assert "メールのリンク" in page.content.decode()
    assert client.post("/answer/").status_code == 405


def test_the_page_speaks_the_readers_language_and_can_be_switched(cast: Cast) -> None:
    at = asked(cast)
    japanese, english = at.open(), at.open(headers={"Accept-Language": "en-GB,en;q=0.8"})
    assert japanese["Content-Language"] == "ja"
    assert 'lang="en"' in english.content.decode()
    assert "Not me" in english.content.decode()
    assert QUESTION in english.content.decode()
    switched = at.open("?lang=ja", headers={"Accept-Language": "en"})
    assert "担当ではない" in switched.content.decode()
    assert switched["Content-Language"] == "ja"
    assert "Not me" in at.open("?lang=en").content.decode()
    assert at.open("?lang=xx").status_code == 200
    assert not switched.cookies


def test_the_language_stays_after_sending(cast: Cast) -> None:
    at = asked(cast)
    sent = at.client.post(at.link + "?lang=en", {"form": "f", "verb": "answer", "text": "Yes"}, follow=True)
    assert "Thank you. We have received it." in sent.content.decode()
    assert "?lang=ja&amp;heard=" in sent.content.decode()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_is_under_30_kilobytes_even_when_its_html_is_not_compressed(cast: Cast, language: str) -> None:
    Contact.objects.bulk_create(
        Contact(department=cast.accounting, name=f"担当 {number:03}", email=f"c{number}@example.jp")
        for number in range(200)
    )
    at = asked(cast, question=QUESTION * 20)
    at.send("ask_back", text="何月分ですか" * 20)
    html = at.open(f"?lang={language}").content
    css = brotli.compress(bundled("plain.css").encode())
    assert len(html) + len(css) < 30 * 1024
    assert len(brotli.compress(html)) + len(css) < 12 * 1024


def test_many_colleagues_cost_no_more_queries_than_one(cast: Cast) -> None:
    at = asked(cast)
    with CaptureQueriesContext(connection) as one:
        at.open()
    Contact.objects.bulk_create(
        Contact(department=cast.accounting, name=f"担当 {number}", email=f"c{number}@example.jp") for number in range(9)
    )
    with CaptureQueriesContext(connection) as ten:
        at.open()
    assert len(ten) == len(one)
