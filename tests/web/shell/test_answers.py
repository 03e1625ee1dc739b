"""Refusals, errors, fragments, languages, headers."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from madoguchi.journal.models import Entry
from madoguchi.people.models import Staff
from madoguchi.problems.models import Problem
from tests.cast import Cast

pytestmark = pytest.mark.urls("tests.web.shell.pages")

type SignIn = Callable[[Staff], Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_a_refusal_comes_to_the_message_area_with_links_to_what_is_missing(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.sato).post("/t/declines/", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"], answer.headers["X-Refusal"]) == (422, "#messages", "1")
    assert "Say &lt;what&gt; went wrong." in answer.text
    assert '<a href="#field-error_code" data-missing="error_code">&lt;b&gt;Error number&lt;/b&gt;</a>' in answer.text


def test_a_refusal_keeps_its_status(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.sato).post("/t/conflict/", headers=HTMX).status_code == 409


def test_a_refusal_without_javascript_is_a_page_with_the_way_back(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.sato).post("/t/declines/", headers={"Referer": "http://testserver/t/mine/"})
    assert answer.status_code == 422
    assert 'href="http://testserver/t/mine/"' in answer.text
    foreign = sign_in(cast.sato).post("/t/declines/", headers={"Referer": "https://elsewhere.example/"})
    assert "elsewhere" not in foreign.text


def test_a_page_that_was_open_too_long_says_so_and_leads_back(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/t/declines/", headers={"Referer": "http://testserver/t/mine/"})
    assert answer.status_code == 403
    assert "<h1>ページの有効期限が切れました</h1>" in answer.text
    assert 'href="http://testserver/t/mine/"' in answer.text


def test_a_bug_shows_an_id_and_is_a_row_with_the_same_id(client: Client, db: None) -> None:
    answer = client.get("/t/breaks/?x=1")
    problem = Problem.objects.get()
    assert answer.status_code == 500
    assert f'<code class="error-id">{problem.pk}</code>' in answer.text
    assert "secret" not in answer.text
    assert (problem.kind, problem.path) == ("ZeroDivisionError", "/t/breaks/?x=1")


def test_a_bug_in_a_fragment_is_a_message_with_the_id(client: Client, db: None) -> None:
    answer = client.get("/t/breaks/", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (500, "#messages")
    assert Problem.objects.get().pk in answer.text


def test_a_bug_behind_the_api_is_problem_json(client: Client, db: None) -> None:
    answer = client.get("/api/t/breaks/")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["id"] == Problem.objects.get().pk


def test_a_fragment_is_the_block_named_like_its_target_and_nothing_else(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    one = client.get("/t/parts/", headers={**HTMX, "HX-Target": "div#refusal"})
    assert "One part" in one.text
    assert "A1" not in one.text
    whole = client.get("/t/parts/", headers={**HTMX, "HX-Target": "div#elsewhere"})
    assert "One part" in whole.text
    assert "A1" in whole.text
    assert "HX-Target" in whole.headers["Vary"]


@pytest.mark.parametrize(
    ("own", "cookie", "browser", "language"),
    [
        ("en", "ja", "ja", "en"),
        ("", "en", "ja", "en"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "ja", "ja"),
        ("", "", "de", "ja"),
        ("", "xx", "", "ja"),
    ],
)
def test_the_readers_own_choice_goes_before_the_browsers(
    cast: Cast, sign_in: SignIn, own: str, cookie: str, browser: str, language: str
) -> None:
    Staff.objects.filter(pk=cast.sato.pk).update(language=own)
    client = sign_in(cast.sato)
    client.cookies["django_language"] = cookie
    answer = client.get("/t/open/", headers={"Accept-Language": browser})
    assert answer.headers["Content-Language"] == language
    assert answer.text == {"ja": "保存する", "en": "Save"}[language]


def test_choosing_a_language_keeps_it_in_the_profile_and_returns_to_the_page(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    answer = client.post("/shell/language/", {"language": "en", "next": "/t/mine/"})
    assert answer.headers["Location"] == "/t/mine/"
    cast.sato.refresh_from_db()
    assert cast.sato.language == "en"
    away = client.post("/shell/language/", {"language": "ja", "next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/"


def test_an_unknown_language_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.sato).post("/shell/language/", {"language": "de"})
    cast.sato.refresh_from_db()
    assert cast.sato.language == ""


def test_the_profile_is_saved_with_its_reading_in_hiragana(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    answer = client.post(
        "/profile/", {"family_name": "佐藤", "given_name": "美咲", "kana": "ｻﾄｳ ミサキ", "language": ""}
    )
    assert answer.status_code == 302
    cast.sato.refresh_from_db()
    assert cast.sato.kana == "さとう みさき"
    assert Entry.objects.get(kind="staff.profile_changed").data == {"fields": ["kana"]}


def test_a_profile_without_a_name_is_refused(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.sato).post("/profile/", {"family_name": " "}, headers=HTMX)
    assert answer.status_code == 422
    assert "姓を入力してください" in answer.text


def test_every_page_forbids_foreign_and_inline_script_and_style(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).get("/shell/components/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|<script(?![^>]*(src=|application/json))", answer.text)


def test_a_page_costs_three_queries_besides_its_own(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(cast.admin)
    client.get("/shell/components/")
    with django_assert_max_num_queries(4):  # session, staff, roles, and the figure of waiting offers
        client.get("/shell/components/")


def test_missing_pages_say_so_in_both_languages(client: Client, db: None) -> None:
    assert "見つかりません" in client.get("/nowhere/", headers={"Accept-Language": "ja"}).text
    assert "Not found" in client.get("/nowhere/", headers={"Accept-Language": "en"}).text


def test_home_is_where_the_day_of_each_role_begins(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.outsider).get("/").headers["Location"] == "/profile/"


def test_the_refreshed_menu_still_knows_where_one_is(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.sato).get("/shell/menu/?from=/tickets/10482-6/")
    assert re.search(r'<a href="/tickets/" aria-current="page">チケット', answer.text)
