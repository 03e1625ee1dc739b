"""Files from the answer page: of a few kinds, known by their content, never by what the sender calls them."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.foundation.refusal import Refused

MOST = 10
LARGEST = 20 * 1024 * 1024  # all files of one answer together

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_TEXT = ()  # has no beginning of its own: it must not hold what no text holds
_OFFICE = "application/vnd.openxmlformats-officedocument"
# How a name ends → the type it is kept under, and how such a file begins (a protected Office file is an OLE one).
KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "tif": ("image/tiff", (b"II*\0", b"MM\0*")),
    "tiff": ("image/tiff", (b"II*\0", b"MM\0*")),
    "heic": ("image/heic", (b"\0\0\0",)),
    "docx": (f"{_OFFICE}.wordprocessingml.document", _ZIP + _OLE),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _ZIP + _OLE),
    "pptx": (f"{_OFFICE}.presentationml.presentation", _ZIP + _OLE),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIP),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    "odp": ("application/vnd.oasis.opendocument.presentation", _ZIP),
    "doc": ("application/msword", _OLE),
    "xls": ("application/vnd.ms-excel", _OLE),
    "ppt": ("application/vnd.ms-powerpoint", _OLE),
    "msg": ("application/vnd.ms-outlook", _OLE),
    "zip": ("application/zip", _ZIP),
    "txt": ("text/plain", _TEXT),
    "log": ("text/plain", _TEXT),
    "csv": ("text/csv", _TEXT),
    "eml": ("message/rfc822", _TEXT),
}
ACCEPT = ",".join(f".{ending}" for ending in KINDS)


def take(uploads: Iterable[UploadedFile]) -> list[Attachment]:
    """The files, their bytes kept as they came; the attachments are not saved yet. Refuses with a sentence."""
    files = list(uploads)
    if len(files) > MOST:
        raise Refused(_("At most %(count)s files.") % {"count": MOST}, code="too_many_files", field="files")
    if sum(file.size or 0 for file in files) > LARGEST:
        raise Refused(
            _("These files are too large: %(size)s MB at most, all together.") % {"size": LARGEST // 1024 // 1024},
            code="too_large",
            field="files",
        )
    checked = [(_name(file.name or ""), file.read()) for file in files]
    kinds = [_kind(name, content) for name, content in checked]
    return [
        Attachment(file=store.keep(content), name=name, content_type=kind)
        for (name, content), kind in zip(checked, kinds, strict=True)
    ]


def _name(written: str) -> str:
    """The last part of a name, without what is not seen or turns its letters round; its ending survives the cut."""
    name = PurePosixPath(unicodedata.normalize("NFC", written).replace("\\", "/")).name
    name = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return name.strip()[-255:]


def _kind(name: str, content: bytes) -> str:
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    kind, beginnings = KINDS.get(ending, ("", _TEXT))
    if not kind or not content or not _begins(content, beginnings):
        raise Refused(
            _("“%(name)s” cannot be taken here. Send it by replying to the mail instead.") % {"name": name[-80:]},
            code="kind",
            field="files",
        )
    return kind


def _begins(content: bytes, beginnings: tuple[bytes, ...]) -> bool:
    if beginnings:
        return content.startswith(beginnings)
    return b"\0" not in content or content.startswith((b"\xff\xfe", b"\xfe\xff"))  # else text in UTF-16
