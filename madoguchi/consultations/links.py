"""The signed link by which a contact answers without signing in: one for each contact of each question."""

from datetime import timedelta
from hmac import compare_digest

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from madoguchi.consultations.models import Approach
from madoguchi.foundation.numbers import row_number

AFTER_END = timedelta(days=14)
AT_MOST = timedelta(days=90)


class _ShortSigner(Signer):
    """96 bits of signature, above the 128 of the nonce: a link that fits into an SMS."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:16]


_signer = _ShortSigner(salt="madoguchi.consultations.answer", sep=".")


def token_of(approach: Approach) -> str:
    """The token of a saved approach: letters, digits, ``-``, ``_`` and ``.``"""
    return _signer.sign(f"{approach.pk}-{approach.nonce}")


def link_to(approach: Approach) -> str:
    return f"{settings.PUBLIC_ADDRESS}/answer/{token_of(approach)}/"


def approach_of(token: str) -> Approach | None:
    """Whom a link belongs to, with consultation and ticket; None for one that we did not make, or that has expired.

    It holds until 14 days after the question ended, and at most 90 days after the contact was asked or reminded, or
    has to answer.
    """
    approach = _found(token)
    return approach if approach is not None and not _is_over(approach) else None


def has_expired(token: str) -> bool:
    """Whether we made this link and it held once."""
    approach = _found(token)
    return approach is not None and _is_over(approach)


def _found(token: str) -> Approach | None:
    try:
        pk, _, nonce = _signer.unsign(token).partition("-")
    except BadSignature:
        return None
    rows = Approach.objects.select_related(
        "contact", "consultation__ticket", "consultation__department", "consultation__topic", "consultation__asked_by"
    )
    number = row_number(pk)
    approach = rows.filter(pk=number).first() if number is not None else None
    return approach if approach is not None and compare_digest(approach.nonce, nonce) else None


def _is_over(approach: Approach) -> bool:
    now, ended = timezone.now(), approach.consultation.ended_at
    if ended is not None and now >= ended + AFTER_END:
        return True
    moments = (approach.send_at, approach.asked_at, approach.reminded_at, approach.deadline_at)
    return now >= max(moment for moment in moments if moment is not None) + AT_MOST
