"""The telephone systems of MADOGUCHI_ASTERISK_URL; a wrong entry stops the start with a sentence."""

import re
import ssl
import zoneinfo
from urllib.parse import SplitResult, unquote, urlsplit

from madoguchi.config import environment as env
from madoguchi.config.environment import marked as _
from madoguchi.gateways.ami import Server
from madoguchi.gateways.lines import PbxLine
from madoguchi.telephony.providers.asterisk.pbx import Pbx

NAME = f"{env.PREFIX}ASTERISK_URL"
PORTS = {"ami": 5038, "amis": 5039}
LONGEST_KEY = 64
_OPTIONS = ("name", "context", "device", "ours", "trunks", "time_zone", "prefix")


def pbx_lines(time_zone: str) -> tuple[PbxLine, ...]:
    """None, one or several; ``time_zone`` is the desk's own, for a PBX that names none."""
    written = env.text(
        "ASTERISK_URL",
        doc=_("Asterisk's manager interface, ami://user:secret@host; several apart by blanks; unset: none"),
    )
    ca_file = env.text("ASTERISK_CA_FILE", doc=_("certificates that an amis:// line's must come from; unset: usual"))
    lines = tuple(
        _line(entry, time_zone, ca_file) for entry in re.split(r"[\s,]+(?=\w+://)", written.strip(" ,")) if entry
    )
    for what in ("key", "name"):
        if len({getattr(line, what) for line in lines}) < len(lines):
            raise env.SettingError(f"{NAME} names the same telephone system twice; tell them apart by ?name=….")
    return lines


def _line(entry: str, time_zone: str, ca_file: str) -> PbxLine:
    try:
        url = urlsplit(entry)
        port = url.port
    except ValueError as error:
        raise env.SettingError(f"{NAME} is not a URL: {error}.") from None
    if url.scheme not in PORTS:
        raise env.SettingError(f"{NAME} must begin with ami:// or amis://.")
    if not url.hostname:
        raise env.SettingError(f"{NAME} names no host.")
    if not url.username or not url.password:
        raise env.SettingError(
            f"{NAME} needs the user and the secret of manager.conf: ami://user:secret@{url.hostname}."
        )
    options = _options(url)
    address = f"{url.hostname}:{port or PORTS[url.scheme]}"
    name = options.get("name", address)
    server = Server(
        host=url.hostname,
        port=port or PORTS[url.scheme],
        user=unquote(url.username),
        secret=unquote(url.password),
        tls=_tls(ca_file) if url.scheme == "amis" else None,
    )
    naming = Pbx(
        key=f"asterisk:{name}"[:LONGEST_KEY],
        time_zone=_zone(options.get("time_zone", time_zone)),
        ours=_pattern("ours", options.get("ours", Pbx.ours)),
        trunks=_pattern("trunks", options.get("trunks", "")),
    )
    device = options.get("device", PbxLine.device)
    if "{extension}" not in device or "/" not in device:
        raise env.SettingError(f"{NAME}: device must be like PJSIP/{{extension}}, not {device!r}.")
    prefix = options.get("prefix", "")
    if re.search(r"[^0-9*#]", prefix):
        raise env.SettingError(f"{NAME}: prefix must be digits, not {prefix!r}.")
    return PbxLine(server, naming, name, options.get("context", PbxLine.context), device, prefix)


def _options(url: SplitResult) -> dict[str, str]:
    if url.path.strip("/") or url.fragment:
        raise env.SettingError(f"{NAME} has nothing after the port but ?name=value&….")
    parts = (part.partition("=") for part in url.query.split("&") if part)
    options = {key: unquote(value) for key, _equals, value in parts}  # unlike in a form, a plus is a plus
    for option in options:
        if option not in _OPTIONS:
            raise env.SettingError(f"{NAME} knows no {option!r}, only {', '.join(_OPTIONS)}.")
    return options


def _pattern(option: str, written: str) -> str:
    try:
        re.compile(written)
    except re.error as error:
        raise env.SettingError(f"{NAME}: {option} is no regular expression: {error}.") from None
    return written


def _zone(written: str) -> str:
    try:
        zoneinfo.ZoneInfo(written)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise env.SettingError(f"{NAME}: {written!r} is no time zone; try Asia/Tokyo.") from None
    return written


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise env.SettingError(
            f"MADOGUCHI_ASTERISK_CA_FILE names {ca_file}, which holds no certificates: {error}."
        ) from None
