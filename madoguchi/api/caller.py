"""Who calls: a bearer token with its scopes, acting as its member of staff. Session cookies count for nothing here."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security.base import AuthBase

from madoguchi.api.problem import ProblemError
from madoguchi.people import tokens
from madoguchi.people.access import Access, Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.people.tokens import ApiToken

SMALL = 2 * 1024 * 1024  # bytes of an ordinary body; what carries files or many events says more
LARGE = 30 * 1024 * 1024
_REALM = 'Bearer realm="madoguchi"'


@dataclass(frozen=True)
class Caller:
    """The token, whom it acts as, and what they may do."""

    token: ApiToken
    staff: Staff
    access: Access


class ApiRequest(HttpRequest):
    """What a view of the API receives."""

    auth: Caller


class Needs(AuthBase):
    """A call's conditions: one of ``scopes`` on the token, ``capability`` of its owner, a body of ``largest`` bytes."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, *scopes: str, capability: Capability | None = None, largest: int = SMALL) -> None:
        self.scopes = scopes
        self.capability = capability
        self.largest = largest
        super().__init__()

    def __call__(self, request: HttpRequest) -> Caller:
        caller = caller_of(request)
        if not any(caller.token.allows(scope) for scope in self.scopes):
            raise ProblemError(
                403,
                _("This token lacks the scope %(scope)s.") % {"scope": self.scopes[0]},
                code="insufficient_scope",
                headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{" ".join(self.scopes)}"'},
            )
        if self.capability is not None and not caller.access.can(self.capability):
            raise ProblemError(
                403, _("%(name)s does not have the right to do this.") % {"name": caller.staff.name}, code="no_right"
            )
        check_size(request, self.largest)
        return caller


def caller_of(request: HttpRequest) -> Caller:
    """The caller behind the Authorization header; 401 when there is none, or the token is unknown or expired."""
    scheme, _blank, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise ProblemError(
            401, _("Send a token: Authorization: Bearer …"), code="no_token", headers={"WWW-Authenticate": _REALM}
        )
    token = tokens.find(text.strip())
    if token is None:
        raise ProblemError(
            401,
            _("This token is unknown, expired or withdrawn."),
            code="invalid_token",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    return Caller(token, token.staff, access_of(token.staff))


def check_size(request: HttpRequest, largest: int) -> None:
    """413 when the announced body is larger than ``largest`` bytes."""
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if announced.isascii() and announced.isdigit() and int(announced) > largest:
        raise ProblemError(
            413,
            _("This is larger than the %(size)d MB that this call takes.") % {"size": largest // 1024 // 1024},
            headers={"Connection": "close"},
        )
