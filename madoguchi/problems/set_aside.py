"""``set_aside()``: the one way to write a problem. It never raises, so that reporting an error cannot be one."""

import logging
import traceback
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from madoguchi.problems.models import Problem

_LARGEST = 20_000
log = logging.getLogger(__name__)


def set_aside(
    where: str,
    error: BaseException | str,
    *,
    path: str = "",
    staff_id: int | None = None,
    **facts: Any,
) -> Problem:
    """Write one problem and log it; call it after the failed transaction has been rolled back.

    ``facts`` name the rows and originals concerned (values that JSON does not know are written as text). When the
    database cannot be written either, the problem is only logged, and returned unsaved: its id can still be shown.
    """
    shown = error if isinstance(error, BaseException) else None
    problem = Problem(
        at=timezone.now(),
        where=where[:64],
        kind=type(error).__name__ if shown else "",
        message=_clean(str(error)),
        traceback=_clean("".join(traceback.format_exception(shown))) if shown else "",
        path=_clean(path)[:500],
        staff_id=staff_id,
        facts={name: _plain(value) for name, value in facts.items()},
    )
    # The cleaned traceback rather than exc_info: a log that cannot hold the text must not lose the line.
    log.error("%s: problem %s: %s %s\n%s", where, problem.id, problem.message, problem.facts or "", problem.traceback)
    try:
        problem.save(force_insert=True)
    except (DatabaseError, InterfaceError):
        log.exception("problem %s could not be stored", problem.id)
    return problem


def resolve(problem: Problem) -> None:
    """Take it off the list."""
    Problem.objects.filter(pk=problem.pk, resolved_at__isnull=True).update(resolved_at=timezone.now())


def _clean(text: str) -> str:
    """What both databases can hold: no NUL, no lone surrogates, not without end."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()[-_LARGEST:]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    try:
        return DjangoJSONEncoder().default(value)
    except TypeError:
        return _clean(str(value))
