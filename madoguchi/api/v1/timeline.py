"""What happened to a ticket, and what was said on it."""

from collections.abc import Iterable
from typing import Any, Literal

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import items, moment
from madoguchi.api.v1.fields import Answer
from madoguchi.api.v1.find import ticket_at
from madoguchi.api.v1.tickets import READ
from madoguchi.files.models import Attachment
from madoguchi.tickets.models import Message
from madoguchi.tickets.timeline import timeline

router = Router(tags=["tickets"])


class ActorForm(Answer):
    """Who did it: ``staff``, ``person``, ``system`` …"""

    kind: str
    id: int | None
    name: str


class AttachmentForm(Answer):
    """A file by name, type and hash of its content."""

    name: str
    type: str
    size: int
    sha256: str


class MessageForm(Answer):
    """Something said: to or from the requester (``public``), or among colleagues (``internal``)."""

    id: int
    at: str
    visibility: Literal["public", "internal"]
    from_requester: bool
    author: str
    body: str
    delivery: Literal["none", "mail", "call_back"]
    attachments: list[AttachmentForm]


class TimelineForm(Answer):
    """One thing that happened; ``data`` depends on ``kind``, ``message`` is there where something was said."""

    id: int
    at: str
    kind: str
    actor: ActorForm
    data: dict[str, Any]
    message: MessageForm | None


class TimelineList(Answer):
    """A part of a timeline."""

    items: list[TimelineForm]
    next: str | None


class TimelineQuery(BaseModel):
    """Which part."""

    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.get("/tickets/{number}/timeline", response=TimelineList, auth=READ, summary="What happened to a ticket")
def get_timeline(request: ApiRequest, number: str, part: Query[TimelineQuery]) -> HttpResponse:
    """From the beginning on, oldest first."""
    ticket = ticket_at(request, number)
    entries = timeline(ticket, request.auth.access, after=cursor.decode_id(part.cursor) or 0, limit=part.limit + 1)
    more, entries = len(entries) > part.limit, entries[: part.limit]
    rows = [
        {
            "id": entry.id,
            "at": moment(entry.at),
            "kind": entry.kind,
            "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name},
            "data": entry.data,
            "message": message_form(entry.message, entry.files) if entry.message else None,
        }
        for entry in entries
    ]
    return items(rows, cursor.encode(None, entries[-1].id) if more else None)


def message_form(message: Message, files: Iterable[Attachment]) -> dict[str, Any]:
    """A message as ``MessageForm``; the files of its attachments are loaded already."""
    return {
        "id": message.pk,
        "at": moment(message.at),
        "visibility": message.visibility,
        "from_requester": message.from_requester,
        "author": message.author_name,
        "body": message.body,
        "delivery": message.delivery,
        "attachments": [
            {"name": file.name, "type": file.content_type, "size": file.file.size, "sha256": file.file.sha256}
            for file in files
        ],
    }
