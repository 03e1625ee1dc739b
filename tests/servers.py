"""Real mail servers for the tests: Dovecot for a mailbox, a server that takes what we send, and our own SMTP door."""

import asyncio
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.db import connections

from madoguchi.gateways import smtp

needs_dovecot = pytest.mark.skipif(
    shutil.which("dovecot") is None or os.geteuid() != 0,
    reason="Dovecot (dovecot-imapd) is missing or we are not root",
)


@pytest.fixture(scope="session")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Dovecot of our own; every user has the password ``secret``."""
    folder = tmp_path_factory.mktemp("dovecot")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    port = _free_port()
    nobody = pwd.getpwnam("nobody")
    (folder / "mail").mkdir()
    os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    config = folder / "dovecot.conf"
    config.write_text(f"""
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")
    process = subprocess.Popen(["dovecot", "-F", "-c", str(config)], stderr=subprocess.PIPE)
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    else:
        process.kill()
        pytest.fail(f"Dovecot does not start: {(folder / 'log').read_text() if (folder / 'log').exists() else ''}")
    yield port
    process.terminate()
    process.wait(60)


@pytest.fixture
def mailbox(dovecot: int, request: pytest.FixtureRequest) -> SplitResult:
    """A mailbox of this test alone."""
    return urlsplit(f"imap://user{abs(hash(request.node.nodeid))}:secret@127.0.0.1:{dovecot}/INBOX")


def signed_in(mailbox: SplitResult) -> imaplib.IMAP4:
    assert mailbox.hostname
    assert mailbox.username
    client = imaplib.IMAP4(mailbox.hostname, mailbox.port or 143)
    client.login(mailbox.username, mailbox.password or "")
    client.select("INBOX")
    return client


def put(mailbox: SplitResult, *mails: bytes, flags: str = "") -> None:
    """Mails arrive in the mailbox."""
    client = signed_in(mailbox)
    for raw in mails:
        answer = client.append("INBOX", flags, "", raw)
        assert answer[0] == "OK", answer
    client.logout()


class Sink:
    """A mail server that remembers what it took, and refuses what a test tells it to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.replies: dict[str, str] = {}
        self.connections = 0

    def to(self, address: str) -> list[bytes]:
        """What was sent to an address, in order."""
        return [content for _sender, recipients, content in self.taken if address in recipients]

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@pytest.fixture
def sink(settings: LazySettings) -> Iterator[Sink]:
    """The mail server that the desk sends through."""
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=_free_port())
    controller.start()
    settings.SMTP = urlsplit(f"smtp://127.0.0.1:{controller.port}")
    yield handler
    controller.stop()


@pytest.fixture
def smtp_door(transactional_db: None, settings: LazySettings) -> Iterator[int]:
    """The port of our own door for mails of up to 5 MB: its own event loop and threads."""
    settings.MAIL_LARGEST = 5_000_000
    port = _free_port()
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop: list[asyncio.Event] = []

    async def run() -> None:
        stop.append(asyncio.Event())
        up = asyncio.Event()
        serving = asyncio.create_task(smtp.serve("127.0.0.1", port, stop[0], ready=up))
        await up.wait()
        ready.set()
        await serving

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(60)
    yield port
    loop.call_soon_threadsafe(stop[0].set)
    thread.join(60)
    loop.close()
    connections.close_all()


def send_raw(
    port: int, raw: bytes, *, sender: str = "yamada@example.co.jp", to: str = "desk@localhost"
) -> tuple[int, bytes]:
    """Hand over bytes without smtplib's repairs: only dots are stuffed."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo("test")
        client.mail(sender)
        client.rcpt(to)
        assert client.docmd("DATA")[0] == 354
        stuffed = raw.replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        client.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return client.getreply()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
