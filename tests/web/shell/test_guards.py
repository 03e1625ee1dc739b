"""Who gets in, and what the others see."""

from collections.abc import Callable

import pytest
from django.test import Client

from madoguchi.people.models import Staff
from tests.cast import Cast

pytestmark = pytest.mark.urls("tests.web.shell.pages")

type SignIn = Callable[[Staff], Client]
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/t/mine/?a=1"}


def test_nobody_is_sent_to_the_sign_in_page_and_back(client: Client, cast: Cast) -> None:
    answer = client.get("/t/mine/?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/t/mine/%3Fa%3D1")


def test_a_fragment_for_nobody_takes_the_whole_window_to_the_sign_in_page(client: Client, cast: Cast) -> None:
    answer = client.get("/t/board/", headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Ft%2Fmine%2F%3Fa%3D1"
    assert answer.content == b""


def test_a_foreign_address_is_never_where_one_returns_to(client: Client, cast: Cast) -> None:
    answer = client.get("/t/board/", headers={**HTMX, "HX-Current-URL": "https://elsewhere.example/t/mine/"})
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2F"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("hayashi", 200),
        ("watanabe", 200),
        ("admin", 200),
        ("sato", 403),
        ("kimura", 403),
        ("mori", 403),
        ("ogawa", 403),
        ("outsider", 403),
    ],
)
def test_only_who_holds_the_capability_opens_the_page(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    assert sign_in(getattr(cast, who)).get("/t/board/").status_code == status


def test_a_forbidden_page_says_so_in_the_readers_language(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert "この画面を開く権限がありません" in client.get("/t/board/", headers={"Accept-Language": "ja"}).text
    assert "You do not have the right" in client.get("/t/board/", headers={"Accept-Language": "en"}).text


def test_a_forbidden_fragment_becomes_a_message(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.sato).get("/t/board/", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (403, "#messages")
    assert "<html" not in answer.text


def test_the_view_knows_the_rights_of_who_asks(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.sato).get("/t/mine/").text == cast.sato.name
    assert sign_in(cast.outsider).get("/t/mine/").text == cast.outsider.name


def test_a_deactivated_account_is_signed_out_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    Staff.objects.filter(pk=cast.sato.pk).update(is_active=False)
    assert client.get("/t/mine/").status_code == 302


def test_a_public_page_needs_nobody(client: Client, db: None) -> None:
    assert client.get("/t/open/").status_code == 200


def test_nobody_can_sign_up(client: Client, db: None) -> None:
    for address in ("/accounts/signup/", "/accounts/email/", "/accounts/password/reset/", "/accounts/login/code/"):
        assert client.get(address).status_code == 404


def test_the_style_page_is_for_administrators(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.hayashi).get("/shell/components/").status_code == 403
    assert sign_in(cast.admin).get("/shell/components/").status_code == 200
