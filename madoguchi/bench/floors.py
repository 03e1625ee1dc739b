"""The floor of what is written: the same rows and a durable commit in bare SQL, in a process of its own.

It copies the rows that the product's own act has left behind, so that it cannot write less than the product does.
"""

import json
import sys
import threading
import time
import uuid
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


def _write(database: Database, connection: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
    """One transaction."""
    connection.execute("BEGIN IMMEDIATE" if database.engine == "sqlite" else "BEGIN")
    ids: dict[str, int] = {}
    for table, wanted in rows.items():
        for row in wanted:
            values = {name: value for name, value in row.items() if name not in _GENERATED}
            match table:
                case "tickets_ticketinteraction":
                    values["ticket_id"] = ids["tickets_ticket"]
                    values["interaction_id"] = ids["interactions_interaction"]
                case "tickets_message":
                    values["ticket_id"] = ids.get("tickets_ticket", row["ticket_id"])
                    values["outgoing_id"] = None
                case "mail_outgoingmail":
                    values["message_id"] = f"{uuid.uuid4()}@bench.example"
                    values["state"] = "sent"
                case "search_document":
                    values["ref"] = ids["tickets_ticket"]
                case "journal_mention":
                    values["entry_id"] = ids["journal_entry"]
                case _:
                    pass
            ids[table] = _insert(database, connection, table, values)
            if table == "search_document" and database.engine == "sqlite":
                connection.execute(
                    "INSERT INTO search_fts_ticket (rowid, terms) VALUES (?, ?)", [values["ref"], row["terms"]]
                )
    if not rows["tickets_ticket"]:
        ticket = rows["tickets_message"][0]["ticket_id"]
        connection.execute(database.sql("UPDATE tickets_ticket SET version = version + 1 WHERE id = ?"), [ticket])
    connection.execute("COMMIT")


def _insert(database: Database, connection: Any, table: str, values: dict[str, Any]) -> int:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    given = [json.dumps(value) if isinstance(value, dict | list) else value for value in values.values()]
    cursor = connection.execute(database.sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks}) RETURNING id'), given)
    key: int = cursor.fetchone()[0]
    return key


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
