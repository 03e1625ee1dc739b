"""Pictures in an answer: ``![what it shows](picture:CODE)``, where the code is the beginning of the content's hash.

Pure: which pictures a text names, and what kind of picture some bytes are. Only raster pictures, known by how they
begin, never by what they are called: an SVG is a page that runs.
"""

import re

CODE_LENGTH = 24
LARGEST = 5 * 1024 * 1024
_NAMED = re.compile(r"!\[([^\]\n]*)\]\(picture:([0-9a-f]{24})\)")
_KINDS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


def named(answer: str) -> list[str]:
    """The codes of the pictures in an answer, each once, in their order."""
    return list(dict.fromkeys(code for _, code in _NAMED.findall(answer)))


def unsaid(answer: str) -> bool:
    """Whether some picture has no words for those who do not see it."""
    return any(not alt.strip() for alt, _ in _NAMED.findall(answer))


def in_words(answer: str) -> str:
    """The answer with each picture as what it shows, for whoever reads it aloud and for the search."""
    return _NAMED.sub(lambda match: match[1], answer)


def kind_of(content: bytes) -> str:
    """The media type of a picture, ``""`` for anything else."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for kind, beginning in _KINDS.items() if content.startswith(beginning)), "")
