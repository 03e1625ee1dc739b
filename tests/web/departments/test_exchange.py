"""The directory out and in: looked at first, taken in with one press, all or nothing."""

import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madoguchi.people import actions
from madoguchi.people.models import Contact, Person
from tests.cast import Cast

type SignIn = Callable[..., Client]
I = "/departments/import/"  # noqa: E741


def sent(client: Client, text: str, *, encoding: str = "utf-8", **options: str) -> Any:
    return client.post(I, {"file": SimpleUploadedFile("directory.csv", text.encode(encoding)), **options})


def ticket_of(answer: Any) -> dict[str, str]:
    found = re.search(r'name="ticket" value="([^"]+)"', answer.text)
    assert found is not None
    return {"ticket": found[1]}


def test_a_file_is_looked_at_before_it_is_taken_in(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    rows = "部署,氏名,メール,電話\r\n"
    rows += "経理部,岡田 部長,okada@example.jp,03-5000-9999\r\n経理部,新人,,\r\n経理部,変,,なし\r\n"
    answer = sent(client, rows, encoding="cp932", requesters="on")
    for word in ("新人", "03-5000-9999", "4", "「なし」は電話番号ではありません。"):
        assert word in answer.text
    assert not Contact.objects.filter(name="新人").exists()
    assert client.post(f"{I}accept/", ticket_of(answer)).status_code == 302
    assert Contact.objects.filter(name="新人").exists()
    assert Person.objects.filter(emails__address="okada@example.jp").exists()
    assert "変わるものはありません" in sent(client, rows, encoding="cp932", requesters="on").text


def test_what_would_be_something_else_by_now_is_shown_once_more(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    answer = sent(client, "部署,氏名\n経理部,新人\n")
    actions.add_contact(cast.accounting, name="新人", by=cast.admin)
    again = client.post(f"{I}accept/", ticket_of(answer))
    assert "その間に" in again.text
    assert Contact.objects.filter(name="新人").count() == 1


def test_when_many_would_vanish_somebody_has_to_say_so(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    answer = sent(client, "部署,氏名\n経理部,岡田 部長\n", complete="on")
    assert client.post(f"{I}accept/", ticket_of(answer)).status_code == 409
    assert Contact.objects.get(pk=cast.accounting_first.pk).is_active
    client.post(f"{I}accept/", {**ticket_of(answer), "confirmed": "on"})
    assert not Contact.objects.get(pk=cast.accounting_first.pk).is_active


def test_a_ticket_that_is_not_ours_takes_nothing_in(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    assert client.post(f"{I}accept/", {"ticket": "abc"}).status_code == 409
    assert client.post(I).status_code == 422
    assert sent(client, "氏名\n佐藤\n").status_code == 422
    assert sent(client, "\ufffe\x00\x81").status_code == 422


def test_what_is_exported_comes_in_without_a_change(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    answer = client.get("/departments/export.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith('attachment; filename="directory-')
    assert text.startswith("\ufeff部署,部署名,")
    assert "変わるものはありません" in sent(client, text, complete="on").text
