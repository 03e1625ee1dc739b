"""Numbers as forms and addresses write them."""


def row_number(written: str) -> int | None:
    """The number of a row; None for what can be none: no digits, digits of other scripts, or too many of them."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None
