"""Typed readers for MADOGUCHI_… variables; a wrong value stops the start with a sentence.

Every name read here is remembered in ``SETTINGS``, so that a test can hold the documentation against it, and in
``IN_FORCE`` with its value, so that the administrator can see it.
"""

import os
import re
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

PREFIX = "MADOGUCHI_"
SETTINGS: dict[str, str] = {}
IN_FORCE: dict[str, tuple[str, str]] = {}  # name → (value without secrets, "environment", "file" or "default")
HIDDEN = "••••••"
_PASSWORD = re.compile(
    r"(?<=://)([^/@:]*):[^@]*@|((?:^|[?&])[^=&?]*(?:pass|secret|token|key)[^=&?]*=)[^&]*", re.IGNORECASE
)


class SettingError(Exception):
    """A setting is missing or wrong; the message is meant for the administrator."""


class NotInitialisedError(SettingError):
    """There is no desk here yet, or it is behind the code."""

    def __init__(self) -> None:
        super().__init__("The database is not up to date: run madoguchi init first.")


@dataclass(frozen=True)
class Address:
    host: str
    port: int


def marked(doc: str) -> str:
    """The sentence itself, marked for the catalogue; Django's own marker needs the settings that are being read."""
    return doc


def text(name: str, default: str = "", *, doc: str, secret: bool = False) -> str:
    """The variable, or the content of the file that ``…_FILE`` names, without surrounding blanks.

    ``secret``: nobody is shown what it is.
    """
    SETTINGS[PREFIX + name] = doc
    value = os.environ.get(PREFIX + name)
    file = os.environ.get(PREFIX + name + "_FILE")
    if value is not None and file is not None:
        raise SettingError(f"Set either {PREFIX}{name} or {PREFIX}{name}_FILE, not both.")
    if file is not None:
        try:
            value = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise SettingError(f"{PREFIX}{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error
    value = (value or "").strip()
    source = "default" if not value else "file" if file is not None else "environment"
    shown = HIDDEN if secret and value else _without_secrets(name, value or default)
    IN_FORCE[PREFIX + name] = (shown, source)
    return value or default


def _without_secrets(name: str, value: str) -> str:
    if value and name.endswith(("_KEY", "_SECRET", "_TOKEN", "_PASSWORD")):
        return HIDDEN
    return _PASSWORD.sub(lambda found: f"{found[1]}:{HIDDEN}@" if found[1] is not None else found[2] + HIDDEN, value)


def boolean(name: str, default: bool, *, doc: str) -> bool:
    value = text(name, "on" if default else "off", doc=doc).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SettingError(f"{PREFIX}{name} must be on or off, not {value!r}.")


def integer(name: str, default: int, *, doc: str, least: int = 0) -> int:
    value = text(name, str(default), doc=doc)
    try:
        number = int(value)
    except ValueError:
        raise SettingError(f"{PREFIX}{name} must be a whole number, not {value!r}.") from None
    if number < least:
        raise SettingError(f"{PREFIX}{name} must be at least {least}, not {number}.")
    return number


def choice(name: str, default: str, options: tuple[str, ...], *, doc: str) -> str:
    value = text(name, default, doc=doc)
    if value not in options:
        raise SettingError(f"{PREFIX}{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def url(name: str, default: str, schemes: tuple[str, ...], *, doc: str) -> SplitResult | None:
    """A URL with one of the schemes and, but for ``sqlite``, a host; None when unset and without default."""
    value = text(name, default, doc=doc)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingError(f"{PREFIX}{name} is not a URL: {error}.") from None
    if parts.scheme not in schemes:
        raise SettingError(f"{PREFIX}{name} must begin with {' or '.join(s + '://' for s in schemes)}.")
    if parts.scheme != "sqlite" and not (parts.hostname or parts.query):
        raise SettingError(f"{PREFIX}{name} names no host.")
    return parts


def time_of_day(written: str, what: str) -> time | None:
    """The time of the desk's day at which something runs by itself, None for ``never``; errors speak of ``what``."""
    if written == "never":
        return None
    try:
        return datetime.strptime(written, "%H:%M").time()  # noqa: DTZ007 (a time of day in the desk's zone)
    except ValueError:
        raise SettingError(f"{what} must be a time like 03:30, or never, not {written!r}.") from None


def mail_address(name: str, default: str = "", *, doc: str) -> str:
    value = text(name, default, doc=doc)
    if not value:
        return value
    local, at, domain = value.rpartition("@")
    if not at or not local or not domain or any(char.isspace() or char in "<>," for char in value):
        raise SettingError(f"{PREFIX}{name} must be a mail address, for instance desk@example.co.jp, not {value!r}.")
    return value


def address(name: str, *, doc: str) -> Address | None:
    """``host:port``; None when unset."""
    value = text(name, doc=doc)
    if not value:
        return None
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingError(f"{PREFIX}{name} must be host:port, for instance 127.0.0.1:2525, not {value!r}.")
    return Address(host.strip("[]"), int(port))
