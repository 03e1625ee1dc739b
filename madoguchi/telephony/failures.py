"""What the network, the file system or a library said when something was out of reach, as a sentence to translate."""

import errno
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

CERTIFICATE = _("The certificate is not valid: expired, for another name, or not from a known authority.")
REFUSED = _("The connection was refused: nothing listens at that address and port.")
NO_PASSWORD = _("The name or the password is wrong.")
# The first that is found in the text counts: a text names several where a host has several addresses.
_KNOWN = (
    (CERTIFICATE, ("certificate_verify_failed", "certificate verify failed")),
    (_("No encrypted connection came about; does that port speak TLS?"), ("[ssl", "ssl error")),
    (NO_PASSWORD, ("authentication failed",)),
    (
        _("The name of the host is not known (DNS)."),
        (
            "name or service not known",
            "temporary failure in name resolution",
            "no address associated with hostname",
            "nodename nor servname provided",
            "could not translate host name",
        ),
    ),
    (REFUSED, (f"[errno {errno.ECONNREFUSED}]", "connection refused")),
    (
        _("There is no route to that host in the network."),
        (f"[errno {errno.EHOSTUNREACH}]", f"[errno {errno.ENETUNREACH}]", "no route to host", "network is unreachable"),
    ),
    (_("There was no answer in time."), (f"[errno {errno.ETIMEDOUT}]", "timed out", "timeout expired")),
    (
        _("The connection was broken off."),
        (f"[errno {errno.ECONNRESET}]", f"[errno {errno.EPIPE}]", "reset by peer", "broken pipe"),
    ),
    (_("The file does not exist."), ("no such file or directory",)),
    (_("The permission is missing."), ("permission denied",)),
)


class Failure(NamedTuple):
    """``words`` in the reader's language; ``raw`` is what stood there instead, empty where the words say it all."""

    words: str
    raw: str


def msgid_of(said: str) -> str:
    """The sentence, not yet translated, that ``said`` means; itself where that is not known."""
    text = said.lower()
    return next((sentence for sentence, signs in _KNOWN if any(sign in text for sign in signs)), said)


def failure(said: str) -> Failure:
    """What went wrong, for people; what nobody foresaw stays as it was said."""
    msgid = msgid_of(said)
    return Failure(gettext(msgid) if msgid else "", said if msgid != said else "")
