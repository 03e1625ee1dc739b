"""Kinds of fields, and bodies that know no other keys."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from madoguchi.foundation import phone

LONGEST_TEXT = 200_000
_EARLIEST, _LATEST = 1900, 2200


class Body(BaseModel):
    """A request's body: an unknown key is refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer's body; tests hold the real answers against it."""

    model_config = ConfigDict(extra="forbid")


def _possible(at: datetime) -> datetime:
    if not _EARLIEST <= at.year < _LATEST:
        raise ValueError(_("This is no possible time."))
    return at.astimezone(UTC)  # PostgreSQL takes no offset of 16 hours or more


def _dialled(number: str) -> str:
    """A writing of a telephone number, or nothing at all: what cannot be dialled must not be lost silently."""
    if number.strip() and not phone.normalise(number):
        raise ValueError(_("This is not a telephone number."))
    return number


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """Answers by key: texts, numbers, yes or no, lists of texts; None takes an answer back."""
    if len(details) > 100:
        raise ValueError(_("At most 100 details."))
    for key, value in details.items():
        if not 1 <= len(key) <= 60:
            raise ValueError(_("A detail's key has 1 to 60 characters."))
        if not all(_is_said(part) for part in (value if isinstance(value, list) else [value])):
            raise ValueError(_("“%(key)s” must be a text, a number, yes or no, or a list of those.") % {"key": key})
        if len(json.dumps(value)) > 20_000:
            raise ValueError(_("“%(key)s” is too long.") % {"key": key})
    return details


def _is_said(value: Any) -> bool:
    return value is None or (isinstance(value, str | bool | int | float) and _is_small(value))


def _is_small(value: str | float) -> bool:
    """Numbers that every JSON reader keeps exactly; infinite ones are none."""
    return isinstance(value, str) or abs(value) <= 2**53


Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Word = Annotated[str, StringConstraints(max_length=200)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
NeededText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_dialled)]
Moment = Annotated[AwareDatetime, AfterValidator(_possible)]
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, StringConstraints(max_length=200)]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
StaffName = Annotated[str, StringConstraints(min_length=1, max_length=254)] | Annotated[int, Field(strict=True)]
Details = Annotated[dict[str, Any], AfterValidator(_plain)]

Status = Literal["new", "open", "waiting", "resolved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["phone", "mail", "web", "chat", "visit", "bypass"]
