"""A desk of any size is made by telling one period again; the copies must be as whole as what was told."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from madoguchi.bench.database import Database
from madoguchi.bench.house import build, standing
from madoguchi.bench.keeping import throw_away
from madoguchi.demo.analysis import terms_of
from madoguchi.search.tokens import document_terms

TICKETS = 200
_POSTGRES_KEYS = """SELECT c.conrelid::regclass::text AS child, a.attname AS key, c.confrelid::regclass::text AS parent
 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"""


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest) -> Iterator[Database]:
    engine = str(request.config.getoption("--engine"))
    with throw_away() as folder, standing(engine, folder) as house:
        build(house, TICKETS, lambda line: None)
        yield house.database


def test_the_desk_has_the_wanted_number_of_tickets_from_the_oldest_to_the_newest(desk: Database) -> None:
    rows = desk.rows("SELECT id, opened_at FROM tickets_ticket ORDER BY id")
    assert [row["id"] - rows[0]["id"] for row in rows] == list(range(TICKETS))
    # A call that waits becomes a ticket later than one that came after it: in each period, not between them.
    periods = [rows[start : start + 50] for start in range(0, TICKETS, 50)]
    latest = [max(row["opened_at"] for row in period) for period in periods]
    assert latest == sorted(latest)
    assert all(
        min(row["opened_at"] for row in later) > before for before, later in zip(latest, periods[1:], strict=False)
    )


def test_only_the_last_period_has_open_tickets(desk: Database) -> None:
    first = desk.rows("SELECT id FROM tickets_ticket WHERE status <> 'closed' ORDER BY id LIMIT 1")
    newest = desk.rows("SELECT id FROM tickets_ticket ORDER BY id DESC LIMIT 50")
    assert first[0]["id"] >= newest[-1]["id"]


def test_whatever_refers_to_a_row_finds_it(desk: Database) -> None:
    if desk.engine == "sqlite":
        assert desk.rows("PRAGMA foreign_key_check") == []
        return
    for row in desk.rows(_POSTGRES_KEYS):
        child, key, parent = row["child"], row["key"], row["parent"]
        if parent != "django_session":
            lost = f'SELECT 1 FROM {child} WHERE "{key}" IS NOT NULL AND "{key}" NOT IN (SELECT id FROM {parent})'
            assert desk.rows(lost) == [], f"{child}.{key}"


def test_each_entry_of_a_copied_ticket_names_its_own_messages(desk: Database) -> None:
    rows = desk.rows(
        "SELECT m.ref, e.data FROM journal_mention m JOIN journal_entry e ON e.id = m.entry_id"
        " WHERE m.kind = 'ticket' AND e.kind IN ('ticket.opened', 'message.posted')"
    )
    owner = {row["id"]: row["ticket_id"] for row in desk.rows("SELECT id, ticket_id FROM tickets_message")}
    told = [(row["ref"], _data(row["data"])["message"]) for row in rows]
    assert {ticket for ticket, _ in told} == set(owner.values())
    assert all(owner[message] == ticket for ticket, message in told)


def test_every_ticket_has_the_deadlines_that_its_journal_says(desk: Database) -> None:
    """Those of a copy are about its own entries and hand-offs; what is open has its next deadline."""
    rows = desk.rows("SELECT ticket_id, kind, subject FROM clocks_clock")
    assert {row["ticket_id"] for row in rows} == {row["id"] for row in desk.rows("SELECT id FROM tickets_ticket")}
    keys = {"acceptance": "handoff", "call_back": "call_back", "answer": "consultation"}
    about = {kind: _of_ticket(desk, key) for kind, key in keys.items()}
    entries = desk.rows(
        "SELECT entry_id, ref FROM journal_mention WHERE kind = 'ticket'"
        " UNION SELECT m.entry_id, c.ticket_id FROM journal_mention m JOIN tickets_ticketcallback c"
        " ON m.kind = 'callback' AND m.ref = c.call_back_id"
    )
    begun = {(row["ref"], row["entry_id"]) for row in entries}
    for row in (*rows, *desk.rows("SELECT ticket_id, kind, subject FROM clocks_spent")):
        assert (row["ticket_id"], row["subject"]) in about.get(row["kind"], begun), dict(row)
    due = desk.rows(
        "SELECT t.next_due_at, MIN(c.due_at) AS first FROM tickets_ticket t LEFT JOIN clocks_clock c"
        " ON c.ticket_id = t.id AND c.ended_at IS NULL GROUP BY t.id, t.next_due_at"
    )
    assert all(row["next_due_at"] == row["first"] for row in due)
    assert any(row["first"] for row in due)
    solved = desk.rows("SELECT id FROM tickets_ticket WHERE status = 'closed'")
    held = desk.rows("SELECT DISTINCT ticket_id FROM clocks_spent WHERE kind = 'holding'")
    assert {row["id"] for row in solved} <= {row["ticket_id"] for row in held}


def _of_ticket(desk: Database, key: str) -> set[tuple[int, int]]:
    """(ticket, hand-off, call-back or question) as the journal's data name them."""
    rows = desk.rows(
        "SELECT m.ref, e.data FROM journal_mention m JOIN journal_entry e ON e.id = m.entry_id WHERE m.kind = 'ticket'"
    )
    return {(row["ref"], data[key]) for row in rows if key in (data := _data(row["data"]))}


