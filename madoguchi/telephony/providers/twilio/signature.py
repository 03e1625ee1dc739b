"""How Twilio signs what it posts: HMAC-SHA1 over the address as Twilio saw it and the fields of the form."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def signature_of(address: str, fields: Mapping[str, Sequence[str]], auth_token: str) -> str:
    """What ``X-Twilio-Signature`` must be. ``address`` has its query; ``fields`` gives all values of each name."""
    text = address + "".join(name + value for name in sorted(fields) for value in sorted(dict.fromkeys(fields[name])))
    digest = hmac.new(auth_token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(signature: str, address: str, fields: Mapping[str, Sequence[str]], auth_tokens: Iterable[str]) -> bool:
    """Whether one of the tokens made this signature. Twilio signs some addresses with their default port."""
    given = signature.encode("utf-8", "surrogatepass")
    return any(
        hmac.compare_digest(signature_of(written, fields, auth_token).encode(), given)
        for written in _writings(address)
        for auth_token in auth_tokens
    )


def _writings(address: str) -> tuple[str, ...]:
    parts = urlsplit(address)
    port = _PORTS.get(parts.scheme)
    if parts.port is None:
        return address, address.replace(parts.netloc, f"{parts.netloc}:{port}", 1)
    if parts.port == port:
        return address, address.replace(parts.netloc, parts.netloc.removesuffix(f":{port}"), 1)
    return (address,)
