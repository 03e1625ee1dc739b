"""JSON answers."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON as the API writes it."""
    content = json.dumps(body, ensure_ascii=False)
    return HttpResponse(content, status=status, content_type="application/json", headers=dict(headers or {}))


def items(rows: list[Any], following: str | None = None) -> HttpResponse:
    """One page of a list; ``following`` is the cursor of the next."""
    return answer(200, {"items": rows, "next": following})


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with the offset of the desk's zone."""
    return timezone.localtime(at).isoformat() if at else None
