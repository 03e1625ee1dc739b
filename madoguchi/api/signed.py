"""Posts about calls that must be signed: HMAC-SHA256 over time and body, with the secret of the token's name."""

import hashlib
import hmac
import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from madoguchi.api.problem import ProblemError
from madoguchi.people.tokens import ApiToken

WINDOW = 300  # seconds that the sender's clock may be off


def check_signed(request: HttpRequest, token: ApiToken) -> None:
    """403 unless the token's name has no secret, or the post is signed with it and is not older than five minutes.

    ``X-Madoguchi-Timestamp`` is the Unix time, ``X-Madoguchi-Signature`` hex over that time, a full stop and the body.
    """
    secret = settings.CALL_SECRETS.get(token.name)
    if secret is None:
        return
    said, given = request.headers.get("X-Madoguchi-Timestamp", ""), request.headers.get("X-Madoguchi-Signature", "")
    signed = hmac.new(secret.encode(), said.encode("utf-8", "replace") + b"." + request.body, hashlib.sha256)
    in_time = said.isascii() and said.isdigit() and len(said) < 12 and abs(time.time() - int(said)) <= WINDOW
    if not in_time or not hmac.compare_digest(signed.hexdigest().encode(), given.encode("utf-8", "replace")):
        raise ProblemError(
            403,
            _("Posts with this token must be signed, and sent within five minutes of the time that they bear."),
            code="invalid_signature",
        )
