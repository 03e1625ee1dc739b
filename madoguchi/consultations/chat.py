"""A message to a chat room by its incoming webhook, in the form that its product takes."""

import json
import re
from urllib.parse import urlsplit

from django.conf import settings

from madoguchi.foundation.outbound import ForbiddenError, is_inside, require_callable

# Workflows of Microsoft Teams take cards only; Slack, Mattermost, Rocket.Chat and Google Chat all take a text.
_TEAMS = (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com")
# Signs by which a room is called together, or a link shows another address than its own.
_CALLS = re.compile(r"@(?=channel|here|everyone|all|room)", re.IGNORECASE)
_HARMLESS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］"})


def leads(address: str) -> bool:
    """Whether a message can be posted to the address, as far as can be told without asking a name server."""
    try:
        require_callable(address, inside=settings.CHAT_HOSTS)
    except ForbiddenError:
        return False
    return True


def message(address: str, text: str, link: str, link_text: str) -> bytes:
    """The JSON to post. What people wrote calls nobody together and links to nowhere."""
    said = _CALLS.sub("＠", text.translate(_HARMLESS))
    if is_inside(urlsplit(address).hostname or "", _TEAMS):
        return _json(_card(said, link, link_text))
    return _json({"text": f"{said}\n{link}" if link else said})


def _card(text: str, link: str, link_text: str) -> dict[str, object]:
    lines = [{"type": "TextBlock", "text": line, "wrap": True} for line in text.splitlines() if line.strip()]
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": link_text, "url": link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
