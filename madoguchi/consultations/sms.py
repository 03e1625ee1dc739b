"""The provider of SMS as the settings describe it: one HTTP request for each message."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from madoguchi.foundation import phone

# What is filled in: the number as +819012345678, 819012345678 or 09012345678, the text, and a key of the message.
_PLACE = re.compile(r"\{(to|to_digits|to_national|text|id)\}")


@dataclass(frozen=True)
class SmsProvider:
    """``url`` and ``body`` with the places ``{to} {to_digits} {to_national} {text} {id}``.

    ``accepted`` must stand in an answer that means yes (empty: any 2xx).
    """

    url: str
    headers: Mapping[str, str]
    body: str
    accepted: str

    def __repr__(self) -> str:
        return f"<SmsProvider {urlsplit(self.url).hostname}>"

    @property
    def host(self) -> str:
        return (urlsplit(self.url).hostname or "").lower()

    def request(self, to: str, text: str, key: str) -> tuple[str, bytes, dict[str, str]]:
        """URL, body and headers of a message; ``key`` is the same whenever the same message is sent again."""
        national = "".join(filter(str.isdecimal, phone.display(to)))
        given = {"to": to, "to_digits": to.lstrip("+"), "to_national": national, "text": text, "id": key}
        in_url = {place: quote(value, safe="") for place, value in given.items()}
        in_json = {place: json.dumps(value, ensure_ascii=False)[1:-1] for place, value in given.items()}
        is_json = "json" in self.headers.get("Content-Type", "")
        body = _filled(self.body, in_json if is_json else in_url)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.headers}
        return _filled(self.url, in_url), body.encode(), headers


def is_mobile(number: str) -> bool:
    """Whether a number can take SMS; of foreign numbers only the provider knows."""
    return number.startswith("+") and (not number.startswith("+81") or number[3:5] in {"60", "70", "80", "90"})


def _filled(template: str, given: Mapping[str, str]) -> str:
    """Each place filled once: what is put in is never looked at again."""
    return _PLACE.sub(lambda place: given[place[1]], template)
