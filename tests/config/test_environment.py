"""A wrong setting stops the start with a sentence that names it."""

from pathlib import Path

import pytest

from madoguchi.config import environment as env


@pytest.mark.parametrize(
    "value", ["foo", "@example.jp", "desk@", "desk @example.jp", "窓口 <desk@example.jp>", "a@b,c@d"]
)
def test_the_desks_address_is_an_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MADOGUCHI_MAIL_ADDRESS", value)
    with pytest.raises(env.SettingError, match="MADOGUCHI_MAIL_ADDRESS must be a mail address"):
        env.mail_address("MAIL_ADDRESS", "desk@localhost", doc="")


def test_a_setting_may_stand_in_a_file_but_not_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "address"
    file.write_text("desk@example.jp\n", encoding="utf-8")
    monkeypatch.delenv("MADOGUCHI_MAIL_ADDRESS", raising=False)
    monkeypatch.setenv("MADOGUCHI_MAIL_ADDRESS_FILE", str(file))
    assert env.mail_address("MAIL_ADDRESS", "desk@localhost", doc="") == "desk@example.jp"
    monkeypatch.setenv("MADOGUCHI_MAIL_ADDRESS", "desk@example.jp")
    with pytest.raises(env.SettingError, match="not both"):
        env.text("MAIL_ADDRESS", doc="")


@pytest.mark.parametrize(
    ("name", "value"), [("SMTP_LISTEN", "2525"), ("SMTP_LISTEN", "host:0"), ("SMTP_LISTEN", ":25")]
)
def test_a_door_is_host_and_port(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MADOGUCHI_{name}", value)
    with pytest.raises(env.SettingError, match=f"MADOGUCHI_{name} must be host:port"):
        env.address(name, doc="")
