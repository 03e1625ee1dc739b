"""Text files as offices have them: UTF-8 with or without a mark, Shift_JIS, and what Excel calls Unicode."""


def decoded(content: bytes) -> tuple[str, str]:
    """The text and the encoding it was in; raises UnicodeError when it is in none of them."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp932"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff"), encoding
    raise UnicodeError("neither UTF-8 nor Shift_JIS")
