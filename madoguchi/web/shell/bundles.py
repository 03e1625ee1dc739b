"""One stylesheet and one script: ``shell.css`` from ``static/css/*.css``, ``shell.js`` from ``static/js/*.js``.

``plain.css`` is the small part of it that pages without a menu need. A finder, so that development, tests and
``collectstatic`` all get the same files and there is no build step.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

STATIC = Path(__file__).parent / "static"
PARTS = {
    "shell.css": ("css", ("*.css",)),
    "plain.css": (
        "css",
        (
            "_*.css",
            "base.css",
            "buttons.css",
            "fields.css",
            "messages.css",
            "plain.css",
            "answer.css",
            "rendered.css",
            "faq.css",
        ),
    ),
    "shell.js": ("js", ("*.js",)),
}


def bundled(name: str) -> str:
    """The text of a bundle; each script stands in a block of its own, so that their names do not meet."""
    folder, patterns = PARTS[name]
    files = sorted(file for pattern in patterns for file in (STATIC / folder).glob(pattern))
    texts = [file.read_text(encoding="utf-8").strip() for file in files]
    if name.endswith(".js"):
        texts = [f"{{\n{text}\n}}" for text in texts]
    return "\n".join(texts) + "\n"


class BundleFinder(BaseFinder):
    """Offers the bundles to Django's staticfiles."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in PARTS:
            return []
        found = str(_write(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in PARTS:
            yield name, FileSystemStorage(location=_write(name).parent)


def _write(name: str) -> Path:
    """The bundle on disk, written again only when its parts changed; readers never see half of it."""
    text = bundled(name).encode()
    folder: Path = settings.DATA_DIR / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    if not file.exists() or hashlib.sha256(file.read_bytes()).digest() != hashlib.sha256(text).digest():
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(text)
        draft.replace(file)
    return file
