"""A fake Asterisk: a TCP server that plays a recording to whoever logs in, and answers what it is asked.

What it is asked on a connection that was recorded it answers as recorded. After a cut that was not, it answers with the
truth: what is up at that moment of the recording, whether or not the events of it ever arrived.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from tests.gateways.recorded import Recording, Step, without_stamp

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
PATIENCE = 60.0
_FIRST = ("CoreStatus", "CoreShowChannels", "QueueStatus", "BridgeList")
_SHOWN = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
    *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
)

_CHANGING = ("Status", "Paused", "InCall")


@dataclass
class Channel:
    headers: dict[str, str]
    began: float
    bridge: str = ""


@dataclass
class Truth:
    """What is up, as the steps of a recording tell it."""

    channels: dict[str, Channel] = field(default_factory=dict)
    members: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # by queue and interface
    waiting: dict[str, tuple[dict[str, str], float]] = field(default_factory=dict)  # by Uniqueid: since when

    def follow(self, step: Step) -> None:
        m, kind = step.message, step.message.get("Event", "")
        if kind == "Newchannel":
            self.channels[m["Uniqueid"]] = Channel({}, step.at)
        for prefix in ("", "Dest"):
            if (channel := self.channels.get(m.get(f"{prefix}Uniqueid", ""))) is not None:
                channel.headers |= {key: m[prefix + key] for key in _SHOWN if prefix + key in m}
        if kind == "BridgeEnter":
            self.channels[m["Uniqueid"]].bridge = m["BridgeUniqueid"]
        elif kind == "BridgeLeave":
            self.channels[m["Uniqueid"]].bridge = ""
        elif kind == "Hangup":
            self.channels.pop(m["Uniqueid"], None)
        elif kind in ("QueueMemberPause", "QueueMemberStatus", "QueueMemberAdded"):
            self.members[m["Queue"], m["Interface"]] = m
        elif kind == "QueueCallerJoin":
            self.waiting[m["Uniqueid"]] = (m, step.at)
        elif kind == "QueueCallerLeave":
            self.waiting.pop(m["Uniqueid"], None)

    def shown(self, name: str, now: float) -> bytes:
        """The answer to CoreShowChannels."""
        items = []
        for channel in self.channels.values():
            seconds = int(now - channel.began)
            headers = "\r\n".join(f"{key}: {channel.headers.get(key, '')}" for key in _SHOWN)
            duration = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            rest = f"Application: \r\nApplicationData: \r\nDuration: {duration}\r\nBridgeId: {channel.bridge}"
            items.append(f"{headers}\r\n{rest}")
        return _listed("CoreShowChannel", "CoreShowChannelsComplete", items, name)

    def bridges(self, name: str) -> bytes:
        """The answer to BridgeList."""
        found = [channel.bridge for channel in self.channels.values() if channel.bridge]
        items = [
            f"BridgeUniqueid: {bridge}\r\nBridgeType: basic\r\nBridgeNumChannels: {found.count(bridge)}"
            for bridge in dict.fromkeys(found)
        ]
        return _listed("BridgeListItem", "BridgeListComplete", items, name)

    def queues(self, recorded: list[bytes], name: str, now: float) -> bytes:
        """The answer to QueueStatus: the recorded one with how members are now, and who waits."""
        answer = b""
        for raw in recorded:
            lines = dict(line.partition(": ")[::2] for line in raw.decode().split("\r\n"))
            known = self.members.get((lines.get("Queue", ""), lines.get("Location", "")), {})
            if lines.get("Event") == "QueueStatusComplete":
                for m, since in self.waiting.values():
                    entry = "\r\n".join(f"{key}: {m[key]}" for key in ("Queue", "Position", "Channel", "Uniqueid"))
                    caller = f"CallerIDNum: {m['CallerIDNum']}\r\nWait: {int(now - since)}"
                    answer += f"Event: QueueEntry\r\nActionID: {name}\r\n{entry}\r\n{caller}\r\n\r\n".encode()
            answer += _renamed(_with(raw, {key: known[key] for key in _CHANGING if key in known}), name)
        return answer


def _with(raw: bytes, headers: dict[str, str]) -> bytes:
    """The message with other values for these headers."""
    for key, value in headers.items():
        raw = re.sub(rf"\r\n{key}: .".encode(), f"\r\n{key}: {value}".encode(), raw)
    return raw


def _listed(event: str, complete: str, items: list[str], name: str) -> bytes:
    blocks = [f"Response: Success\r\nActionID: {name}\r\nEventList: start\r\nMessage: A list will follow"]
    blocks += [f"Event: {event}\r\nActionID: {name}\r\n{item}" for item in items]
    blocks.append(f"Event: {complete}\r\nActionID: {name}\r\nEventList: Complete\r\nListItems: {len(items)}")
    return "".join(block + "\r\n\r\n" for block in blocks).encode()


class FakeAmi:
    """Plays one recording.

    ``now`` is the recording's time, later by ``wait()``; ``sent`` counts messages after logins, but pongs.
    """

    def __init__(self, recording: Recording, *, stamped: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.recording, self.stamped, self.tls = recording, stamped, tls
        self.secret, self.is_open, self.is_silent = "secret", True, False
        self.is_booted = True  # while it is not, it says so to nobody, and knows nothing of queues
        self.accepts: set[str] = set()  # actions that are answered by Success whether or not they were recorded
        self.refuses: dict[str, str] = {}  # actions that are answered by an error, and what it says
        self.now, self.delay = recording.began, 0.0  # our clock; how much later than recorded it is
        self.truth = Truth()
        self.sent = self.logins = 0
        self.sent_before_login = 0
        self.lost = False  # the client has ended the last connection
        self.place = 0
        self.actions: list[dict[str, str]] = []
        self._recorded = 0  # the recorded connection whose answers are given now; 0: none fits
        self._next, self._cuts, self._back_at = 1, 0, 0.0
        self._writer: asyncio.StreamWriter | None = None
        self._asked: set[str] = set()
        self._names: dict[str, str] = {}  # ActionID as recorded → as our client sent it
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something about this server holds."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: bool(holds()))

    async def ready(self) -> None:
        """A client has logged in and asked for everything that it asks first."""
        await self.until(lambda: self._writer is not None and self._asked >= set(_FIRST))

    def cut(self) -> None:
        """End the connection as a failing network or a killed machine would: at once, with nothing said."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = None

    async def play(
        self,
        upto: int | None = None,
        *,
        before: Callable[[Step], Awaitable[None]] | None = None,
        after: Callable[[Step], Awaitable[None]] | None = None,
    ) -> None:
        """Send the recording's steps from where it stands, up to step ``upto``."""
        steps = self.recording.steps
        while self.place < (len(steps) if upto is None else upto):
            step = steps[self.place]
            self.place += 1
            if step.kind == "cut":
                self.cut()
                self._cuts += 1
                self._next = 1 + self._cuts
                self._back_at = step.at
            await self.ready()
            self.now = max(self.now, step.at + self.delay)
            if before is not None:
                await before(step)
            self.truth.follow(step)
            if step.kind == "event":
                self.send(step.raw)
            elif step.kind == "answer" and step.name in self._names:
                self.send(_renamed(step.raw, self._names[step.name]))
            if after is not None:
                await after(step)

    def wait(self, seconds: float) -> None:
        """So much time goes by in which nothing happens; what is sent from now on is stamped as recorded."""
        self.delay += seconds
        self.now += seconds

    def lose(self, upto: int) -> None:
        """The steps up to ``upto`` happen while nobody listens."""
        while self.place < upto:
            step = self.recording.steps[self.place]
            self.now = max(self.now, step.at + self.delay)
            self._cuts += step.kind == "cut"
            self.truth.follow(step)
            self.place += 1

    async def ordered(self, step: Step) -> dict[str, str]:
        """Wait for the client's action that fits a recorded order; its answers go to it from now on."""
        wanted = {key: step.message[key] for key in ("Action", "Interface") if key in step.message}
        seen = set(self._names.values())

        def found() -> dict[str, str] | None:
            return next((a for a in self.actions if wanted.items() <= a.items() and a["ActionID"] not in seen), None)

        await self.until(found)
        action = found()
        assert action is not None
        self._names[step.name] = action["ActionID"]
        return action

    def boot(self) -> None:
        """All is loaded now."""
        self.is_booted = True
        self._tell_booted()

    def _tell_booted(self) -> None:
        elapsed = 0 if self._recorded else int(self.now - self.recording.began)
        for raw in self.recording.answers.get((self._recorded or 1, "FullyBooted"), ()):
            self.send(re.sub(rb"(?<=Uptime: )\d+", lambda m: b"%d" % (int(m[0]) + elapsed), raw))

    def send(self, raw: bytes) -> None:
        assert self._writer is not None
        self.sent += raw.count(b"\r\n\r\n")
        if not self.is_silent:
            self._writer.write(raw if self.stamped else without_stamp(raw))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        self.now = max(self.now, self._back_at + self.delay)
        writer.write(BANNER)
        try:
            while block := await reader.readuntil(b"\r\n\r\n"):
                lines = block.decode().split("\r\n")
                action = {key: value for key, colon, value in (line.partition(": ") for line in lines) if colon}
                if self.is_silent:
                    continue
                async with self._changed:
                    self.actions.append(action)
                    if not self._answer(action, writer):
                        writer.close()
                        return
                    self._changed.notify_all()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            async with self._changed:
                if self._writer is writer:
                    self._writer, self.lost = None, True
                self._changed.notify_all()

    def _answer(self, action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        """Whether the conversation goes on."""
        kind, name = action["Action"], action.get("ActionID", "")
        if kind == "Login":
            good = action["Secret"] == self.secret
            said = "Success\r\nMessage: Authentication accepted" if good else "Error\r\nMessage: Authentication failed"
            writer.write(f"Response: {said}\r\nActionID: {name}\r\n\r\n".encode())
            if good:
                # Only a cut that was recorded leads to the answers of the next recorded connection.
                self._recorded, self._next = self._next, 0
                self._writer, self._asked, self.lost = writer, set(), False
                self.logins += 1
                self.sent_before_login = self.sent
                if self.is_booted:
                    self._tell_booted()
            return good
        if self._writer is not writer:
            return False
        self._asked.add(kind)
        if kind == "Ping":
            writer.write(f"Response: Success\r\nActionID: {name}\r\nPing: Pong\r\nTimestamp: 1.5\r\n\r\n".encode())
        elif kind in _FIRST:
            self._tell(kind, name)
        elif kind in self.refuses:
            self.send(f"Response: Error\r\nActionID: {name}\r\nMessage: {self.refuses[kind]}\r\n\r\n".encode())
        elif kind == "Filter" or kind in self.accepts:
            self.send(f"Response: Success\r\nActionID: {name}\r\nMessage: Done\r\n\r\n".encode())
        return True

    def _tell(self, kind: str, name: str) -> None:
        """How all stands, as far as the action ``kind`` asks."""
        recorded = self.recording.answers.get((self._recorded or 1, kind), [])
        if kind == "QueueStatus" and not self.is_booted:
            self.send(f"Response: Error\r\nActionID: {name}\r\nMessage: Invalid/unknown command\r\n\r\n".encode())
        elif self._recorded or kind == "CoreStatus":
            self.send(b"".join(_renamed(raw, name) for raw in recorded))
        elif kind == "CoreShowChannels":
            self.send(self.truth.shown(name, self.now))
        elif kind == "BridgeList":
            self.send(self.truth.bridges(name))
        else:
            self.send(self.truth.queues(recorded, name, self.now))


def _renamed(raw: bytes, name: str) -> bytes:
    return re.sub(rb"ActionID: [^\r]*", f"ActionID: {name}".encode(), raw, count=1)
