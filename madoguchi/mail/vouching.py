"""Whether our own mail server vouches that a mail comes from the address in its From line (RFC 8601)."""

import re
from collections.abc import Collection, Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_PASSED = re.compile(r"^\s*(?P<method>[a-z-]+)(?:/\d+)?\s*=\s*pass\b", re.IGNORECASE)
_SAID = re.compile(r"\b(?P<name>(?:header|smtp)\.[a-z-]+)\s*=\s*\"?(?P<value>[^\s;\"]+)", re.IGNORECASE)
# What each method says of the sender: of their whole address, or of its domain.
_SPEAKS_OF = {
    "auth": ("smtp.auth",),
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom",),
}


def is_vouched_for(address: str, results: Sequence[str], trusted: Collection[str]) -> bool:
    """``results`` are the values of the mail's Authentication-Results, the topmost first.

    Only the topmost of a server in ``trusted`` (authserv-ids) counts: one further down came with the mail, and anybody
    may have written it.
    """
    if not address:
        return False
    for result in results:
        named, _semicolon, said = _without_comments(result).partition(";")
        if named.split()[:1] and named.split()[0].lower() in trusted:
            return any(_speaks_of(part, address.lower()) for part in said.split(";"))
    return False


def _without_comments(text: str) -> str:
    text, count = text[:10_000], 1
    while count:
        text, count = _COMMENT.subn(" ", text)
    return text


def _speaks_of(part: str, address: str) -> bool:
    passed = _PASSED.match(part)
    if passed is None:
        return False
    method, domain = passed["method"].lower(), address.rpartition("@")[2]
    told = {match["name"].lower(): match["value"].lower() for match in _SAID.finditer(part)}
    values = [told[name] for name in _SPEAKS_OF.get(method, ()) if name in told]
    if method == "auth":
        return values == [address]
    return bool(values) and all(value.rpartition("@")[2] == domain for value in values)
