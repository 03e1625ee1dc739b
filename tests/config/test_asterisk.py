"""MADOGUCHI_ASTERISK_URL: one or several telephone systems, and a sentence for everything that is wrong."""

import pytest

from madoguchi.config.asterisk import pbx_lines
from madoguchi.config.environment import IN_FORCE, SettingError
from madoguchi.gateways.lines import PbxLine


def lines(monkeypatch: pytest.MonkeyPatch, written: str, ca_file: str = "") -> tuple[PbxLine, ...]:
    monkeypatch.setenv("MADOGUCHI_ASTERISK_URL", written)
    monkeypatch.setenv("MADOGUCHI_ASTERISK_CA_FILE", ca_file)
    return pbx_lines("Asia/Tokyo")


def test_nothing_set_is_no_telephone_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(monkeypatch, "") == ()


def test_a_line_has_what_an_asterisk_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines(monkeypatch, "ami://cti:s%40c%2Cret@10.0.0.5")
    assert (line.server.host, line.server.port, line.server.user) == ("10.0.0.5", 5038, "cti")
    assert (line.server.secret, line.server.tls) == ("s@c,ret", None)
    assert (line.key, line.name, line.context) == ("asterisk:10.0.0.5:5038", "10.0.0.5:5038", "from-internal")
    assert line.naming.time_zone == "Asia/Tokyo"
    assert "s@c,ret" not in repr(line)
    assert "s%40c" not in IN_FORCE["MADOGUCHI_ASTERISK_URL"][0]


def test_several_lines_have_names_and_options_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = (
        r"amis://a:b@pbx1?name=tokyo&ours=\d{3,4}&trunks=9+, ami://a:b@pbx2:15038?name=osaka&device=SIP/{extension}"
    )
    tokyo, osaka = lines(monkeypatch, written)
    assert (tokyo.key, tokyo.server.port, tokyo.naming.ours, tokyo.naming.trunks) == (
        "asterisk:tokyo",
        5039,
        r"\d{3,4}",
        "9+",
    )
    assert tokyo.server.tls is not None
    assert tokyo.server.tls.check_hostname
    assert (osaka.key, osaka.server.port, osaka.device) == ("asterisk:osaka", 15038, "SIP/{extension}")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("http://a:b@pbx", "must begin with ami:// or amis://"),
        ("ami://a:b@", "names no host"),
        ("ami://pbx", "needs the user and the secret"),
        ("ami://a:b@pbx:99999", "is not a URL"),
        ("ami://a:b@pbx/?port=1", "knows no 'port'"),
        ("ami://a:b@pbx/desk", "nothing after the port"),
        ("ami://a:b@pbx?ours=(", "ours is no regular expression"),
        ("ami://a:b@pbx?device=SIP", "device must be like PJSIP/{extension}"),
        ("ami://a:b@pbx?prefix=0w", "prefix must be digits"),
        ("ami://a:b@pbx?time_zone=Nowhere", "'Nowhere' is no time zone"),
        ("ami://a:b@pbx ami://c:d@pbx", "names the same telephone system twice"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, written: str, sentence: str) -> None:
    with pytest.raises(SettingError, match="MADOGUCHI_ASTERISK_URL") as refused:
        lines(monkeypatch, written)
    assert sentence in str(refused.value)


def test_a_file_without_certificates_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="MADOGUCHI_ASTERISK_CA_FILE names /dev/null"):
        lines(monkeypatch, "amis://a:b@pbx", "/dev/null")
