"""A period of history told again, later and of other people, inside the database: rows by the million in minutes.

Every table of the period holds an unbroken run of ids (its *span*); the n-th copy shifts each id by n spans and each
moment by n periods, so that a row of the copy refers to rows of the same copy. What must be unlike (names of calls,
Message-IDs, tokens, customers' numbers and addresses) carries the copy's number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from madoguchi.clocks.models import Clock, Spent
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge.models import ArticleText
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.people.models import Contract, Organization, Person
from madoguchi.search.models import Document
from madoguchi.search.sqlite import TABLES
from madoguchi.telephony.models import Call, CallEvent
from madoguchi.tickets.models import Message, Ticket

type Spans = Mapping[type[models.Model], tuple[int, int]]
_LONGEST_ID = 8

# A customer's own number has the block behind +8180 (``crowd``); a company's stays that of the first block.
_OWN_NUMBER = "CASE WHEN {0} LIKE '+8180%' THEN '+8180{{n}}' || substr({0}, 8) ELSE {0} END"
# Columns that are more than shifted. {n}: the copy, two digits; {nn}: four.
_UNLIKE: dict[type[models.Model], dict[str, str]] = {
    MailThread: {"token": "token || '{n}'"},
    IncomingMail: {
        "dedupe_key": "substr(dedupe_key, 5) || '{nn}'",
        "message_id": "replace(message_id, '@', '.{n}@')",
        "in_reply_to": "replace(in_reply_to, '@', '.{n}@')",
        "references": "replace(CAST(\"references\" AS text), '@', '.{n}@')",
        "from_address": "replace(from_address, '@0.', '@{n0}.')",
        "envelope_from": "replace(envelope_from, '@0.', '@{n0}.')",
    },
    OutgoingMail: {
        "message_id": "replace(message_id, '@', '.{n}@')",
        "in_reply_to": "replace(in_reply_to, '@', '.{n}@')",
        "references": "replace(CAST(\"references\" AS text), '@', '.{n}@')",
        "reply_to": "replace(reply_to, '@', '{n}@')",
        "to": "replace(CAST(\"to\" AS text), '@0.', '@{n0}.')",
    },
    Call: {
        "call_id": "call_id || '-{n}'",
        "record": "replace(CAST(record AS text), call_id, call_id || '-{n}')",
        "caller_number": _OWN_NUMBER.format("caller_number"),
    },
    CallEvent: {"event_id": "event_id || '-{n}'"},
    Interaction: {
        "address": f"CASE WHEN mail_id IS NULL THEN {_OWN_NUMBER.format('address')}"
        " ELSE replace(address, '@0.', '@{n0}.') END"
    },
    CallBack: {"number": _OWN_NUMBER.format("number")},
    ArticleText: {"source": "'ticket:' || (CAST(substr(source, 8) AS integer) + {ticket})"},
}
_NOT_SHIFTED = {(IncomingMail, "raw_id")}


def mark(ticket: int) -> str:
    """A word that only this ticket's texts hold; of one length, so that a copy can put its own in its place."""
    return f"q{ticket:0{_LONGEST_ID}d}"


