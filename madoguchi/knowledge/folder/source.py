"""Files from outside: a folder or a zip, read within limits, never beyond itself."""

import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.pictures import LARGEST as LARGEST_PICTURE

MOST_FILES = 50_000
LARGEST_TEXT = 2 * 1024 * 1024
LARGEST_WHOLE = 500 * 1024 * 1024
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


class Source:
    """What is there by name (``/`` between folders): ``texts`` are the Markdown files, in the order of their names."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        if len(sizes) > MOST_FILES:
            raise Refused(_("There are more than %(most)s files.") % {"most": MOST_FILES}, code="too_many_files")
        if sum(sizes.values()) > LARGEST_WHOLE:
            raise Refused(
                _("The files are larger than %(size)s MB, all together.") % {"size": LARGEST_WHOLE // 1024 // 1024},
                code="too_large",
            )
        self._sizes = sizes

    @property
    def texts(self) -> list[str]:
        return sorted(name for name in self._sizes if name.lower().endswith(".md"))

    def picture(self, beside: str, name: str) -> bytes | None:
        """A picture in the folder ``pictures`` beside a text; None when there is none."""
        path = str(PurePosixPath(beside).parent / "pictures" / name)
        if path not in self._sizes or not name.lower().endswith(_PICTURES):
            return None
        return self._within(path, LARGEST_PICTURE)

    def text(self, name: str) -> str:
        """A Markdown file; refuses one that is too large or not UTF-8."""
        try:
            return self._within(name, LARGEST_TEXT).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Refused(_("The file is not UTF-8."), code="unreadable") from error

    def _within(self, name: str, most: int) -> bytes:
        # What a file says about its size may be a lie: it is read up to the limit and no further.
        try:
            with self._open(name) as file:
                content = file.read(most + 1)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
            raise Refused(_("The file cannot be read."), code="unreadable") from error
        if len(content) > most:
            raise Refused(_("The file is larger than %(size)s MB.") % {"size": most // 1024 // 1024}, code="too_large")
        return content

    def _open(self, name: str) -> IO[bytes]:
        raise NotImplementedError


class Folder(Source):
    """A folder on this machine; what links out of it is not read."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        if not self._path.is_dir():
            raise Refused(_("%(name)s is no folder.") % {"name": path}, code="no_folder")
        super().__init__(dict(self._files()))

    def _files(self) -> Iterator[tuple[str, int]]:
        for file in self._path.rglob("*"):
            if file.is_file() and file.resolve().is_relative_to(self._path):
                yield file.relative_to(self._path).as_posix(), file.stat().st_size

    def _open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class Zip(Source):
    """A zip file; one that would write outside of its folder, hides or blows up is refused whole."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Refused(_("This is no zip file."), code="no_zip") from error
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        for entry in entries:
            _check(entry)
        if len({entry.filename for entry in entries}) < len(entries):
            raise Refused(_("The zip file holds a file twice."), code="hostile")
        super().__init__({entry.filename: entry.file_size for entry in entries})

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)


def _check(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = PurePosixPath(name).parts
    outside = name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or ":" in (parts or ("",))[0]
    if outside or stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused(_("The zip file names a place outside of itself: %(name)s") % {"name": name[:80]}, code="hostile")
    if entry.flag_bits & 0x1:
        raise Refused(_("The zip file is encrypted."), code="encrypted")
    if entry.file_size > 10 * 1024 * 1024 and entry.file_size > 200 * max(entry.compress_size, 1):
        raise Refused(
            _("The zip file would blow up to far more than it is: %(name)s") % {"name": name[:80]}, code="hostile"
        )
