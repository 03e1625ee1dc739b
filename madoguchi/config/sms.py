"""The provider of SMS from its MADOGUCHI_SMS_… variables; a wrong one stops the start with a sentence."""

from urllib.parse import urlsplit

from madoguchi.config import environment as env
from madoguchi.config.environment import marked as _
from madoguchi.consultations.sms import SmsProvider


def sms_provider() -> SmsProvider | None:
    """None when no provider is set."""
    url = env.text("SMS_URL", doc=_("where SMS are posted to; unset: contacts are not reached by SMS"), secret=True)
    headers = env.text("SMS_HEADERS", doc=_("headers of the request to SMS_URL, one “Name: value” a line"), secret=True)
    body = env.text("SMS_BODY", doc=_("body of the request to SMS_URL, with {to} and {text}"), secret=True)
    accepted = env.text("SMS_ACCEPTED", doc=_("what the answer contains when an SMS was taken; unset: any 2xx"))
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise env.SettingError("MADOGUCHI_SMS_URL must begin with https:// and name a host.")
    if "{text}" not in url + body or "{to" not in url + body:
        raise env.SettingError("MADOGUCHI_SMS_BODY (or the URL) must contain {text} and {to}.")
    return SmsProvider(url, _headers(headers), body, accepted)


def _headers(written: str) -> dict[str, str]:
    headers = {}
    for line in filter(str.strip, written.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise env.SettingError("MADOGUCHI_SMS_HEADERS must hold lines like “Authorization: Bearer …”.")
        headers[name.strip().title()] = value.strip()
    return headers
