"""Numbers as forms and addresses write them."""

from collections.abc import Iterable


def row_number(written: str) -> int | None:
    """The number of a row; None for what can be none: no digits, digits of other scripts, or too many of them."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None


def row_numbers(written: Iterable[str]) -> list[int]:
    """The numbers of the rows that a form names; what can be none is left out."""
    return [number for one in written if (number := row_number(one)) is not None]
