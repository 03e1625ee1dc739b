"""Fan-out: which connection hears which topic. Lives on the event loop; no locks."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from madoguchi.journal.tail import Position, Tailed
from madoguchi.live.topics import topics_of

_QUEUED = 200


class Connection:
    """One open stream: the topics it hears and what waits to be sent."""

    def __init__(self, topics: frozenset[str], since: Position) -> None:
        self.topics = topics
        self.since = since
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED)
        self.overflowed = False

    def put(self, data: bytes | None) -> None:
        """Queue it; a reader too slow to take it is cut off (and resumes from the last id it got)."""
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            self.overflowed = True


class Hub:
    """All open connections of this process, by topic."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self._by_topic: defaultdict[str, set[Connection]] = defaultdict(set)
        self._connections: set[Connection] = set()

    def __len__(self) -> int:
        return len(self._connections)

    def join(self, topics: frozenset[str], since: Position) -> Connection:
        """Open a connection that hears everything behind ``since`` that is delivered from now on."""
        connection = Connection(topics, since)
        self._connections.add(connection)
        for topic in topics:
            self._by_topic[topic].add(connection)
        return connection

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        for topic in connection.topics:
            self._by_topic[topic].discard(connection)
            if not self._by_topic[topic]:
                del self._by_topic[topic]

    def deliver(self, position: Position, entries: Sequence[Tailed]) -> None:
        """Queue a batch for whoever hears it; each connection gets it in one piece."""
        self.position = position
        hearing: defaultdict[Connection, list[tuple[Tailed, str]]] = defaultdict(list)
        for entry in entries:
            for topic in topics_of(entry):
                for connection in self._by_topic.get(topic, ()):
                    if entry.position > connection.since:
                        hearing[connection].append((entry, topic))
        for connection, rings in hearing.items():
            connection.put(written(rings))

    def end_all(self) -> None:
        """Tell every stream to end."""
        for connection in self._connections:
            connection.overflowed = True
            connection.put(None)


def rings_for(topics: frozenset[str], entries: Iterable[Tailed]) -> list[tuple[Tailed, str]]:
    """What a connection with these topics hears of the entries."""
    return [(entry, topic) for entry in entries for topic in topics_of(entry) if topic in topics]


def written(rings: Sequence[tuple[Tailed, str]]) -> bytes:
    """The rings as server-sent events, the same topic and name only once, at its last place.

    Only the last ring of an entry carries the id, so that a stream cut between two rings of one entry repeats the
    entry on resuming instead of losing half of it.
    """
    latest: dict[tuple[str, str], Tailed] = {}
    for entry, topic in rings:
        latest.pop((topic, entry.kind), None)
        latest[topic, entry.kind] = entry
    pieces = []
    items = list(latest.items())
    for place, ((topic, name), entry) in enumerate(items):
        is_last = place + 1 == len(items) or items[place + 1][1] is not entry
        pieces.append(
            event(
                "ring", {"topic": topic, "name": name, "id": entry.position.entry}, entry.position if is_last else None
            )
        )
    return b"".join(pieces)


def event(kind: str, data: object, position: Position | None = None) -> bytes:
    """One server-sent event."""
    mark = f"id: {position}\n" if position else ""
    return f"{mark}event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
