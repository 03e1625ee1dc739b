"""Twilio's callbacks: the token stands in the address, and Twilio signs what it posts."""

from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from madoguchi.api.caller import check_size
from madoguchi.api.problem import ProblemError
from madoguchi.api.reading import clean_text
from madoguchi.api.v1.calls import take_in
from madoguchi.people import tokens
from madoguchi.telephony.providers.twilio import signature
from madoguchi.telephony.providers.twilio import translation as twilio

LARGEST = 1024 * 1024
_OURS = ("queue", "agent", "direction")


def twilio_callback(request: HttpRequest, token: str) -> HttpResponse:
    """``POST /twilio/{token}?queue=&agent=&direction=&next=``: a form; TwiML after commit, going on at ``next``."""
    if request.method != "POST":
        raise ProblemError(405, _("Only POST is taken here."), headers={"Allow": "POST"})
    if not settings.TWILIO_AUTH_TOKENS:
        raise ProblemError(
            403, _("Twilio is not set up here: MADOGUCHI_TWILIO_AUTH_TOKEN is not set."), code="not_set_up"
        )
    found = tokens.find(clean_text(token))
    if found is None or not found.allows("calls:write"):
        raise ProblemError(401, _("This token is unknown, expired or withdrawn."), code="invalid_token")
    check_size(request, LARGEST)
    fields = dict(request.POST.lists())
    address = settings.PUBLIC_ADDRESS + request.get_full_path()
    given = request.headers.get("X-Twilio-Signature", "")
    if not signature.is_signed(given, address, fields, settings.TWILIO_AUTH_TOKENS):
        raise ProblemError(
            403,
            _("X-Twilio-Signature does not fit. It is checked with the address %(address)s/…")
            % {"address": settings.PUBLIC_ADDRESS},
            code="invalid_signature",
        )
    posted = {clean_text(name): clean_text(values[0]) for name, values in fields.items() if values}
    posted |= {name: clean_text(request.GET[name]) for name in _OURS if name in request.GET}
    take_in(posted, token=found, events_of=twilio.events_of)
    return HttpResponse(_twiml(posted, request.GET.get("next", "")), content_type="text/xml; charset=utf-8")


def _twiml(posted: dict[str, str], following: str) -> str:
    """What the call does next; a caller who waits hears silence when nothing is named, else Twilio asks in a loop."""
    verb = ""
    if urlsplit(following).scheme in ("http", "https"):
        verb = f"<Redirect>{escape(following)}</Redirect>"
    elif "QueueSid" in posted and "QueueResult" not in posted and "DequeingCallSid" not in posted:
        verb = '<Pause length="60"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verb}</Response>'
