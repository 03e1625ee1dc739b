"""The floor of the pages: granian with bare queries and the same HTML through Jinja2, nothing else.

The product's own page is the template: one row of it, its words taken out, is repeated for each row of the query.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from jinja2 import Environment

from madoguchi.bench.database import Database

_ROW = """SELECT t.subject, t.id, t.status, t.priority, t.opened_at, t.updated_at, t.holder_team_id, p.family_name,
 p.given_name, o.name, s.family_name FROM tickets_ticket t LEFT JOIN people_person p ON p.id = t.requester_id
 LEFT JOIN people_organization o ON o.id = t.organization_id LEFT JOIN people_staff s ON s.id = t.assignee_id"""
_LIST = f"{_ROW} WHERE t.status IN ('new', 'open', 'waiting') ORDER BY t.updated_at DESC, t.id DESC LIMIT 51"
# The newest that hold a word; ``word`` is the indexed term in quotation marks.
_SEARCH = {
    "sqlite": f"{_ROW} WHERE t.id IN (SELECT rowid FROM search_fts_ticket WHERE search_fts_ticket MATCH ?"
    " ORDER BY rowid DESC LIMIT 51) ORDER BY t.id DESC",
    "postgres": f"{_ROW} WHERE t.id IN (SELECT ref FROM search_document WHERE kind = 'ticket' AND words @@ ?::tsquery"
    " ORDER BY ref {more} DESC LIMIT 51) ORDER BY t.id DESC",
}
_TICKET = "SELECT * FROM tickets_ticket WHERE id = ?"
_ENTRIES = """SELECT e.kind, e.at, e.actor_name, e.data FROM journal_mention m JOIN journal_entry e ON e.id = m.entry_id
 WHERE m.kind = 'ticket' AND m.ref = ? ORDER BY m.entry_id DESC LIMIT 50"""
_MESSAGES = "SELECT body, at, author_name, visibility, delivery FROM tickets_message WHERE ticket_id = ? ORDER BY id"
_LIST_ROW = re.compile(r"<tr[ >](?:(?!</tr>).)*</tr>", re.DOTALL)
_ENTRY = re.compile(r'<li class="entry[ "](?:(?!</li>).)*</li>', re.DOTALL)
_WORDS = {"list": re.compile(r"(data-open[^>]*>)[^<]*"), "ticket": re.compile(r'(class="entry-body">)[^<]*')}


def template_of(kind: str, html: str) -> str:
    """The page with its rows as a loop; jinja's marks are ``<% %>`` and ``<< >>``, which no page holds."""
    kind = "ticket" if kind == "ticket" else "list"
    body_from = html.find("<tbody") if kind == "list" else 0
    rows = list((_LIST_ROW if kind == "list" else _ENTRY).finditer(html, body_from))
    if not rows:
        raise RuntimeError(f"The page of the {kind} has no rows.")
    model = max(rows, key=lambda row: len(row[0]) if _WORDS[kind].search(row[0]) else 0)[0]
    loop = "<% for row in rows %>" + _WORDS[kind].sub(r"\1<< row[0] >>", model, count=1) + "<% endfor %>"
    return html[: rows[0].start()] + loop + html[rows[-1].end() :]


def application(order: dict[str, Any]) -> Callable[..., Iterable[bytes]]:
    """The page as a WSGI application."""
    database = Database(order["engine"], order["place"])
    environment = Environment(
        autoescape=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    template = environment.from_string(order["template"])
    here = threading.local()

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not hasattr(here, "connection"):
            here.connection = database.connect()
        ask = here.connection.execute
        if order["kind"] == "list":
            rows = ask(_LIST).fetchall()[:50]
        elif order["kind"] == "search":
            # A rare word is best sorted: left alone, PostgreSQL walks down every text for it.
            question = _SEARCH[order["engine"]].replace("{more}", "+ 0" if order["rare"] else "")
            rows = ask(database.sql(question), [order["word"]]).fetchall()[:50]
        else:
            key = [int(environ["PATH_INFO"].strip("/").rpartition("/")[2][:-1])]
            ask(database.sql(_TICKET), key).fetchone()
            ask(database.sql(_ENTRIES), key).fetchall()
            rows = ask(database.sql(_MESSAGES), key).fetchall()
        content = template.render(rows=rows).encode()
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content)))])
        return [content]

    return page


def _load(path: str) -> Callable[..., Iterable[bytes]]:
    return application(json.loads(Path(path).read_text(encoding="utf-8")))


def serve(path: str, port: int) -> None:
    """Serve the order in the file until SIGTERM, with as many processes and threads as the product has."""
    server = Server(
        "page",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=8,
        backpressure=16,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=partial(_load, path), wrap_loader=False)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
