"""What a database cannot keep is answered with a sentence, on either engine, and never breaks a page."""

import pytest
from django.test import Client

from tests.cast import Cast


@pytest.mark.parametrize("field", ["subject", "body", "name", "phone", "email"])
def test_a_form_with_a_zero_byte_is_answered(sign_in: object, cast: Cast, field: str) -> None:
    client: Client = sign_in(cast.sato)  # type: ignore[operator]
    typed = {"subject": "件名", "body": "本文", "name": "港 次郎", "channel": "visit"}
    answer = client.post("/tickets/new/", {**typed, field: "a\0b"})
    assert answer.status_code in {302, 422}


def test_a_text_longer_than_its_column_is_answered(sign_in: object, cast: Cast) -> None:
    client: Client = sign_in(cast.sato)  # type: ignore[operator]
    typed = {"subject": "件名", "body": "本文", "name": "名" * 5000, "organization": "社" * 5000, "kana": "か" * 5000}
    assert client.post("/tickets/new/", typed).status_code in {302, 422}
