"""``madoguchi mail-gateway``: the SMTP door and the collection by IMAP, each where it is configured."""

import asyncio
import logging
import signal
import threading

from django.conf import settings

import madoguchi.reactions  # noqa: F401 (else the first entry imports it in its transaction, seconds on a slow machine)
from madoguchi.gateways import smtp
from madoguchi.gateways.imap import collect_forever


def run() -> None:
    """Take in mail until SIGTERM or SIGINT; returns at once when neither SMTP_LISTEN nor IMAP_URL is set."""
    # aiosmtpd logs every connection at INFO.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    if settings.SMTP_LISTEN is None and settings.IMAP is None:
        logging.getLogger(__name__).warning("Set MADOGUCHI_SMTP_LISTEN or MADOGUCHI_IMAP_URL to take in mail.")
        return
    asyncio.run(_run())


async def _run() -> None:
    stop, stop_thread = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # A daemon: a server that does not answer must not hold up the end; what was not acknowledged comes again.
    if settings.IMAP is not None:
        threading.Thread(target=collect_forever, args=(settings.IMAP, stop_thread), name="imap", daemon=True).start()
    try:
        if settings.SMTP_LISTEN is not None:
            await smtp.serve(settings.SMTP_LISTEN.host, settings.SMTP_LISTEN.port, stop)
        else:
            await stop.wait()
    finally:
        stop_thread.set()
