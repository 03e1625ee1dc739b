"""Idempotency-Key: a request that comes twice is done once and answered twice.

Key and effect are one transaction: a crash leaves neither, a duplicate in flight waits for the first and gets its
answer. What an act refuses is an answer too, and what it committed in spite of refusing (a freeze) stays.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.api.caller import ApiRequest
from madoguchi.api.kept import KEPT_FOR
from madoguchi.api.models import KeptAnswer
from madoguchi.api.problem import ProblemError, of_refusal
from madoguchi.foundation.refusal import Refused

_PATIENCE = "10s"
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")

type View = Callable[..., HttpResponse]


def idempotent(view: View) -> View:
    """Wraps every view: a POST with an Idempotency-Key goes through the kept answers, all else straight on."""

    @wraps(view)
    def answered(request: ApiRequest, *args: Any, **values: Any) -> HttpResponse:
        written = request.headers.get("Idempotency-Key")
        if request.method != "POST" or written is None:
            return view(request, *args, **values)
        key = _key(written)
        with transaction.atomic():
            kept = _claim(request, key)
            if kept.status:
                return _again(kept)
            try:
                response = view(request, *args, **values)
            except Refused as refusal:
                response = of_refusal(refusal).respond()
            except ProblemError as problem:
                response = problem.respond()
            kept.status = response.status_code
            kept.headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
            kept.body = response.content.decode()
            kept.save(update_fields=["status", "headers", "body"])
        return response

    return answered


def _again(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status, headers=kept.headers)
    response["Idempotency-Replayed"] = "true"
    return response


def _key(written: str) -> str:
    key = written.strip().removeprefix('"').removesuffix('"')
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        message = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        raise ProblemError(400, message, code="idempotency_key", errors=[("Idempotency-Key", message)])
    return key


def _claim(request: ApiRequest, key: str) -> KeptAnswer:
    """The row of this key: new and ours until the transaction ends, or with the answer that was given."""
    whole = f"{request.method}\n{request.get_full_path()}\n{request.content_type}\n".encode() + request.body
    fingerprint = hashlib.sha256(whole).hexdigest()
    mine = KeptAnswer.objects.filter(token=request.auth.token, key=key)
    kept = mine.first()
    if kept is not None and kept.at < timezone.now() - KEPT_FOR:
        kept.delete()
        kept = None
    kept = kept or _insert(request, key, fingerprint) or mine.get()
    if kept.fingerprint != fingerprint:
        raise ProblemError(422, _("This Idempotency-Key was used for another request."), code="idempotency_key_reused")
    return kept


def _insert(request: ApiRequest, key: str, fingerprint: str) -> KeptAnswer | None:
    """A new row; None when a duplicate was first. Waits while that one is still at work, 409 when it takes too long."""
    try:
        with transaction.atomic(), _patience():
            return KeptAnswer.objects.create(
                token=request.auth.token, key=key, fingerprint=fingerprint, at=timezone.now()
            )
    except IntegrityError:
        return None
    except OperationalError as error:
        raise ProblemError(
            409,
            _("The same request is still being worked on. Try again in a moment."),
            code="in_progress",
            headers={"Retry-After": "2"},
        ) from error


class _patience:  # noqa: N801 (used like a function)
    """On PostgreSQL a duplicate waits for the first for a while; on SQLite the transaction itself has waited."""

    def __enter__(self) -> None:
        self._set(_PATIENCE)

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._set("0")

    def _set(self, value: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [value])
