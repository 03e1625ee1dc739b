"""Files from outside as answers: never a page of ours, whatever their sender called them."""

import io
import re
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse

from madoguchi.files import store
from madoguchi.files.models import Attachment, StoredFile

# Shown in the page; anything else is offered for download.
_INLINE = {"image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain"}


def attachment(row: Attachment) -> FileResponse:
    """A file that came with a message."""
    kind = row.content_type if row.content_type in _INLINE else "application/octet-stream"
    return harmless(
        FileResponse(
            store.path_of(row.file.sha256).open("rb"),
            as_attachment=kind == "application/octet-stream",
            filename=row.name,
            content_type=kind,
        )
    )


def original(file: StoredFile, *, name: str) -> FileResponse:
    """The bytes as they came; a file to keep."""
    return harmless(
        FileResponse(
            store.path_of(file.sha256).open("rb"),
            as_attachment=True,
            filename=name,
            content_type="application/octet-stream",
        )
    )


def harmless[R: HttpResponse | FileResponse](answer: R) -> R:
    """The same answer, which no browser runs."""
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def played(request: HttpRequest, file: StoredFile, *, name: str, content_type: str) -> HttpResponse | FileResponse:
    """A sound to play: the whole, or the one range that a player asks for (206), or 416 for one that is not there.

    Several ranges at once, and what is no range at all, get the whole. Its hash is its tag: the content never changes.
    """
    path, tag = store.path_of(file.sha256), f'"{file.sha256}"'
    size = path.stat().st_size
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", tag) != tag:
        asked = ""
    span = _span(asked, size)
    if span is _NOT_THERE:
        answer: HttpResponse | FileResponse = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    elif span is None:
        answer = FileResponse(path.open("rb"), filename=name, content_type=content_type)
    else:
        begin, end = span
        answer = FileResponse(_Part(path.open("rb"), begin, end), content_type=content_type, status=206)
        answer["Content-Length"] = str(end - begin)
        answer["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-store"
    return harmless(answer)


_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_NOT_THERE = (-1, -1)


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """[begin, end) of a Range header; None where there is none that we understand."""
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    return (begin, end) if begin < end else _NOT_THERE


class _Part(io.RawIOBase):
    """The bytes [begin, end) of a file."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file, self._left = file, end - begin
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        found = self._file.read(wanted)
        self._left -= len(found)
        return found

    def close(self) -> None:
        self._file.close()
        super().close()
