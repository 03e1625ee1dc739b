"""Zammad's generic CTI format, as many telephone systems speak it: the token stands in the address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from madoguchi.api.caller import SMALL, check_size
from madoguchi.api.problem import ProblemError
from madoguchi.api.reading import clean_text, read_json
from madoguchi.api.signed import check_signed
from madoguchi.api.v1.answer import answer
from madoguchi.api.v1.calls import take_in
from madoguchi.people import tokens
from madoguchi.telephony.providers.zammad import translation as zammad

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def zammad_cti(request: HttpRequest, token: str) -> HttpResponse:
    """``POST /cti/{token}``: JSON or form; ``{}`` after commit. An unknown token hears no more than that."""
    if request.method != "POST":
        raise ProblemError(405, _("Only POST is taken here."), headers={"Allow": "POST"})
    found = tokens.find(clean_text(token))
    if found is None or not found.allows("calls:write"):
        raise ProblemError(401, _("This token is unknown, expired or withdrawn."), code="invalid_token")
    check_size(request, SMALL)
    check_signed(request, found)
    take_in(_posted(request), token=found, events_of=zammad.events_of)
    return answer(200, {})


def _posted(request: HttpRequest) -> Any:
    if request.content_type not in _FORMS:
        return read_json(request)
    return {
        clean_text(key): [clean_text(value) for value in values] if len(values) > 1 else clean_text(values[0])
        for key, values in request.POST.lists()
        if values
    }