@dataclass
class Copier:
    """Copies of one period. ``spans``: model → (first id, how many); ``days``: how long the period is."""

    spans: Spans
    days: int

    def copy(self, number: int) -> None:
        """Write the ``number``-th copy (from 1) with its texts in the search index, in the caller's transaction."""
        with connection.cursor() as cursor:
            for model in self.spans:
                if model not in _KEPT:
                    cursor.execute(self._statement(model, number))
            if connection.vendor == "sqlite":
                first, many = self.spans[Document]
                start = first + number * many
                for kind, table in TABLES.items():
                    cursor.execute(
                        f"INSERT INTO {table} (rowid, terms) SELECT ref, terms FROM search_document"  # noqa: S608
                        f" WHERE kind = '{kind}' AND id BETWEEN {start} AND {start + many - 1} ORDER BY ref"
                    )

    def _statement(self, model: type[models.Model], number: int) -> str:
        fields = [field for field in model._meta.concrete_fields if field.column != "xid"]
        names = ", ".join(f'"{field.column}"' for field in fields)
        values = ", ".join(self._value(model, field, number) for field in fields)
        first, many = self.spans[model]
        table = model._meta.db_table
        where = f"id BETWEEN {first} AND {first + many - 1}"
        return f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" WHERE {where} ORDER BY id'  # noqa: S608

    def _value(self, model: type[models.Model], field: Any, number: int) -> str:
        """The copied row's value of this column, in SQL."""
        column = f'"{field.column}"'
        postgres = connection.vendor == "postgresql"
        if unlike := _UNLIKE.get(model, {}).get(field.column):
            text = self._unlike(unlike, number)
            return f"CAST({text} AS jsonb)" if postgres and isinstance(field, models.JSONField) else text
        if field.primary_key:
            return f"id + {self._shift(model, number)}"
        if isinstance(field, models.ForeignKey) and (model, field.column) not in _NOT_SHIFTED:
            return f"{column} + {self._shift(field.related_model, number)}"
        if isinstance(field, models.DateTimeField):
            return self._later(column, number)
        special = {
            (Mention, "ref"): self._reference,
            (Document, "ref"): self._reference,
            (Document, "terms"): self._terms,
            (Message, "body"): self._body,
            (Entry, "data"): self._told,
            (Clock, "subject"): self._subject,
            (Spent, "subject"): self._subject,
        }.get((model, field.column))
        return special(number) if special else column

    def _later(self, column: str, number: int) -> str:
        days = self.days * number
        if connection.vendor == "postgresql":
            return f"{column} + interval '{days} days'"
        return f"date(substr({column}, 1, 10), '+{days} days') || substr({column}, 11)"

    def _unlike(self, template: str, number: int) -> str:
        ticket = self._shift(Ticket, number)
        for name, value in (("n", f"{number:02}"), ("nn", f"{number:04}"), ("n0", number), ("ticket", ticket)):
            template = template.replace("{" + name + "}", str(value))
        return template

    def _shift(self, model: type[models.Model], number: int) -> int:
        return self.spans[model][1] * number if model in self.spans else 0

    def _terms(self, number: int) -> str:
        return self._marked("terms", "ref", number)

    def _body(self, number: int) -> str:
        return self._marked("body", "ticket_id", number)

    def _reference(self, number: int) -> str:
        cases = " ".join(
            f"WHEN '{model._meta.model_name}' THEN ref + {self._shift(model, number)}"
            for model in self.spans
            if model not in (Mention, Entry, Document)
        )
        return f"CASE kind {cases} ELSE ref END"

    def _marked(self, column: str, ticket: str, number: int) -> str:
        """The text with the copied ticket's own mark."""
        shift = self._shift(Ticket, number)
        if connection.vendor == "postgresql":
            before = f"lpad(CAST({ticket} AS text), {_LONGEST_ID}, '0')"
            after = f"lpad(CAST({ticket} + {shift} AS text), {_LONGEST_ID}, '0')"
        else:
            before = f"printf('%0{_LONGEST_ID}d', {ticket})"
            after = f"printf('%0{_LONGEST_ID}d', {ticket} + {shift})"
        # The analyser also gives the digits alone.
        marked = f"replace({column}, 'q' || {before}, 'q' || {after})"
        return f"replace({marked}, ' ' || {before}, ' ' || {after})"

    def _subject(self, number: int) -> str:
        """What a deadline is about: the hand-off, the call-back, the question, else the entry that began it."""
        of = {"acceptance": Handoff, "call_back": CallBack, "answer": Consultation}
        cases = " ".join(f"WHEN '{kind}' THEN {self._shift(model, number)}" for kind, model in of.items())
        return f"subject + CASE kind {cases} ELSE {self._shift(Entry, number)} END"

    def _told(self, number: int) -> str:
        """``data`` names the message that was written, the hand-off, the call that is owed, the question."""
        cases = " ".join(
            self._named(key, self._shift(model, number), kinds)
            for key, model, kinds in (
                ("handoff", Handoff, "kind LIKE 'handoff.%'"),
                ("call_back", CallBack, "kind LIKE 'call_back.%'"),
                ("message", Message, "true"),
            )
        )
        return f"CASE {cases} {self._asked(number)} ELSE data END"

    def _asked(self, number: int) -> str:
        """An entry about a question names it, whom it was put to and what was said, as far as it does."""
        shifts = {model._meta.model_name: self._shift(model, number) for model in (Consultation, Approach, Remark)}
        if connection.vendor == "postgresql":
            asked = ", ".join(f"'{key}', CAST(data->>'{key}' AS bigint) + {shift}" for key, shift in shifts.items())
            shifted = f"data || jsonb_strip_nulls(jsonb_build_object({asked}))"
        else:
            asked = ", ".join(f"'$.{key}', json_extract(data, '$.{key}') + {shift}" for key, shift in shifts.items())
            shifted = f"json_replace(data, {asked})"
        return f"WHEN kind LIKE 'consultation.%' THEN {shifted}"

    def _named(self, key: str, shift: int, kinds: str) -> str:
        if connection.vendor == "postgresql":
            return (
                f"WHEN {kinds} AND jsonb_exists(data, '{key}') THEN jsonb_set(data, '{{{key}}}',"
                f" to_jsonb(CAST(data->>'{key}' AS bigint) + {shift}))"
            )
        return (
            f"WHEN {kinds} AND instr(data, '\"{key}\": ') > 0"
            f" THEN json_set(data, '$.{key}', json_extract(data, '$.{key}') + {shift})"
        )


# Their rows are made for every block by ``crowd``; only what refers to them is shifted.
_KEPT = frozenset[type[models.Model]]({Organization, Person, Contract})
