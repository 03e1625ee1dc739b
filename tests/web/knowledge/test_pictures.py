"""Pictures of articles: only real ones, only ours, and only for who may read the article."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, add_picture, change, create, restore
from madoguchi.knowledge.models import Article, Audience, Picture, State
from madoguchi.knowledge.pictures import LARGEST
from madoguchi.knowledge.rendering import excerpt, render
from madoguchi.people.models import Staff
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


def upload(client: Client, content: bytes, name: str = "screen.png") -> Any:
    return client.post("/knowledge/pictures/", {"picture": SimpleUploadedFile(name, content, "image/png")})


def shown(picture: Picture, **values: Any) -> Content:
    answer = f"1. 押す\n![設定の画面](picture:{picture.code})"
    return replace(Content(question="設定", answer=answer), **values)


def test_a_picture_is_added_once_and_stands_in_the_answer(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    code = upload(client, PNG).content.decode()
    assert upload(client, PNG).content.decode() == code
    picture = Picture.objects.get()
    article = create(shown(picture), by=cast.kimura)
    page = client.get(f"/knowledge/{article.pk}/").content.decode()
    assert f'<img src="/knowledge/pictures/{code}/" alt="設定の画面"' in page
    got = client.get(f"/knowledge/pictures/{code}/")
    assert b"".join(got.streaming_content) == PNG  # type: ignore[attr-defined]
    assert got.headers["Content-Type"] == "image/png"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert excerpt(article.answer) == "押す 設定の画面"


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"", b"\x89PNG\r\n\x1a\n" + b"0" * LARGEST]
)
def test_what_is_no_picture_or_too_large_is_refused(cast: Cast, sign_in: SignIn, content: bytes) -> None:
    assert upload(sign_in(cast.sato), content).status_code == 422
    assert upload(sign_in(cast.watanabe), PNG).status_code == 403
    assert not Picture.objects.exists()


def test_whoever_may_not_read_the_article_does_not_see_its_pictures(cast: Cast, sign_in: SignIn) -> None:
    picture = add_picture(PNG, by=cast.kimura)
    address = f"/knowledge/pictures/{picture.code}/"
    assert sign_in(cast.sato).get(address).status_code == 404
    article = create(shown(picture, audience=Audience.STAFF), by=cast.kimura)
    assert sign_in(cast.sato).get(address).status_code == 200
    assert sign_in(cast.ogawa).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    change(article, Content(question="設定", answer="なし", state=State.VALIDATED), by=cast.kimura)
    assert sign_in(cast.sato).get(address).status_code == 404
    restore(article, 1, by=cast.kimura)
    assert sign_in(cast.sato).get(address).status_code == 200


def test_every_picture_is_there_and_says_what_it_shows(cast: Cast) -> None:
    picture = add_picture(PNG, by=cast.kimura)
    for answer in (f"![ ](picture:{picture.code})", f"![画面](picture:{'0' * 24})"):
        with pytest.raises(Refused):
            create(Content(question="設定", answer=answer), by=cast.kimura)
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    "hostile", ["![x](https://e.example/a.png)", "![x](/accounts/logout/)", '![" onerror="x](picture:zz)']
)
def test_pictures_from_elsewhere_are_only_their_words(hostile: str) -> None:
    assert "<img" not in render(hostile)
