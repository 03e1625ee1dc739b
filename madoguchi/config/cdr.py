"""The call data records of MADOGUCHI_CDR_URL; a wrong entry stops the start with a sentence."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from madoguchi.config import environment as env
from madoguchi.config.environment import marked as _
from madoguchi.gateways.lines import PbxLine
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.sources import CdrSource

NAME = f"{env.PREFIX}CDR_URL"
_KINDS = {"file": "file", "sqlite": "sqlite", "postgres": "postgres", "postgresql": "postgres"}
_OPTIONS = ("pbx", "time_zone", "table", "at", "numbers")
_AT = "03:30"


def cdr_sources(time_zone: str, lines: Sequence[PbxLine]) -> tuple[CdrSource, ...]:
    """None, one or several; ``lines`` are the connected telephone systems, which ``?pbx=`` names."""
    written = env.text(
        "CDR_URL",
        doc=_("call data records that calls are compared with every night: file or database; several apart by blanks"),
    )
    sources = tuple(cdr_source(entry, time_zone, lines, what=NAME) for entry in re.split(r"\s+", written) if entry)
    if len({source.name for source in sources}) < len(sources):
        raise env.SettingError(f"{NAME} names the same source twice.")
    return sources


def cdr_source(entry: str, time_zone: str, lines: Sequence[PbxLine], *, what: str) -> CdrSource:
    """One file or database address; raises SettingError, which speaks of ``what``."""
    try:
        url = urlsplit(entry) if "://" in entry else SplitResult("file", "", *_parted(entry), "")
        _port = url.port
    except ValueError as error:
        raise env.SettingError(f"{what} is not a URL: {error}.") from None
    if url.scheme not in _KINDS:
        raise env.SettingError(f"{what} must be a file or begin with file://, sqlite:// or postgresql://.")
    kind = _KINDS[url.scheme]
    options = _options(url, what, kind)
    table = options.get("table", "cdr")
    if not re.fullmatch(r"\w+(\.\w+)?", table):
        raise env.SettingError(f"{what}: table must be a name, not {table!r}.")
    line = _line(options.get("pbx", ""), lines, what)
    address, name = _address(url, kind, what)
    return CdrSource(
        kind=kind,
        name=name,
        address=address,
        table=table,
        time_zone=_zone(options.get("time_zone") or (line.naming.time_zone if line else time_zone), what),
        sender=line.naming.key if line else "",
        naming=line.naming if line else Pbx(time_zone=time_zone),
        at=env.time_of_day(options.get("at", _AT), f"{what}: at"),
        keeps_numbers=_keeps_numbers(options.get("numbers", "kept"), what),
    )


def _address(url: SplitResult, kind: str, what: str) -> tuple[str, str]:
    """What opens it, and what people are shown."""
    if kind == "postgres":
        kept = "&".join(part for part in url.query.split("&") if part and part.partition("=")[0] not in _OPTIONS)
        if not url.path.strip("/"):
            raise env.SettingError(f"{what} names no database: postgresql://user:password@host/asteriskcdrdb.")
        host = url.hostname or ""
        return url._replace(query=kept).geturl(), f"postgresql://{host}{f':{url.port}' if url.port else ''}{url.path}"
    path = unquote(f"{url.netloc}{url.path}").replace("//", "/")
    if not path.strip("/"):
        raise env.SettingError(f"{what} names no file.")
    return path, path


def _parted(entry: str) -> tuple[str, str]:
    path, _mark, query = entry.partition("?")
    return path, query


def _options(url: SplitResult, what: str, kind: str) -> dict[str, str]:
    parts = (part.partition("=") for part in url.query.split("&") if part)
    options = {key: unquote(value) for key, _equals, value in parts}
    for option in options:
        if option not in _OPTIONS and kind != "postgres":
            raise env.SettingError(f"{what} knows no {option!r}, only {', '.join(_OPTIONS)}.")
    return options


def _line(name: str, lines: Sequence[PbxLine], what: str) -> PbxLine | None:
    """The telephone system of that name; without a name the only one there is."""
    if not name:
        return lines[0] if len(lines) == 1 else None
    for line in lines:
        if line.name == name:
            return line
    known = ", ".join(line.name for line in lines) or "none"
    raise env.SettingError(f"{what}: no telephone system is called {name!r}; MADOGUCHI_ASTERISK_URL names {known}.")


def _zone(written: str, what: str) -> str:
    try:
        ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise env.SettingError(f"{what}: {written!r} is no time zone; try Asia/Tokyo.") from None
    return written


def _keeps_numbers(written: str, what: str) -> bool:
    if written not in ("kept", "dropped"):
        raise env.SettingError(f"{what}: numbers must be kept or dropped, not {written!r}.")
    return written == "kept"
