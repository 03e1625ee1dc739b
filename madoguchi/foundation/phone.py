"""Telephone numbers: any writing in, E.164 stored, the Japanese writing shown."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

REGION = "JP"
_SHORT = re.compile(r"\d{2,6}")
_LONGEST = 32


@lru_cache(maxsize=4096)
def normalise(written: str) -> str:
    """E.164 (``+81312345678``) of any writing, full width included.

    Short numbers (extensions) come back as their bare digits, and text that holds no number as ``""``.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    text = re.sub(r"[‐‑‒–—―ー−ｰ－]", "-", text)
    plus = "+" if re.match(r"\D*\+", text) else ""
    digits = plus + "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    if _SHORT.fullmatch(digits):
        return digits
    if digits.startswith("+810"):
        text = "+81" + digits[4:]  # the common mistake +81 (0)3 …
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return digits if 2 <= len(digits) <= _LONGEST and not re.search(r"[^\W\d_]", text) else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def display(number: str) -> str:
    """As a Japanese reader expects it: ``03-1234-5678``; foreign numbers internationally, extensions as they are."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code == 81
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)
