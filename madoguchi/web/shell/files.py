"""Files from outside as answers: never a page of ours, whatever their sender called them."""

from django.http import FileResponse, HttpResponse

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
