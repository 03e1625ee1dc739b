"""Reading the directory from a CSV file, as a person or a spreadsheet wrote it.

A row with a name is a contact; with a topic it says that the contact is asked about it. A row with a topic and no name
is the topic itself, a row with neither the department itself. ``docs/guide`` tells it to whoever keeps the directory.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.directory.csv_columns import (
    CONTACT,
    DEPARTMENT,
    TOPIC,
    bare,
    column_named,
    fields_told,
    place,
    several,
    yes,
)
from madoguchi.directory.records import ContactRecord, DepartmentRecord, Records, RefusedRow, TopicRecord
from madoguchi.foundation.decoding import decoded
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.refusal import Refused

LARGEST = 10_000_000  # bytes
_MOST_ROWS = 100_000
_BEHIND_ALL = 1_000_000.0  # the place in a topic's chain of whoever has no number there
_SOURCES = ("csv:", "ldap:", "scim:")
type _Row = dict[str, str]


def read(content: bytes, *, requesters: bool = False) -> Records:
    """What the file says; rows that cannot be understood are among its ``refused``.

    ``requesters``: the people of the file phone the desk, too, and are to be known there. Raises Refused when the file
    is no directory at all.
    """
    reader = _Reader()
    rows = list(_rows(content, reader.records))
    for line, row in sorted(rows, key=lambda told: _is_place(told[1])):  # the contacts first, then where they are asked
        try:
            reader.take(line, row)
        except Refused as refused:
            reader.records.refused.append(_refused(line, refused, row))
    reader.records.contacts = [draft.record(requesters=requesters) for draft in reader.drafts]
    return reader.records


def _rows(content: bytes, records: Records) -> Iterator[tuple[int, _Row]]:
    """(first line, cells by our column) of each row that says something; rows of the wrong shape are refused."""
    if len(content) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 1_000_000}, code="too_large")
    try:
        text, _encoding = decoded(content)
    except UnicodeError:
        raise Refused(_("The file is neither UTF-8 nor Shift_JIS."), code="unreadable") from None
    first, _end, rest = text.partition("\n")
    skipped = int(first.strip().lower().startswith("sep="))
    text, first = (rest, rest.partition("\n")[0]) if skipped else (text, first)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=first.count), strict=True)
    try:
        columns = [column_named(head) for head in next(reader, [])]
    except csv.Error as error:
        raise Refused(_("The first line cannot be read: %(error)s") % {"error": error}, code="bad_csv") from error
    if "name" not in columns or not {"department", "department_name"} & set(columns):
        message = _("The first line must name the columns; at least department (部署) and name (氏名).")
        raise Refused(message, code="missing_columns")
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise Refused(_("The column %(name)s stands there twice.") % {"name": twice[0]}, code="twice")
    records.tells_topics = "topic" in columns
    while reader.line_num < _MOST_ROWS:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                message = _("%(found)d columns instead of %(expected)d.")
                raise Refused(message % {"found": len(cells), "expected": len(columns)}, code="columns")
            cells += [""] * (len(columns) - len(cells))
            row = {name: bare(cell) for name, cell in zip(columns, cells, strict=False) if name}
        except StopIteration:
            return
        except (csv.Error, Refused) as error:
            records.refused.append(RefusedRow(line, str(error)))
        else:
            if any(row.values()):
                yield line, row
    raise Refused(_("The file has more than %(count)d lines.") % {"count": _MOST_ROWS}, code="too_large")


def _is_place(row: _Row) -> bool:
    return bool(row.get("topic") and (row.get("name") or row.get("email")))


def _refused(line: int, refused: Refused, row: _Row) -> RefusedRow:
    text = " ".join(filter(None, (row.get(name) for name in ("department", "topic", "name", "email"))))
    return RefusedRow(line, str(refused), text[:120])


class _Draft:
    """A contact as its rows tell it so far."""

    def __init__(self, line: int, department: DepartmentRecord, row: _Row) -> None:
        self.line, self.department = line, department
        self.name, self.origin = row.get("name", ""), _origin(row.get("key", ""))
        self.told: dict[str, Any] = {}
        self.places: dict[str, float | None] = {}

    def tell(self, told: dict[str, Any], line: int) -> None:
        """What a further row says; Refused where it says something else than the rows before."""
        for name, value in told.items():
            if self.told.get(name) in (None, "", value):
                self.told[name] = value
            else:
                message = _("%(name)s is told otherwise in line %(line)d.")
                raise Refused(message % {"name": self.name or self.told.get("email"), "line": self.line}, code="other")

    def record(self, *, requesters: bool) -> ContactRecord:
        fields = dict(self.told)
        return ContactRecord(
            department=self.department,
            name=self.name,
            origin=self.origin,
            places=self.places,
            deputy=fields.pop("deputy", None),
            is_manager=fields.pop("is_manager", None),
            organization=fields.pop("organization", ""),
            is_requester=requesters,
            fields=fields,
            line=self.line,
        )


class _Reader:
    """Rows into records, the rows of one contact into one."""

    def __init__(self) -> None:
        self.records = Records()
        self.drafts: list[_Draft] = []
        self.known: dict[tuple[str, ...], list[_Draft]] = defaultdict(list)

    def take(self, line: int, row: _Row) -> None:
        """One row; Refused when it cannot be understood."""
        key, name, topic = row.get("department", ""), row.get("department_name", ""), row.get("topic", "")
        if not (key or name):
            raise Refused(_("Which department?"), code="department_missing")
        department = DepartmentRecord(key=key, name=name, line=line)
        if _is_place(row):
            self._place(line, row, department, topic)
        elif row.get("name") or row.get("email"):
            self._contact(line, row, department)
        elif topic:
            categories = tuple(several(row["categories"])) if "categories" in row else None
            fields = fields_told(row, TOPIC)
            told = TopicRecord(department=department, topic=topic, fields=fields, categories=categories, line=line)
            self.records.topics.append(told)
        else:
            fields = fields_told(row, DEPARTMENT)
            self.records.departments.append(DepartmentRecord(key=key, name=name, fields=fields, line=line))

    def _contact(self, line: int, row: _Row, department: DepartmentRecord) -> None:
        draft = _Draft(line, department, row)
        draft.told = fields_told(row, CONTACT)
        draft.told |= {name: row[name] for name in ("deputy", "organization") if name in row}
        if "manager" in row:
            draft.told["is_manager"] = yes(row["manager"])
        if "order" in row:
            draft.places[""] = place(row["order"])
        self._keep(draft, row)

    def _place(self, line: int, row: _Row, department: DepartmentRecord, topic: str) -> None:
        draft = self._meant(department, row)
        told = fields_told(row, CONTACT, filled_only=True)
        told |= {name: row[name] for name in ("deputy", "organization") if row.get(name)}
        if yes(row.get("manager", "")):
            told["is_manager"] = True
        number = place(row.get("order", ""))
        if draft is None:
            draft = _Draft(line, department, row)
            draft.told = told
            self._keep(draft, row)
        else:
            draft.tell(told, line)
        draft.places[topic] = _BEHIND_ALL + line if number is None else number

    def _keep(self, draft: _Draft, row: _Row) -> None:
        identities = _identities(draft.department, row)
        before = self.known[identities[0]]
        if before:
            raise Refused(_("The same contact stands in line %(line)d.") % {"line": before[0].line}, code="twice")
        self.drafts.append(draft)
        for identity in identities:
            self.known[identity].append(draft)

    def _meant(self, department: DepartmentRecord, row: _Row) -> _Draft | None:
        """The contact that a row with a topic means, if it is in the file."""
        for identity in _identities(department, row):
            found = self.known.get(identity, [])
            if len(found) > 1:
                raise Refused(
                    _("Several contacts are called so: tell the e-mail address or the key."), code="ambiguous"
                )
            if found and not (identity[1] == "name" and row.get("email") and found[0].told.get("email")):
                return found[0]
        return None


def _identities(department: DepartmentRecord, row: _Row) -> list[tuple[str, ...]]:
    """By what a contact of the file is known again, the surest first."""
    of, name, email = (
        search_key(department.key or department.name),
        search_key(row.get("name", "")),
        row.get("email", ""),
    )
    found: list[tuple[str, ...]] = [(of, "key", row["key"])] if row.get("key") else []
    found.append((of, "both", name, email.lower()))
    if name:
        found.append((of, "name", name))
    elif email:
        found.append((of, "email", email.lower()))
    return found


def _origin(key: str) -> str:
    return key if not key or key.startswith(_SOURCES) else f"csv:{key}"
