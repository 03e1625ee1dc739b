"""``/scim/v2/…``: an identity provider (Entra ID, Okta, …) keeps people and groups here, by SCIM 2.0."""

import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from scim2_models import ForbiddenException, InvalidValueException, SCIMException, UnauthorizedException
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from madoguchi.api.caller import LARGE, caller_of, check_size
from madoguchi.api.problem import ProblemError
from madoguchi.directory.scim import Storage, provider
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability

ROOT = "/scim/v2"


def scim(request: HttpRequest, path: str = "") -> HttpResponse:
    """One SCIM operation, whole or not at all. The token needs the scope ``directory:write``, its owner the right."""
    asked = ScimRequest(
        method=str(request.method),
        base_url=f"{settings.PUBLIC_ADDRESS}{ROOT}",
        path=f"/{path}".removesuffix(".scim"),
        query=request.GET.dict(),
        headers=dict(request.headers),
    )
    try:
        answer = _answered(request, asked)
    except SCIMException as refusal:
        answer = _service().error_response(refusal)
    response = HttpResponse(
        b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode(), status=answer.status
    )
    for name, value in answer.headers.items():
        response[name] = value
    return response


def _answered(request: HttpRequest, asked: ScimRequest) -> ScimResponse:
    try:
        caller = caller_of(request)
        check_size(request, LARGE)
    except ProblemError as problem:
        if problem.status == 401:
            raise UnauthorizedException(detail=problem.detail) from None
        raise
    if not caller.token.allows("directory:write") or not caller.access.can(Capability.EDIT_DIRECTORY):
        raise ForbiddenException(detail="This token may not write the directory: it lacks directory:write.")
    asked.body = request.body
    try:
        return ScimHandler(_service(), Storage(caller.staff)).handle(asked)
    except SCIMException:
        raise
    except Refused as refusal:
        raise InvalidValueException(detail=str(refusal)) from None


@cache
def _service() -> ScimService:
    return ScimService(provider())
