"""Mails as programs in Japan really write them, and the public collections where they are at hand."""

import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ARCHIVES = {
    "mail-ruby": "emails.tar.gz",
    "mail-stalwart": "eml.tar.xz",
    "mail-sisimai": "set-of-emails.tar.gz",
    "mail-tnef": "examples.tar.xz",
}


def outlook_jis(text: str) -> bytes:
    """ISO-2022-JP with the NEC and IBM characters, as Outlook writes it: Shift_JIS pairs moved to JIS rows."""
    out, double = b"", False
    for char in text:
        data = char.encode("cp932")
        if (len(data) == 2) != double:
            double = not double
            out += b"\x1b$B" if double else b"\x1b(B"
        if len(data) == 1:
            out += data
            continue
        lead, trail = data
        row = (lead - (0x71 if lead < 0xA0 else 0xB1)) * 2 + 1
        out += (
            bytes([row, trail - (0x1F if trail < 0x7F else 0x20)]) if trail < 0x9F else bytes([row + 1, trail - 0x7E])
        )
    return out + (b"\x1b(B" if double else b"")


def mail(headers: dict[str, str | bytes], body: bytes = b"") -> bytes:
    """A mail with these header lines; bytes stand there raw."""
    lines = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]
    return b"\r\n".join([*lines, b"", body])


@cache
def collection(name: str) -> tuple[tuple[str, bytes], ...]:
    """All mails of a public collection as (name, bytes); skips the test where it is not at hand."""
    archive = DATA / name / ARCHIVES[name]
    if not archive.exists():
        return ()
    with tarfile.open(archive) as packed:
        return tuple(_mails(packed))


def _mails(packed: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in packed:
        file = packed.extractfile(member) if member.isfile() else None
        if file is not None and not member.name.endswith((".json", ".csv", ".gitattributes", "COPYING", "README")):
            yield member.name, file.read()


def mails_of(name: str) -> tuple[tuple[str, bytes], ...]:
    found = collection(name)
    if not found:
        pytest.skip(f"the mail collection {name} is not on this machine")
    return found
