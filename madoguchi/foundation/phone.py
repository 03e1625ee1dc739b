"""Telephone numbers: any writing in, E.164 stored, the Japanese writing shown."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

REGION = "JP"
_DASHES = re.compile(r"[‐‑‒–—―ー−ｰ－]")
_SHORT = re.compile(r"\d{2,6}")
_LONGEST = 32
_CALLABLE = re.compile(r"\+\d{2,15}|\d{2,6}", re.ASCII)


@lru_cache(maxsize=4096)
def normalise(written: str) -> str:
    """E.164 (``+81312345678``) of any writing, full width included.

    Short numbers (extensions) come back as their bare digits, and text that holds no number as ``""``.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    text = _DASHES.sub("-", text)
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


def is_callable(stored: str) -> bool:
    """Whether what is stored is a number or an extension, and no mail address, nor a number nobody could read."""
    return _CALLABLE.fullmatch(stored) is not None


def found_in(text: str) -> list[tuple[str, str]]:
    """The telephone numbers that a text names, each once, and what stands before it on its line (after another number).

    Only numbers that can exist, so no date and no customer number; extensions are not found.
    """
    found: dict[str, str] = {}
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    end = 0
    for match in phonenumbers.PhoneNumberMatcher(plain, REGION, leniency=phonenumbers.Leniency.VALID):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        found.setdefault(number, plain[max(end, plain.rfind("\n", 0, match.start) + 1) : match.start])
        end = match.end
    return list(found.items())


def is_shared(number: str) -> bool:
    """Whether it is nobody's own by its kind: toll free, shared cost, premium, a service's (0120, 0570, 0990 …)."""
    kinds = phonenumbers.PhoneNumberType
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, REGION))
    except phonenumbers.NumberParseException:
        return True
    return kind not in {kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.VOIP, kinds.PERSONAL_NUMBER}
