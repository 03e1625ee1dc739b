"""The SMTP door: a mail is answered with 250 only after it is committed, and never refused for what it says."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from madoguchi.journal.record import NamedActor
from madoguchi.mail.actions import take_in
from madoguchi.mail.models import IncomingMail

BY = NamedActor("system", "SMTP")
MOST_CONNECTIONS = 200
WORKERS = 4
LONGEST_LINE = 10 * 1024 * 1024
log = logging.getLogger(__name__)


class Door:
    """The answers to RCPT and DATA."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        own_domain = settings.MAIL_ADDRESS.rpartition("@")[2].lower()
        own = {own_domain, settings.RECORD_ADDRESS.rpartition("@")[2].lower()} - {""}
        if address.rpartition("@")[2].lower() not in own:
            return "550 5.7.1 This server only takes mail for the desk"
        if len(envelope.rcpt_tos) >= 100:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        assert isinstance(raw, bytes)
        try:
            # aiosmtpd gives a null sender as it was written.
            sender = (envelope.mail_from or "").strip("<>")
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self.pool, _take, raw, sender, list(envelope.rcpt_tos))
        except (DatabaseError, InterfaceError, OSError) as error:
            log.error("a mail could not be kept, its sender was asked to try again: %s", error)
            return "451 4.3.0 Temporary trouble, try again later"
        except Exception:
            log.exception("a mail could not be kept, its sender was asked to try again")
            return "451 4.3.0 Temporary trouble, try again later"
        return "250 2.0.0 Kept"


class Conversation(SMTP):
    """One connection; more than the house can hold are asked to come back."""

    line_length_limit = LONGEST_LINE
    open_now = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Conversation.open_now += 1
        if Conversation.open_now > MOST_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            self.turned_away = True
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        Conversation.open_now -= 1
        if not getattr(self, "turned_away", False):
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if not getattr(self, "turned_away", False):
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return False if getattr(self, "turned_away", False) else super().eof_received()


def _take(raw: bytes, envelope_from: str, envelope_to: list[str]) -> None:
    try:
        take_in(raw, source=IncomingMail.Source.SMTP, envelope_from=envelope_from, envelope_to=envelope_to, by=BY)
    except Exception:
        # The next mail gets a fresh connection, whatever became of this one.
        connection.close()
        raise


async def serve(host: str, port: int, stop: asyncio.Event, *, ready: asyncio.Event | None = None) -> None:
    """Listen until ``stop`` is set, then finish what is being taken in. Several gateways may share a port."""
    loop = asyncio.get_running_loop()
    # SQLite has one writer: while it is at work, a second thread reads the next mail and lays down its bytes.
    pool = ThreadPoolExecutor(2 if connection.vendor == "sqlite" else WORKERS, thread_name_prefix="mail")
    door = Door(pool)

    def conversation() -> Conversation:
        return Conversation(
            door,
            data_size_limit=settings.MAIL_LARGEST,
            enable_SMTPUTF8=True,
            hostname=settings.MAIL_ADDRESS.rpartition("@")[2],
            ident="ESMTP",
            loop=loop,
        )

    server = await loop.create_server(conversation, host, port, backlog=512, reuse_port=True)
    log.info("mail is taken in on %s:%s", host, port)
    if ready is not None:
        ready.set()
    try:
        await stop.wait()
    finally:
        server.close()
        await asyncio.to_thread(pool.shutdown, wait=True)
