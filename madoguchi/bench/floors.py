"""The floor of what is written: the same rows and a durable commit in bare SQL, in a process of its own.

It copies the rows that the product's own act has left behind, so that it cannot write less than the product does.
"""

import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from madoguchi.bench.database import Database

# Worked out by the database itself.
_GENERATED = {"id", "words", "xid"}


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: engine, place, kind of the journal entry whose rows are written, times, at_once."""
    database = Database(order["engine"], order["place"])
    rows = rows_of(database, order["kind"])
    left = iter(range(order["times"]))
    lock = threading.Lock()
    # SQLite has one writer at a time; a line of them would only measure its sleeping.
    writers = order["at_once"] if database.engine == "postgres" else 1

    def writer() -> None:
        connection = database.connect()
        while True:
            with lock:
                if next(left, None) is None:
                    break
            _write(database, connection, rows)
        connection.close()

    begin, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=writer) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


def rows_of(database: Database, kind: str) -> dict[str, list[dict[str, Any]]]:
    """The rows that the last act of this kind wrote, by table."""
    if kind == "mail.received":
        return rows_of_mail(database)
    entry = database.row("SELECT * FROM journal_entry WHERE kind = ? ORDER BY at DESC LIMIT 1", kind)
    if entry is None:
        raise RuntimeError(f"Nothing has been written by {kind} yet.")
    mentions = database.rows("SELECT * FROM journal_mention WHERE entry_id = ?", entry["id"])
    ticket = next(row["ref"] for row in mentions if row["kind"] == "ticket")
    data = entry["data"] if isinstance(entry["data"], dict) else json.loads(entry["data"])
    messages = database.rows("SELECT * FROM tickets_message WHERE id = ?", data["message"])
    found = {
        "tickets_ticket": database.rows("SELECT * FROM tickets_ticket WHERE id = ?", ticket),
        "interactions_interaction": database.rows(
            "SELECT * FROM interactions_interaction WHERE id IN"
            " (SELECT interaction_id FROM tickets_ticketinteraction WHERE ticket_id = ?)",
            ticket,
        ),
        "tickets_ticketinteraction": database.rows(
            "SELECT * FROM tickets_ticketinteraction WHERE ticket_id = ?", ticket
        ),
        "tickets_message": messages,
        "mail_outgoingmail": database.rows("SELECT * FROM mail_outgoingmail WHERE id = ?", messages[0]["outgoing_id"]),
        "search_document": database.rows("SELECT * FROM search_document WHERE kind = 'ticket' AND ref = ?", ticket),
        "journal_entry": [entry],
        "journal_mention": mentions,
    }
    if kind != "ticket.opened":
        for table in ("tickets_ticket", "interactions_interaction", "tickets_ticketinteraction", "search_document"):
            found[table] = []
    return found


def rows_of_mail(database: Database) -> dict[str, list[dict[str, Any]]]:
    """The rows that the last mail wrote that became a ticket, by table, in the order of their references."""
    mail = database.row("SELECT * FROM mail_incomingmail WHERE state = 'taken' ORDER BY id DESC LIMIT 1")
    if mail is None:
        raise RuntimeError("No mail has been taken in yet.")
    message = database.rows("SELECT * FROM tickets_message WHERE incoming_id = ?", mail["id"])
    ticket = message[0]["ticket_id"]
    contact = database.rows("SELECT * FROM interactions_interaction WHERE mail_id = ?", mail["id"])
    told = database.rows(
        "SELECT DISTINCT e.* FROM journal_entry e JOIN journal_mention m ON m.entry_id = e.id WHERE"
        " (m.kind = 'ticket' AND m.ref = ?) OR (m.kind = 'incomingmail' AND m.ref = ?) ORDER BY e.id",
        ticket,
        mail["id"],
    )
    return {
        "files_storedfile": database.rows("SELECT * FROM files_storedfile WHERE id = ?", mail["raw_id"]),
        "mail_mailthread": database.rows("SELECT * FROM mail_mailthread WHERE id = ?", mail["thread_id"]),
        "mail_incomingmail": [mail],
        "interactions_interaction": contact,
        "tickets_ticket": database.rows("SELECT * FROM tickets_ticket WHERE id = ?", ticket),
        "tickets_message": message,
        "tickets_ticketinteraction": database.rows(
            "SELECT * FROM tickets_ticketinteraction WHERE ticket_id = ?", ticket
        ),
        "tickets_ticketthread": database.rows("SELECT * FROM tickets_ticketthread WHERE ticket_id = ?", ticket),
        "search_document": database.rows("SELECT * FROM search_document WHERE kind = 'ticket' AND ref = ?", ticket),
        "journal_entry": told,
        "journal_mention": [
            row
            for entry in told
            for row in database.rows("SELECT * FROM journal_mention WHERE entry_id = ?", entry["id"])
        ],
    }


def _write(database: Database, connection: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
    """One transaction."""
    connection.execute("BEGIN IMMEDIATE" if database.engine == "sqlite" else "BEGIN")
    ids: dict[str, int] = {}
    entries: dict[int, int] = {}
    for table, wanted in rows.items():
        for row in wanted:
            values = {name: value for name, value in row.items() if name not in _GENERATED}
            if table == "journal_mention":
                values["entry_id"] = entries[row["entry_id"]]
            values |= {name: ids[to] for name, to in _REFERENCES.get(table, {}).items() if to in ids}
            values |= {name: new() for name, new in _UNIQUE.get(table, {}).items()}
            ids[table] = _insert(database, connection, table, values)
            if table == "journal_entry":
                entries[row["id"]] = ids[table]
            if table == "search_document" and database.engine == "sqlite":
                connection.execute(
                    "INSERT INTO search_fts_ticket (rowid, terms) VALUES (?, ?)", [values["ref"], row["terms"]]
                )
    if not rows["tickets_ticket"]:
        ticket = rows["tickets_message"][0]["ticket_id"]
        connection.execute(database.sql("UPDATE tickets_ticket SET version = version + 1 WHERE id = ?"), [ticket])
    connection.execute("COMMIT")


def _message_id() -> str:
    return f"<{uuid.uuid4()}@bench.example>"


def _token() -> str:
    return uuid.uuid4().hex


def _digest() -> str:
    return uuid.uuid4().hex * 2


def _nothing() -> None:
    return None


def _sent() -> str:
    return "sent"


# Which of the rows written before a row refers to; and what no two rows may share.
_REFERENCES: Mapping[str, Mapping[str, str]] = {
    "mail_incomingmail": {"raw_id": "files_storedfile", "thread_id": "mail_mailthread"},
    "interactions_interaction": {"mail_id": "mail_incomingmail"},
    "tickets_message": {"ticket_id": "tickets_ticket", "incoming_id": "mail_incomingmail"},
    "tickets_ticketinteraction": {"ticket_id": "tickets_ticket", "interaction_id": "interactions_interaction"},
    "tickets_ticketthread": {"ticket_id": "tickets_ticket", "thread_id": "mail_mailthread"},
    "search_document": {"ref": "tickets_ticket"},
}
_UNIQUE: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "files_storedfile": {"sha256": _digest},
    "mail_mailthread": {"token": _token},
    "mail_incomingmail": {"dedupe_key": _digest, "message_id": _message_id},
    "mail_outgoingmail": {"message_id": _message_id, "state": _sent},
    "tickets_message": {"outgoing_id": _nothing},
}


def _insert(database: Database, connection: Any, table: str, values: dict[str, Any]) -> int:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    given = [json.dumps(value) if isinstance(value, dict | list) else value for value in values.values()]
    cursor = connection.execute(database.sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks}) RETURNING id'), given)
    key: int = cursor.fetchone()[0]
    return key


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
