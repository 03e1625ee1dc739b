"""What an answer has to look like: a pattern without regular expressions, a length, a range of numbers or days."""

import re
import unicodedata
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import Field

from madoguchi.foundation.written import Part
from madoguchi.scripts.conditions import number_of


class Wrong(NamedTuple):
    """Why an answer does not fit: a code, and what it was held against."""

    code: str
    bound: str = ""


class Expected(Part):
    """Everything that is set has to hold for an answer that was given.

    ``pattern``: ``9`` is a digit, ``A`` a Latin letter, ``?`` any character, ``*`` any number of characters (once);
    all else is itself. Width and case do not matter. Days count from today: ``from_day`` -30 is thirty days ago.
    """

    pattern: str = Field(default="", max_length=60)
    shortest: int | None = Field(default=None, ge=1, le=2000)
    longest: int | None = Field(default=None, ge=1, le=2000)
    at_least: float | None = None
    at_most: float | None = None
    from_day: int | None = Field(default=None, ge=-3660, le=3660)
    to_day: int | None = Field(default=None, ge=-3660, le=3660)

    @property
    def is_possible(self) -> bool:
        """Whether any answer can fit: no bound lies beyond its other one, and there is one ``*`` at most."""
        pairs = ((self.shortest, self.longest), (self.at_least, self.at_most), (self.from_day, self.to_day))
        ordered = all(low is None or high is None or low <= high for low, high in pairs)
        return ordered and self.pattern.count("*") <= 1

    def wrong(self, answer: str, today: date) -> Wrong | None:
        """Why a (non-empty) answer does not fit; None when it does."""
        text = answer.strip()
        return self._wrong_text(text) or self._wrong_number(text) or self._wrong_day(text, today)

    def _wrong_text(self, text: str) -> Wrong | None:
        if self.pattern and not _fits(self.pattern, text):
            return Wrong("pattern", self.pattern)
        if self.shortest is not None and len(text) < self.shortest:
            return Wrong("shortest", str(self.shortest))
        if self.longest is not None and len(text) > self.longest:
            return Wrong("longest", str(self.longest))
        return None

    def _wrong_number(self, text: str) -> Wrong | None:
        if self.at_least is None and self.at_most is None:
            return None
        number = number_of(text)
        if number is None:
            return Wrong("number")
        if self.at_least is not None and number < self.at_least:
            return Wrong("at_least", f"{self.at_least:g}")
        if self.at_most is not None and number > self.at_most:
            return Wrong("at_most", f"{self.at_most:g}")
        return None

    def _wrong_day(self, text: str, today: date) -> Wrong | None:
        if self.from_day is None and self.to_day is None:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return Wrong("date")
        if self.from_day is not None and day < (first := today + timedelta(days=self.from_day)):
            return Wrong("from_day", first.isoformat())
        if self.to_day is not None and day > (last := today + timedelta(days=self.to_day)):
            return Wrong("to_day", last.isoformat())
        return None


def _fits(pattern: str, text: str) -> bool:
    """Linear in the length of the text: there is one ``*`` at most, and everything else has a fixed width."""
    signs = {"9": "[0-9]", "A": "[A-Za-z]", "?": ".", "*": ".*"}
    expression = "".join(signs.get(sign) or re.escape(_even(sign)) for sign in unicodedata.normalize("NFKC", pattern))
    return re.fullmatch(expression, _even(text), re.IGNORECASE | re.DOTALL) is not None


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
