"""The provider of SMS as the settings describe it; a wrong one stops the start with a sentence."""

import pytest

from madoguchi.config.environment import HIDDEN, IN_FORCE, SettingError
from madoguchi.config.sms import sms_provider


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(IN_FORCE):
        monkeypatch.setitem(IN_FORCE, name, IN_FORCE[name])


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in ("URL", "HEADERS", "BODY", "ACCEPTED"):
        monkeypatch.delenv(f"MADOGUCHI_SMS_{name}", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(f"MADOGUCHI_SMS_{name}", value)


def test_a_provider_is_read_and_its_secrets_are_shown_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        URL="https://api.example.jp/v1?key=geheim",
        HEADERS="Authorization: Bearer geheim\ncontent-type: application/json",
        BODY='{"to":"{to}","text":"{text}","password":"geheim"}',
    )
    provider = sms_provider()
    assert provider is not None
    assert provider.headers == {"Authorization": "Bearer geheim", "Content-Type": "application/json"}
    assert provider.host == "api.example.jp"
    assert "geheim" not in repr(provider)
    assert {IN_FORCE[f"MADOGUCHI_SMS_{name}"][0] for name in ("URL", "HEADERS", "BODY")} == {HIDDEN}


def test_without_an_address_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, BODY="to={to}&text={text}")
    assert sms_provider() is None


@pytest.mark.parametrize(
    "values",
    [
        {"URL": "ftp://x.example/", "BODY": "{to}{text}"},
        {"URL": "https://x.example/", "BODY": "{text}"},
        {"URL": "https://x.example/", "BODY": "{to}"},
        {"URL": "https://x.example/", "BODY": "{to}{text}", "HEADERS": "no colon"},
    ],
)
def test_a_wrong_one_stops_the_start(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    given(monkeypatch, **values)
    with pytest.raises(SettingError):
        sms_provider()
