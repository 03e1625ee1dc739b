"""Answers to the requester and notes for colleagues, with files."""

import base64
import binascii
from typing import Annotated, Literal

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import AfterValidator, Field

from madoguchi.api.caller import LARGE, ApiRequest, Needs
from madoguchi.api.reading import CleanParser, read_json
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer
from madoguchi.api.v1.fields import Body
from madoguchi.api.v1.find import ticket_at
from madoguchi.api.v1.timeline import MessageForm, message_form
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.people.access import Capability
from madoguchi.tickets.actions.post_message import post_message

router = Router(tags=["tickets"])
_MOST_FILES = 20


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(_("This is not base64.")) from error
    return text


def _file_name(name: str) -> str:
    """Only the last part of a path, without control characters."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in bare if char.isprintable()).strip() or "file"


class AttachmentIn(Body):
    """A file; ``content`` in base64."""

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_file_name)]
    type: Annotated[str, Field(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")] = "application/octet-stream"
    content: Annotated[str, AfterValidator(_base64)]


class MessageIn(Body):
    """A text; ``public`` goes to the requester, ``internal`` stays among colleagues."""

    body: fields.NeededText
    visibility: Literal["public", "internal"]
    attachments: Annotated[list[AttachmentIn], Field(max_length=_MOST_FILES)] = []


_FORMS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/MessageIn"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["body", "visibility"],
                    "properties": {
                        "body": {"type": "string"},
                        "visibility": {"enum": ["public", "internal"]},
                        "attachments": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            },
        },
    }
}


@router.post(
    "/tickets/{number}/messages",
    response={201: MessageForm},
    auth=Needs("tickets:write", capability=Capability.WORK_TICKETS, largest=LARGE),
    openapi_extra=_FORMS,
    summary="Answer or note",
)
def post_a_message(request: ApiRequest, number: str) -> HttpResponse:
    """JSON, or multipart/form-data with files as ``attachments``. A public answer is mailed, or told by telephone."""
    ticket = ticket_at(request, number)
    said = _read(request)
    for file in said.attachments:  # on the disk before the transaction begins
        store.write(base64.b64decode(file.content))
    teams = request.auth.access.teams
    with transaction.atomic():
        files = [_attach(file) for file in said.attachments]
        message = post_message(
            ticket,
            body=said.body,
            visibility=said.visibility,
            attachments=files,
            team=teams[0] if teams else None,
            by=request.auth.staff,
        )
    return answer(201, message_form(message, files))


def _attach(file: AttachmentIn) -> Attachment:
    return Attachment.objects.create(
        file=store.keep(base64.b64decode(file.content)), name=file.name[:255], content_type=file.type
    )


def _read(request: ApiRequest) -> MessageIn:
    _whole = request.body  # read before the form is, so that the idempotency key can cover it
    if request.content_type != "multipart/form-data":
        return MessageIn.model_validate(read_json(request))
    form = CleanParser().parse_querydict(request.POST, [], request)
    files = [
        {
            "name": file.name or "file",
            "type": file.content_type or "application/octet-stream",
            "content": base64.b64encode(file.read()).decode(),
        }
        for name, uploads in request.FILES.lists()
        for file in uploads
    ]
    return MessageIn.model_validate({**form, "attachments": files})
