"""Text from outside as it is kept: nothing in it that a database, a page or an XML file cannot hold."""

import re

_UNHELD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile("\r\n|[\v\f]")


def storable(written: str) -> str:
    """The text without control characters, halves of characters and what is no character."""
    return _UNHELD.sub("", written)


def one_line(written: str) -> str:
    """The text on one line, without blanks around it or beside each other."""
    return " ".join(storable(" ".join(written.split())).split())


def paragraphs(written: str) -> str:
    """The text with its lines, however they were ended, without blanks around it."""
    return storable(_BREAKS.sub("\n", written)).strip()
