"""Reading the files that a command names."""

import sys
from pathlib import Path

from madoguchi.foundation.refusal import Refused


def read_bytes(name: str) -> bytes:
    """The content of the file, or of standard input for ``-``; raises Refused with a sentence."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}.") from None


def read_text(name: str) -> str:
    """The same as UTF-8 text, with or without mark."""
    try:
        return read_bytes(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{name} is not UTF-8: byte {error.start}.") from None
