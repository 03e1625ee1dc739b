"""The one error that an act raises when it declines: a sentence for the person who asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.functional import Promise


class Refused(Exception):
    """An act declined. Nothing was changed.

    ``code`` is a stable word for programs, ``status`` the HTTP status (422 by default, 409 for conflicts,
    403 for missing rights), ``details`` machine-readable facts such as ``missing`` items.
    """

    def __init__(self, message: str | Promise, *, code: str = "refused", status: int = 422, **details: Any) -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code
        self.status = status
        self.details = details


@contextmanager
def done_already(code: str) -> Iterator[None]:
    """A refusal with this ``code`` says that somebody else has done it this very moment: then it is done."""
    try:
        yield
    except Refused as refusal:
        if refusal.code != code:
            raise
