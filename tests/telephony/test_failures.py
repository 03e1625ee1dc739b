"""What went wrong with a line is said in words, with whatever the machine itself says of it."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from django.utils import translation

from madoguchi.gateways.ami import NO_ANSWER, ConnectionLostError, Server, signed_in
from madoguchi.telephony.failures import CERTIFICATE, NO_PASSWORD, REFUSED, failure, msgid_of
from tests.gateways.certificate import made_for
from tests.gateways.running import run_through


def said(server: Server) -> str:
    """What our client says when there is no line to this server."""

    async def connect() -> None:
        async with signed_in(server):
            pass

    with pytest.raises(ConnectionLostError) as lost:
        run_through(connect())
    return str(lost.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_nobody_listens_at(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody else gets it, and nobody listens
        assert msgid_of(said(Server(host, taken.getsockname()[1], "u", "s"))) == REFUSED


def test_a_name_that_does_not_exist() -> None:
    words, raw = failure(said(Server("pbx.invalid", 5038, "u", "s")))
    assert "DNS" in words
    assert raw


def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    certificate, key = made_for("127.0.0.1", tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)

    async def connect() -> str:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=theirs)
        async with server:
            port = server.sockets[0].getsockname()[1]
            try:
                async with signed_in(Server("127.0.0.1", port, "u", "s", ssl.create_default_context())):
                    return ""
            except ConnectionLostError as error:
                return str(error)

    assert msgid_of(run_through(connect())) == CERTIFICATE


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[Errno 113] Connect call failed ('2001:db8::1', 5038, 0, 0)", "そのホストへの経路がありません。"),
        ("[Errno 110] Connect call failed ('10.0.0.5', 5038)", "時間内に応答がありませんでした。"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1020)", "TLS"),
        ("[Errno 104] Connection reset by peer", "接続が切断されました。"),
        ("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] x", "接続を拒否されました"),
        ('connection failed: FATAL:  password authentication failed for user "reader"', "パスワード"),
    ],
)
def test_what_is_known_is_said_in_words_and_kept_as_it_was_said(written: str, words: str) -> None:
    with translation.override("ja"):
        found = failure(written)
    assert words in found.words
    assert found.raw == written


def test_our_own_sentences_and_what_nobody_foresaw_stand_alone() -> None:
    with translation.override("ja"):
        assert failure(NO_ANSWER) == ("電話システムが応答しません。", "")
        assert failure("Jumped over the moon") == ("Jumped over the moon", "")
        assert failure("") == ("", "")
        assert "パスワード" in failure(NO_PASSWORD).words
