"""A WSGI application behind granian's RSGI interface, in a pool of threads.

The event loop collects a request's body (so a slow sender holds no thread) and a thread runs the application and
answers directly; measured against granian's own WSGI interface in docs/decisions/0003.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

_WHOLE = 256 * 1024  # a file up to this size is answered in one piece
_CHUNK = 64 * 1024
_NO_BODY = frozenset({204, 304})
_SERVER_ERROR = b"The desk could not answer this. Please try again.\n"

type Headers = list[tuple[str, str]]
type Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


class TooLargeError(Exception):
    """The body is larger than any that the desk takes."""


class FileWrapper:
    """``wsgi.file_wrapper``: a file to be sent, closed when done."""

    def __init__(self, file: Any, block_size: int = _CHUNK) -> None:
        self.file = file

    def close(self) -> None:
        if hasattr(self.file, "close"):
            self.file.close()

    def __iter__(self) -> Any:
        return iter(lambda: self.file.read(_CHUNK), b"")


class Bridge:
    """Answers RSGI requests by a WSGI application; ``largest_body`` in bytes."""

    def __init__(self, application: Wsgi, *, threads: int, largest_body: int) -> None:
        self._application = application
        self._threads = threads
        self._largest_body = largest_body
        self._pool: ThreadPoolExecutor | None = None

    def open(self) -> None:
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="page")

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True)

    async def answer(self, scope: Any, proto: Any) -> None:
        """Take one request and see that it is answered."""
        headers = scope.headers
        try:
            body = b""
            if "content-length" in headers or "transfer-encoding" in headers:
                body = await self._collect(headers.get("content-length"), proto)
        except TooLargeError:
            _refuse_too_large(scope, proto, self._largest_body)
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._run, scope, proto, body, loop)

    async def _collect(self, announced: str | None, proto: Any) -> bytes:
        if announced and announced.isascii() and announced.isdigit() and int(announced) > self._largest_body:
            raise TooLargeError
        pieces, size = [], 0
        async for piece in proto:
            size += len(piece)
            if size > self._largest_body:
                raise TooLargeError
            pieces.append(bytes(piece))
        return b"".join(pieces)

    def _run(self, scope: Any, proto: Any, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: run the application and answer."""
        status, headers = 500, [("content-type", "text/plain")]

        def start_response(line: str, pairs: Headers, exc_info: Any = None) -> None:
            nonlocal status, headers
            status, headers = int(line[:3]), [(name.lower(), value) for name, value in pairs]

        try:
            result = self._application(environ_of(scope, body), start_response)
        except Exception:  # the last line: nobody above answers
            log.exception("%s %s failed outside Django", scope.method, scope.path)
            proto.response_bytes(500, headers, _SERVER_ERROR)
            return
        try:
            if scope.method == "HEAD" or status in _NO_BODY:
                proto.response_empty(status, headers)
            elif getattr(result, "streaming", isinstance(result, FileWrapper)):
                _stream(proto, status, headers, result, loop)
            else:
                proto.response_bytes(status, headers, b"".join(result))
        finally:
            if hasattr(result, "close"):
                result.close()


def environ_of(scope: Any, body: bytes) -> dict[str, Any]:
    """The WSGI environment of an RSGI request: texts hold bytes as latin-1, as PEP 3333 asks."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/" + scope.http_version,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, value in scope.headers.items():
        if "_" in name or name == "content-length":
            continue  # "x_forwarded_for" must not pass for "x-forwarded-for"
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            environ[key] += ("; " if name == "cookie" else ",") + value
        else:
            environ[key] = value
    return environ


def _stream(
    proto: Any, status: int, headers: Headers, result: Iterable[bytes], loop: asyncio.AbstractEventLoop
) -> None:
    """Send piece by piece, waiting for the reader; what fits into one piece goes at once."""
    pieces = iter(result)
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= _WHOLE:
            break
    else:
        proto.response_bytes(status, headers, first)
        return

    async def send(transport: Any, data: bytes) -> None:
        await transport.send_bytes(data)

    transport = proto.response_stream(status, headers)
    try:
        asyncio.run_coroutine_threadsafe(send(transport, first), loop).result()
        for piece in pieces:
            asyncio.run_coroutine_threadsafe(send(transport, piece), loop).result()
    except (RuntimeError, OSError) as error:  # granian's errors for a reader that left
        log.info("a download ended early: %s", error)


def _refuse_too_large(scope: Any, proto: Any, largest: int) -> None:
    sentence = f"This is larger than the {largest // 1024 // 1024} MB that the desk takes."
    if scope.path.startswith("/api/"):
        text = json.dumps({"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": sentence})
        proto.response_str(413, [("content-type", "application/problem+json"), ("connection", "close")], text)
    else:
        proto.response_str(
            413, [("content-type", "text/plain; charset=utf-8"), ("connection", "close")], sentence + "\n"
        )
