"""One port for everything: ``/live`` on the event loop, the rest through Django's WSGI handler in threads."""

import asyncio
import os
import signal
from typing import Any

from django.conf import settings

from madoguchi.config.bridge import Bridge
from madoguchi.config.wsgi import application as wsgi_application
from madoguchi.live.door import LIVE, LiveDoor

PATH = "/live"


class Application:
    """What granian calls: ``pages`` may be absent (a process for the live line alone)."""

    def __init__(self, pages: Bridge | None, live: LiveDoor) -> None:
        self._pages = pages
        self._live = live

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._live.open(loop)
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        if self._pages:
            self._pages.open()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._live.close()
        if self._pages:
            self._pages.close()

    def _stop(self) -> None:
        """End the live streams, for which granian would wait, then let it stop by its handler of the other signal."""
        self._live.end()
        os.kill(os.getpid(), signal.SIGINT)

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        if scope.path == PATH:
            await self._live.answer(scope, proto)
        elif self._pages:
            await self._pages.answer(scope, proto)
        else:
            proto.response_str(404, [("content-type", "text/plain")], "This process answers /live only.\n")


live_only = Application(None, LIVE)
application = Application(
    Bridge(wsgi_application, threads=settings.WEB_THREADS, largest_body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
    LIVE,
)
