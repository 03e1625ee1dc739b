"""A client of Asterisk's manager interface: one connection, its messages in the order of the wire, our actions."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field


def _(sentence: str) -> str:
    """The sentence itself, marked for the catalogue: the settings read this module, and Django's marker needs them."""
    return sentence


BANNER = b"Asterisk Call Manager"
LARGEST_MESSAGE = 1024 * 1024
# What an administrator is told, by ``telephony.failures`` in their language.
CLOSED = _("The telephone system closed the connection.")
SILENT = _("The network is silent.")
NO_ANSWER = _("The telephone system does not answer.")
NO_ASTERISK = _("What answers there is no Asterisk Manager Interface.")
REFUSED = "Authentication failed"  # as an Asterisk says it
_CHUNK = 256 * 1024
_SIGN_IN_WITHIN = 10.0
_END_WITHIN = 1.0
log = logging.getLogger(__name__)

type Pairs = list[tuple[str, str]]


class ConnectionLostError(Exception):
    """The line is gone, silent, or does not speak as an Asterisk would; the message says how."""


class NotAdmittedError(Exception):
    """The PBX refuses name or password; trying again at once would not help."""


@dataclass(frozen=True)
class Server:
    """Where a PBX is and who we are there. ``tls``: None for a plain line."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Patience:
    """Seconds: of silence until we ask whether the other side is there, and until we believe that it is not."""

    ask_after: float = 4.0
    give_up_after: float = 11.0


PATIENCE = Patience()


class Framing:
    """Bytes as they come into messages: headers ``Key: value``, ended by an empty line.

    What is no header is left out, bytes that are no UTF-8 are replaced, and a message beyond ``LARGEST_MESSAGE`` is
    passed over (``dropped`` counts them): the stream goes on behind its empty line.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._kept = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Pairs]:
        """The messages that these bytes complete."""
        *complete, self._kept = (self._kept + data).split(b"\r\n\r\n")
        found = []
        for raw in complete:
            if self._skipping or len(raw) > LARGEST_MESSAGE:
                self.dropped += 1
                log.warning("A message of more than %s bytes was passed over.", LARGEST_MESSAGE)
            elif pairs := read_message(raw):
                found.append(pairs)
            self._skipping = False
        if len(self._kept) > LARGEST_MESSAGE:
            # The empty line that ends it may have come in part.
            self._kept, self._skipping = self._kept[-3:], True
        return found


def read_message(raw: bytes) -> Pairs:
    """The headers of one message in the order of the wire; keys can repeat."""
    pairs = []
    for line in raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}").split("\n"):
        key, colon, value = line.rstrip("\r").partition(":")
        if colon and key and not key.isspace():
            pairs.append((key.strip(), value.removeprefix(" ")))
    return pairs


def written(pairs: Sequence[tuple[str, str]]) -> bytes:
    """An action as bytes; what would break out of its line (somebody typed it) becomes a blank."""
    lines = (" ".join(f"{key}: {value}".splitlines()) for key, value in pairs)
    return ("".join(line.replace("\0", " ") + "\r\n" for line in lines) + "\r\n").encode("utf-8", "replace")


class Connection:
    """One connection that is signed in, from ``signed_in()``; ``messages()`` has one reader."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: Patience) -> None:
        self._reader, self._writer, self._patience = reader, writer, patience
        self._framing = Framing()
        self._early: list[Pairs] = []
        self._numbers = 0

    @property
    def dropped(self) -> int:
        """How many messages were too large to be read."""
        return self._framing.dropped

    def send(self, action: str, fields: Sequence[tuple[str, str]] = (), *, name: str = "") -> Pairs:
        """Write an action, without waiting, and return it as sent; its ActionID is ``name``, else the next number."""
        self._numbers += 1
        pairs = [("Action", action), ("ActionID", name or f"madoguchi-{self._numbers}"), *fields]
        self._writer.write(written(pairs))
        return pairs

    async def messages(self) -> AsyncIterator[Pairs]:
        """Every message that is received, answers included, until the line is lost: then ``ConnectionLostError``."""
        for pairs in self._early:
            yield pairs
        loop = asyncio.get_running_loop()
        heard, asked = loop.time(), False
        while True:
            try:
                async with asyncio.timeout(self._patience.ask_after):
                    data = await self._reader.read(_CHUNK)
            except TimeoutError:
                # Whoever reads may have been busy, or this machine stopped, for longer: that is no silence yet.
                if asked and loop.time() - heard >= self._patience.give_up_after:
                    raise ConnectionLostError(SILENT) from None
                self.send("Ping")
                asked = True
                continue
            except OSError as error:
                raise ConnectionLostError(str(error) or type(error).__name__) from error
            if not data:
                raise ConnectionLostError(CLOSED)
            for pairs in self._framing.feed(data):
                yield pairs
            heard, asked = loop.time(), False

    async def sign_in(self, user: str, secret: str) -> None:
        """Read the greeting and log in."""
        if not (await self._reader.readline()).startswith(BANNER):
            raise ConnectionLostError(NO_ASTERISK)
        (_, (_, name), *_) = self.send("Login", [("Username", user), ("Secret", secret)])
        while data := await self._reader.read(_CHUNK):
            received = self._framing.feed(data)
            for place, pairs in enumerate(received):
                answer = dict(pairs)
                if answer.get("ActionID") == name:
                    if answer.get("Response") != "Success":
                        raise NotAdmittedError(answer.get("Message") or REFUSED)
                    self._early = received[place + 1 :]
                    return
        raise ConnectionLostError(CLOSED)

    async def close(self) -> None:
        """End it, without waiting for a network that does not answer."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_END_WITHIN):
                await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def signed_in(server: Server, patience: Patience = PATIENCE) -> AsyncIterator[Connection]:
    """A connection while the block lasts; raises ConnectionLostError or NotAdmittedError where none comes about."""
    try:
        async with asyncio.timeout(_SIGN_IN_WITHIN):
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=server.tls)
    except TimeoutError:
        raise ConnectionLostError(NO_ANSWER) from None
    except OSError as error:
        raise ConnectionLostError(str(error) or type(error).__name__) from error
    connection = Connection(reader, writer, patience)
    try:
        try:
            async with asyncio.timeout(_SIGN_IN_WITHIN):
                await connection.sign_in(server.user, server.secret)
        except TimeoutError:
            raise ConnectionLostError(NO_ANSWER) from None
        except (OSError, ValueError) as error:  # ValueError: a greeting without end
            raise ConnectionLostError(str(error) or type(error).__name__) from error
        yield connection
    finally:
        await connection.close()


class BackOff:
    """How long to wait before the next attempt: doubling up to ``most`` seconds, a part of it by chance.

    A connection that held for ``settled`` seconds makes it begin anew (``reset``).
    """

    def __init__(self, least: float = 0.5, most: float = 30.0, settled: float = 5.0) -> None:
        self.least, self.most, self.settled = least, most, settled
        self.failures = 0

    def reset(self) -> None:
        """It works again."""
        self.failures = 0

    def next(self) -> float:
        """Seconds; several that lost their lines together do not come back together."""
        longest = min(self.most, self.least * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return longest * random.uniform(0.5, 1.0)
