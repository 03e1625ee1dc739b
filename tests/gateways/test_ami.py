"""The client of the manager interface against a real socket: what it survives, what it notices, what it says."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.gateways import ami
from madoguchi.gateways.ami import (
    BackOff,
    ConnectionLostError,
    Framing,
    NotAdmittedError,
    Pairs,
    Patience,
    Server,
    signed_in,
    written,
)
from tests.gateways.certificate import made_for
from tests.gateways.running import run_through

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
WELCOME = b"Response: Success\r\nActionID: madoguchi-1\r\nMessage: Authentication accepted\r\n\r\n"
QUICK = Patience(ask_after=0.05, give_up_after=0.14)

type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk_with(talk: Talk, client: Callable[[int], Awaitable[Any]], tls: ssl.SSLContext | None = None) -> Any:
    """What ``client`` (given a port) comes to against a server that speaks as ``talk`` says."""

    async def run() -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except OSError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        async with server, asyncio.timeout(60):
            return await client(server.sockets[0].getsockname()[1])

    return run_through(run())


async def login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(GREETING)
    asked = await reader.readuntil(b"\r\n\r\n")
    writer.write(WELCOME)
    return asked


async def all_messages(port: int, patience: Patience = ami.PATIENCE, tls: ssl.SSLContext | None = None) -> Any:
    """Everything received until the line is lost, and why it was."""
    found: list[Pairs] = []
    async with signed_in(Server("127.0.0.1", port, "cti", "s3cret", tls), patience) as connection:
        try:
            async for pairs in connection.messages():
                found.append(pairs)
        except ConnectionLostError as error:
            return found, str(error), connection.dropped


def test_what_comes_with_the_welcome_and_later_is_read_in_order_with_repeated_keys() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked == b"Action: Login\r\nActionID: madoguchi-1\r\nUsername: cti\r\nSecret: s3cret\r\n\r\n"
        writer.write(WELCOME + b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\nEvent: Newcha")
        await writer.drain()
        writer.write("nnel\r\nChanVariable: a=1\r\nChanVariable: b=2\r\nCallerIDName: 山田\r\nEmpty: \r\n\r\n".encode())

    found, why, _ = talk_with(talk, all_messages)
    assert found == [
        [("Event", "FullyBooted"), ("Status", "Fully Booted")],
        [
            ("Event", "Newchannel"),
            ("ChanVariable", "a=1"),
            ("ChanVariable", "b=2"),
            ("CallerIDName", "山田"),
            ("Empty", ""),
        ],
    ]
    assert why == ami.CLOSED


def test_garbled_and_endless_messages_cost_only_themselves(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await login(reader, writer)
        writer.write(b"\xff\xfe\x00garbage without colon\r\n: no key\r\n\r\n")
        writer.write(b"Event: Long\r\nText: " + b"x" * 3_000_000 + b"\r\n\r\n")
        writer.write(b"Event: Bad\r\nName: \xff\x00\r\nCallerIDName: a: b\r\n\r\n")

    found, _why, dropped = talk_with(talk, all_messages)
    assert found == [[("Event", "Bad"), ("Name", "\ufffd\ufffd"), ("CallerIDName", "a: b")]]
    assert dropped == 1
    assert "was passed over" in caplog.text


@given(st.lists(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.text("xyz: ", max_size=9)), min_size=1)), st.data())
def test_however_the_bytes_are_cut_the_messages_are_the_same(messages: list[Pairs], data: st.DataObject) -> None:
    raw = b"".join(written(pairs) for pairs in messages)
    whole = Framing().feed(raw)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    framing = Framing()
    parts = [raw[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert [pairs for part in parts for pairs in framing.feed(part)] == whole
    assert len(whole) == len(messages)


def test_nothing_that_somebody_typed_breaks_out_of_its_line() -> None:
    assert written([("Action", "Originate"), ("Exten", "03\r\nAction: Logoff\n\0x")]) == (
        b"Action: Originate\r\nExten: 03 Action: Logoff  x\r\n\r\n"
    )


def test_a_wrong_password_is_told_clearly() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"Response: Error\r\nActionID: madoguchi-1\r\nMessage: Authentication failed\r\n\r\n")

    with pytest.raises(NotAdmittedError, match="Authentication failed"):
        talk_with(talk, all_messages)


def test_a_server_of_another_kind_is_told_clearly() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.jp ESMTP\r\n")

    with pytest.raises(ConnectionLostError, match=ami.NO_ASTERISK):
        talk_with(talk, all_messages)


def test_nobody_there_is_told_clearly() -> None:
    async def closed(_port: int) -> None:
        await all_messages(1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    with pytest.raises(ConnectionLostError, match=r"refused|Connect"):
        talk_with(talk, closed)


def test_a_silent_network_is_noticed_by_asking() -> None:
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await login(reader, writer)
        while data := await reader.read(10_000):
            asked.append(data)

    found, why, _ = talk_with(talk, lambda port: all_messages(port, QUICK))
    assert (found, why) == ([], ami.SILENT)
    assert b"Action: Ping\r\n" in b"".join(asked)


def test_a_quiet_pbx_that_answers_is_not_silent() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await login(reader, writer)
        for _ in range(5):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"Response: Success\r\nPing: Pong\r\n\r\n")

    found, why, _ = talk_with(talk, lambda port: all_messages(port, QUICK))
    assert (len(found), why) == (5, ami.CLOSED)


def test_who_is_busy_with_a_message_for_long_has_not_heard_silence() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await login(reader, writer)
        writer.write(b"Event: One\r\n\r\n")
        await reader.readuntil(b"Action: Ping\r\n")
        writer.write(b"Event: Two\r\n\r\n")

    async def client(port: int) -> list[Pairs]:
        found: list[Pairs] = []
        async with signed_in(Server("127.0.0.1", port, "cti", "s3cret"), QUICK) as connection:
            async for pairs in connection.messages():
                found.append(pairs)
                if len(found) == 2:
                    break
                await asyncio.sleep(QUICK.give_up_after)
        return found

    assert talk_with(talk, client) == [[("Event", "One")], [("Event", "Two")]]


def test_in_real_use_silence_is_noticed_within_some_twelve_seconds() -> None:
    patience = ami.PATIENCE
    asking = -(-patience.give_up_after // patience.ask_after) * patience.ask_after
    assert patience.give_up_after <= asking <= 12


def test_an_encrypted_line_must_show_a_certificate_that_fits(tmp_path: Path) -> None:
    certificate, key = made_for("127.0.0.1", tmp_path)
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(certificate, key)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await login(reader, writer)
        writer.write(b"Event: Secret\r\n\r\n")

    known = ssl.create_default_context(cafile=certificate)
    found, _why, _ = talk_with(talk, lambda port: all_messages(port, tls=known), offered)
    assert found == [[("Event", "Secret")]]
    strange = ssl.create_default_context()
    with pytest.raises(ConnectionLostError, match="certificate verify failed"):
        talk_with(talk, lambda port: all_messages(port, tls=strange), offered)


def test_attempts_come_later_and_later_and_at_once_again_after_it_worked() -> None:
    back_off = BackOff(0.5, 30.0)
    waits = [back_off.next() for _ in range(12)]
    assert all(0.5 * 2**n / 2 <= wait <= 0.5 * 2**n for n, wait in enumerate(waits[:6]))
    assert all(15 <= wait <= 30 for wait in waits[6:])
    back_off.reset()
    assert back_off.next() <= 0.5