def test_each_entry_of_a_copied_question_names_its_own_rows(desk: Database) -> None:
    rows = desk.rows(
        "SELECT m.ref, e.data FROM journal_mention m JOIN journal_entry e ON e.id = m.entry_id"
        " WHERE m.kind = 'consultation' AND e.kind LIKE 'consultation.%'"
    )
    asked = {
        row["id"]: row["consultation_id"] for row in desk.rows("SELECT id, consultation_id FROM consultations_approach")
    }
    assert len({row["ref"] for row in rows}) == len(desk.rows("SELECT id FROM consultations_consultation")) > 2
    for row in rows:
        told = _data(row["data"])
        assert told["consultation"] == row["ref"]
        assert "approach" not in told or asked[told["approach"]] == row["ref"]


def test_each_text_is_found_by_its_own_word_and_by_those_of_all(desk: Database) -> None:
    tickets = [row["id"] for row in desk.rows("SELECT id FROM tickets_ticket ORDER BY id")]
    for ticket in (tickets[0], tickets[len(tickets) // 2], tickets[-1]):
        assert _found(desk, f"q{ticket:08d}") == [ticket]
        assert ticket in _found(desk, f"{ticket:08d}")
    assert len(_found(desk, "機器")) == TICKETS


def test_what_was_taken_away_for_the_building_is_there_again(desk: Database) -> None:
    if desk.engine == "sqlite":
        kept = {row["name"] for row in desk.rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
    else:
        kept = {row["indexname"] for row in desk.rows("SELECT indexname FROM pg_indexes")}
    assert {"tickets_by_update", "journal_entry_kind_at", "interactions_unsettled", "telephony_call_started"} <= kept
    if desk.engine == "postgres":
        assert {"journal_entry_tail", "search_document_words", "journal_mention_once", "telephony_call_once"} <= kept


def test_a_copied_call_and_its_contact_belong_to_the_same_customer(desk: Database) -> None:
    rows = desk.rows(
        "SELECT c.caller_number, p.number FROM telephony_call c JOIN interactions_interaction i ON i.call_id = c.id"
        " JOIN people_phonenumber p ON p.person_id = i.person_id"
        " WHERE c.caller_number LIKE '+8180%' AND c.direction = 'inbound'"
    )
    assert len({row["number"][:7] for row in rows}) > 1
    assert all(row["caller_number"] == row["number"] for row in rows)


def test_a_text_analysed_by_lines_has_the_words_of_the_whole() -> None:
    text = "パスワードを忘れました\n機器PC-20411 控えq00000012\n折り返しは 090-1234-5678 へお願いします。"
    assert sorted(terms_of([(12, text)])[0][1].split()) == sorted(document_terms(text))


def _found(desk: Database, term: str) -> list[int]:
    if desk.engine == "sqlite":
        rows = desk.rows("SELECT rowid AS ref FROM search_fts_ticket WHERE search_fts_ticket MATCH ?", f'"{term}"')
    else:
        rows = desk.rows("SELECT ref FROM search_document WHERE words @@ ?::tsquery", f"'{term}'")
    return [row["ref"] for row in rows]


def _data(data: Any) -> Any:
    return data if isinstance(data, dict) else json.loads(data)
