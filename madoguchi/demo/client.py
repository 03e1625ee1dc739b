"""The demo's way through the real doors: the API over HTTP, and mail over SMTP."""

import http.client
import json
import logging
import smtplib
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote, urlencode

log = logging.getLogger("madoguchi.demo")
_SECONDS = 20


class Door:
    """The API with one token. What is refused, or cannot be reached just now, is None and a line in the log."""

    def __init__(self, host: str, port: int, token: str = "") -> None:
        self.host, self.port, self.token = host, port, token

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, body)

    def patch(self, path: str, **changes: Any) -> Any:
        return self._ask("PATCH", path, changes)

    def cti(self, body: Mapping[str, Any]) -> Any:
        """Zammad's format: the token stands in the address."""
        return self._ask("POST", f"/cti/{quote(self.token)}", body)

    def is_ready(self) -> bool:
        """Whether the desk answers and its database is there."""
        return self._send("GET", "/readyz", None)[0] == 200

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        status, text = self._send(method, f"/api/v1{path}", body)
        if status >= 300 or status == 0:
            log.info("%s %s: %s %s", method, path.partition("/cti/")[0], status or "no answer", text[:300])
            return None
        return json.loads(text) if text else {}

    def _send(self, method: str, path: str, body: Any) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()


def post_letter(letter: EmailMessage, *, host: str, port: int, sender: str, to: str) -> bool:
    """Hand a mail to the SMTP door; False when it cannot be reached just now."""
    try:
        with smtplib.SMTP(host, port, timeout=_SECONDS) as smtp:
            smtp.sendmail(sender, [to], letter.as_bytes())
    except (OSError, smtplib.SMTPException) as error:
        log.info("mail: %s", error)
        return False
    return True
