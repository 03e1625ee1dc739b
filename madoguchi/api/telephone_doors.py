"""How the doors are described that telephone systems post to in words of their own, with their token in the address."""

from typing import Any

_TOKEN = {"in": "path", "name": "token", "required": True, "schema": {"type": "string"}}
_FORM = "application/x-www-form-urlencoded"
_TEXT = {"type": "string"}


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"in": "query", "name": name, "required": False, "schema": _TEXT | schema, "description": description}


_ZAMMAD = {
    "operationId": "zammad_cti",
    "tags": ["telephone"],
    "summary": "Zammad's generic CTI format",
    "description": "The token, which needs the scope `calls:write`, stands in the address. `{}` after commit.",
    "security": [],
    "parameters": [_TOKEN],
    "requestBody": {
        "required": True,
        "content": {
            kind: {
                "schema": {
                    "type": "object",
                    "required": ["event", "callId"],
                    "properties": dict.fromkeys(
                        ("event", "callId", "from", "to", "direction", "user", "queue", "cause"), _TEXT
                    ),
                }
            }
            for kind in ("application/json", _FORM)
        },
    },
    "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}},
}
_TWILIO = {
    "operationId": "twilio_callback",
    "tags": ["telephone"],
    "summary": "Twilio's callbacks",
    "description": (
        "Status callbacks of calls and of the legs of `<Dial>`, the addresses of `<Enqueue>` and `<Queue>`, and"
        " recording callbacks, as Twilio posts them. The token, which needs the scope `calls:write`, stands in the"
        " address; Twilio must have signed the post with the Auth Token in `MADOGUCHI_TWILIO_AUTH_TOKEN`, else 403."
        " TwiML after commit."
    ),
    "security": [],
    "parameters": [
        _TOKEN,
        {
            "in": "header",
            "name": "X-Twilio-Signature",
            "required": True,
            "schema": _TEXT,
            "description": "Base64 of HMAC-SHA1 over the public address, query included, and all fields, sorted",
        },
        _query("queue", "the queue, which Twilio names only by its SID", maxLength=80),
        _query("agent", "whose telephone it is: extension, login or e-mail", maxLength=200),
        _query("direction", "which way the call goes", enum=["inbound", "outbound", "internal"]),
        _query("next", "the address at which the call goes on", format="uri"),
    ],
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["CallSid"],
                    "properties": {
                        "CallSid": {"type": "string", "description": "the call, or its leg where it has a parent"},
                        "ParentCallSid": {"type": "string", "description": "the call that the leg belongs to"},
                        "CallStatus": {
                            "type": "string",
                            "enum": [
                                "queued",
                                "initiated",
                                "ringing",
                                "in-progress",
                                "completed",
                                "busy",
                                "no-answer",
                                "canceled",
                                "failed",
                            ],
                        },
                        "SequenceNumber": {"type": "string", "pattern": "^[0-9]+$"},
                        "Timestamp": {"type": "string", "description": "RFC 2822, UTC"},
                        "CallDuration": {"type": "string", "description": "seconds"},
                        "Direction": _TEXT,
                        "From": {"type": "string", "description": "E.164, `client:…`, `sip:…`, or a withheld number"},
                        "To": _TEXT,
                        "CallerName": _TEXT,
                        "QueueSid": _TEXT,
                        "QueueTime": {"type": "string", "description": "seconds of waiting"},
                        "QueueResult": {"type": "string", "description": "how the call left the queue"},
                        "DequeingCallSid": _TEXT,
                        "RecordingSid": _TEXT,
                        "RecordingUrl": {"type": "string", "format": "uri"},
                        "RecordingStatus": _TEXT,
                    },
                    "additionalProperties": True,
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "TwiML: what the call does next",
            "content": {
                "text/xml": {
                    "schema": {"type": "string"},
                    "example": '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
                }
            },
        }
    },
}

DOORS: dict[str, dict[str, Any]] = {
    "/api/v1/cti/{token}": {"post": _ZAMMAD},
    "/api/v1/twilio/{token}": {"post": _TWILIO},
}
