"""Whether our own mail server vouches that a mail comes from the address in its From line (RFC 8601)."""

import re
from collections.abc import Collection, Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?P<text>(?:\\.|[^"\\])*)"|\\.', re.DOTALL)
_PLAIN = re.compile(r"[\w.@+-]*")
_PASSED = re.compile(r"^\s*(?P<method>[a-z-]+)(?:/\d+)?\s*=\s*pass\b", re.IGNORECASE)
_SAID = re.compile(r"(?<!\S)(?P<name>(?:header|smtp)\.[a-z-]+)\s*=\s*(?P<value>[^\s;]+)", re.IGNORECASE)
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
        plain = _plain(result)
        if plain is None:
            return False
        named, _semicolon, said = plain.partition(";")
        if named.split()[:1] and named.split()[0].lower() in trusted:
            return any(_speaks_of(part, address.lower()) for part in said.split(";"))
    return False


def _plain(text: str) -> str | None:
    """Without comments, and with what a sender could have quoted as ``?``; None where a quote or a comment is open.

    The part of an address before the @ may be any text in quotes, and the server copies it.
    """
    text, count = _QUOTED.sub(_unquoted, text[:10_000]), 1
    while count:
        text, count = _COMMENT.subn(" ", text)
    return None if set(text) & set('"()') else text


def _unquoted(match: re.Match[str]) -> str:
    said = match["text"]
    return said if said is not None and _PLAIN.fullmatch(said) else "?"


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
