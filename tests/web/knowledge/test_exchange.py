"""/knowledge/exchange/: a zip is looked at before anything changes, and only keepers do it."""

import io
import zipfile
from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Staff
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]


def upload(client: Client, content: bytes) -> str:
    answer = client.post("/knowledge/exchange/", {"file": SimpleUploadedFile("a.zip", content)})
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def test_a_zip_is_shown_first_and_then_taken_in(cast: Cast, sign_in: SignIn) -> None:
    create(Content(question="印刷できない", answer="待つ"), key="print", by=cast.kimura)
    client = sign_in(cast.kimura)
    exported = b"".join(client.get("/knowledge/export.zip").streaming_content)  # type: ignore[attr-defined]
    packed = io.BytesIO(exported)
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("new.md", "---\nkey: new\nquestion: 新しい問い\n---\n答え")
        file.writestr("bad.md", "何もない")
    shown = upload(client, packed.getvalue())
    assert "新しい問い" in shown
    assert "bad.md" in shown
    assert Article.objects.count() == 1
    ticket = shown.split('name="ticket" value="', 1)[1].split('"', 1)[0]
    create(Content(question="ほか", answer="先に"), key="new", by=cast.kimura)
    again = client.post("/knowledge/exchange/accept/", {"ticket": ticket})
    assert again.status_code == 200
    ticket = again.content.decode().split('name="ticket" value="', 1)[1].split('"', 1)[0]
    assert client.post("/knowledge/exchange/accept/", {"ticket": ticket}).status_code == 302
    assert Article.objects.get(key="new").question == "新しい問い"
    assert client.post("/knowledge/exchange/accept/", {"ticket": "x"}).status_code == 409
    assert upload(client, b"no zip") == "422"


def test_only_keepers_take_articles_out_and_in(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert client.get("/knowledge/export.zip").status_code == 403
    assert upload(client, b"x") == "403"
    assert client.post("/knowledge/exchange/accept/", {"ticket": "x"}).status_code == 403
