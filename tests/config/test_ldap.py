"""The directory server from its settings: safe by default, and a wrong one stops the start."""

from pathlib import Path

import pytest

from madoguchi.config.environment import IN_FORCE, SettingError
from madoguchi.config.ldap import ldap_server
from madoguchi.directory.server import LdapServer

BASE = "ou=People,dc=example,dc=co,dc=jp"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "BIND_DN", "PASSWORD", "BASE", "FILTER", "STARTTLS", "CA_FILE", "ATTRIBUTES", "DEPARTMENTS"):
        monkeypatch.delenv(f"MADOGUCHI_LDAP_{name}", raising=False)


def server(monkeypatch: pytest.MonkeyPatch, **values: str) -> LdapServer:
    for name, value in ({"URL": f"ldap://dc1.example.co.jp/{BASE}"} | values).items():
        monkeypatch.setenv(f"MADOGUCHI_LDAP_{name}", value)
    found = ldap_server()
    assert found
    return found


def test_without_an_address_there_is_no_server() -> None:
    assert ldap_server() is None


@pytest.mark.parametrize(
    ("url", "starttls", "tls", "port"),
    [
        ("ldap://dc1.example.co.jp", "auto", "starttls", 389),
        ("ldap://127.0.0.1", "auto", "none", 389),
        ("ldap://[::1]:3890", "auto", "none", 3890),
        ("ldap://localhost", "on", "starttls", 389),
        ("ldap://10.0.0.5", "off", "none", 389),
        ("ldaps://dc1.example.co.jp", "auto", "ldaps", 636),
    ],
)
def test_the_line_is_encrypted_unless_it_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, starttls: str, tls: str, port: int
) -> None:
    found = server(monkeypatch, URL=f"{url}/{BASE}", STARTTLS=starttls)
    assert (found.tls, found.port, found.base) == (tls, port, BASE)
    assert found.is_bare == (starttls == "off")


def test_account_and_password_may_stand_in_the_address_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_url = server(monkeypatch, URL=f"ldap://cn%3Dreader%2Cdc%3Djp:geheim@dc1.example.co.jp/{BASE}")
    assert (in_url.bind_dn, in_url.password) == ("cn=reader,dc=jp", "geheim")
    assert "geheim" not in IN_FORCE["MADOGUCHI_LDAP_URL"][0]
    file = tmp_path / "password"
    file.write_text("geheim2\n", encoding="utf-8")
    in_file = server(monkeypatch, BIND_DN="cn=reader,dc=jp", PASSWORD_FILE=str(file))
    assert (in_file.bind_dn, in_file.password) == ("cn=reader,dc=jp", "geheim2")
    assert "geheim2" not in IN_FORCE["MADOGUCHI_LDAP_PASSWORD"][0]


def test_attributes_of_a_field_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = server(monkeypatch, ATTRIBUTES="kana=sn;phonetic+givenName;phonetic|yomi, extension=")
    assert found.attributes["kana"] == (("sn;phonetic", "givenName;phonetic"), ("yomi",))
    assert found.attributes["extension"] == ()
    assert found.attributes["email"] == (("mail",),)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"URL": "http://dc1.example.co.jp"}, "must begin with ldap:// or ldaps://"),
        ({"URL": "ldap://dc1.example.co.jp"}, "must end with its base"),
        ({"URL": f"ldap://dc1.example.co.jp/{BASE}?mail?sub"}, "settings of their own"),
        ({"BASE": "dc=other"}, "different bases"),
        ({"BIND_DN": "cn=reader"}, "go together"),
        ({"FILTER": "mail=*"}, "must be a filter"),
        ({"URL": f"ldaps://dc1.example.co.jp/{BASE}", "STARTTLS": "on"}, "belongs to ldap://"),
        ({"CA_FILE": "nowhere.pem"}, "holds no certificates"),
        ({"ATTRIBUTES": "furigana=sn"}, "knows no field 'furigana'"),
        ({"ATTRIBUTES": "kana"}, "must name an attribute for kana"),
        ({"DEPARTMENTS": "group"}, "must be one of attribute, ou"),
        ({"VANISHING_PERCENT": "101"}, "at most 100"),
        ({"AT": "25:00"}, "must be a time like 03:30"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence):
        server(monkeypatch, **values)
