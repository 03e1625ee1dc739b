"""What is kept as JSON and read back typed: what rules and scripts are made of."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from madoguchi.foundation.refusal import Refused


class Part(BaseModel):
    """Never changed once it is read; a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def accepted[P: Part](kind: type[P], written: Any, *, otherwise: str) -> P:
    """A JSON value as ``kind``; refuses what is none with the sentence ``otherwise``."""
    try:
        return kind.model_validate(written)
    except ValidationError:
        raise Refused(otherwise, code="definition") from None
