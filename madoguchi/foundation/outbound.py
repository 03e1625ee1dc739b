"""HTTP requests that leave the house: only to where they may go, never redirected, with a limit on time and answer."""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

SECONDS = 20
LARGEST_ANSWER = 64 * 1024


class ForbiddenError(Exception):
    """The address is none that may be called."""


@dataclass(frozen=True)
class Answer:
    """What the other side said; ``retry_after`` in seconds, None when it did not say."""

    status: int
    body: str
    retry_after: int | None


def require_callable(url: str, *, inside: Collection[str] = ()) -> SplitResult:
    """The parts of a URL that may be called: ``https``, or the host is one of ``inside``. Asks no name server."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ForbiddenError(f"not a URL: {error}") from None
    if not host or parts.username is not None or any(char.isspace() for char in url):
        raise ForbiddenError("not a URL with a host and without a password")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_inside(host, inside)):
        raise ForbiddenError("only https, but for the hosts that the settings name")
    if port is not None and not 0 < port < 65536:
        raise ForbiddenError("no such port")
    return parts


def is_inside(host: str, inside: Collection[str]) -> bool:
    """Whether a host is named, itself or by its domain (``.example.co.jp``)."""
    name = host.lower().rstrip(".")
    return any(name == one or (one.startswith(".") and name.endswith(one)) for one in inside)


def post(url: str, *, body: bytes, headers: Mapping[str, str], inside: Collection[str] = ()) -> Answer:
    """Post, and what was answered. Only hosts of ``inside`` may lie in a private network (or be this machine).

    The address that is looked at is the one that is called. ForbiddenError: it may not; OSError or
    ``http.client.HTTPException``: the other side is away or does not speak HTTP.
    """
    parts = require_callable(url, inside=inside)
    host = (parts.hostname or "").encode("idna").decode()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address_of(host, port, anywhere=is_inside(host, inside))
    line = _Line(host, port, address, tls=parts.scheme == "https")
    hurry = threading.Timer(SECONDS, line.cut)
    hurry.daemon = True
    hurry.start()
    try:
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", target, body, {"User-Agent": "Madoguchi", **headers})
        response = line.getresponse()
        said = (
            response.read(LARGEST_ANSWER).decode("utf-8", "replace").replace("\0", "")
        )  # which PostgreSQL keeps in no text
        return Answer(response.status, said, _seconds(response.headers.get("Retry-After")))
    finally:
        hurry.cancel()
        line.close()


def _address_of(host: str, port: int, *, anywhere: bool) -> str:
    """The first address of a host; every one of them must be public unless it may lie ``anywhere``."""
    found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if not anywhere and not _is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise ForbiddenError("this host lies in a private network; an administrator can allow it by name")
    return found[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if within:
            return _is_public(within)
        if address in _TRANSLATED:
            return _is_public(ipaddress.IPv4Address(address.packed[-4:]))
    return address.is_global and not address.is_multicast


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def _seconds(written: str | None) -> int | None:
    return int(written) if written and written.isdecimal() and len(written) < 8 else None


class _Line(http.client.HTTPConnection):
    """A connection to an address that was looked at, under the host's name."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = 443 if tls else 80  # what the Host header leaves out
        self._address, self._tls = address, tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), SECONDS)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """It takes too long: whoever reads gets an error."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # not that of TLS, which upsets who reads
