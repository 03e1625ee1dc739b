"""What working out a plan has in its hands: the rows that are known, and what becomes of them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zlib import crc32

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from madoguchi.calendars.models import Calendar
from madoguchi.directory.changes import Change, Plan
from madoguchi.directory.records import DepartmentRecord, RefusedRow
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.refusal import Refused
from madoguchi.people.actions.departments import cleaned
from madoguchi.people.models import Contact, Department, Team

_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Named[Row: Model]:
    """Rows found by their key, else by their name in any writing; several of one name are found by key only."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self._by_key = {str(row.key): row for row in self.rows}  # type: ignore[attr-defined]
        self._by_name: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            for name in {search_key(row.name), search_key(row.name_en)} - {""}:  # type: ignore[attr-defined]
                self._by_name[name].append(row)

    def find(self, written: str) -> Row | None:
        """The row that is meant; Refused when several are called so."""
        if found := self._by_key.get(written.strip()):
            return found
        named = self._by_name.get(search_key(written), [])
        if len(named) > 1:
            raise Refused(_("Several are called “%(name)s”: write the key.") % {"name": written[:60]}, code="ambiguous")
        return named[0] if named else None

    def add(self, row: Row) -> Row:
        self.rows.append(row)
        self._by_key[str(row.key)] = row  # type: ignore[attr-defined]
        self._by_name[search_key(row.name)].append(row)  # type: ignore[attr-defined]
        return row


def key_for(written: str, prefix: str) -> str:
    """The key of something new: as it is written where that can be a key, else one made of the name."""
    return written if _KEY.fullmatch(written) else f"{prefix}-{crc32(search_key(written).encode()):08x}"


def chosen[Row: Model](rows: Named[Row], written: Any) -> Row | None:
    """The row of this key or name; nothing for an empty text. Refused for one that is not there."""
    if not written:
        return None
    found = rows.find(str(written))
    if found is None:
        raise Refused(_("There is no “%(name)s”.") % {"name": str(written)[:60]}, code="unknown")
    return found


class Working:
    """One working out. The rows that it loads are its own: they become what they will be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.calendars = Named(Calendar.objects.all())
        self.teams = Named(Team.objects.all())
        self.departments = Named(Department.objects.select_related("manager"))
        self.by_origin = {row.origin: row for row in self.departments.rows if row.origin}
        self.of_departments: dict[int, Change[Department]] = {}  # by id() of the row: a new one has no key yet
        self.contacts: dict[int, list[Contact]] = defaultdict(list)  # those known, by their department of today

    def attempt[Told, Result](
        self, step: Callable[[Told], Result], told: Told, *, line: int, text: str
    ) -> Result | None:
        """What ``step`` makes of it; None, and a refused row, when it refuses."""
        try:
            return step(told)
        except Refused as refused:
            reason = str(refused)
        except ValidationError as error:
            reason = " ".join(f"{name}: {' '.join(found)}" for name, found in error.message_dict.items())
        self.refuse(line, reason, text)
        return None

    def refuse(self, line: int, reason: str, text: str) -> None:
        self.plan.refused.append(RefusedRow(line, reason, text))

    def department(self, told: DepartmentRecord) -> Department:
        """The department that is meant, its change noted."""
        written = told.key or told.name
        row = self.by_origin.get(told.origin) if told.origin else None
        row = row or self.departments.find(written)
        values = {"is_active": True, **cleaned(self.related(told.fields))}
        if told.origin:
            values["origin"] = told.origin
        if row is None:
            row = self.departments.add(Department(key=key_for(written, "d"), name=told.name or told.key))
            if told.origin:
                self.by_origin[told.origin] = row
        elif told.name not in ("", row.name, row.name_en) and (row.key == told.key or row.origin == told.origin != ""):
            values["name"] = told.name
        change = self.of_departments.setdefault(id(row), Change(row, told.line))
        change.note(**values)
        row.clean_fields(exclude=["calendar", "manager", "team"])
        return row

    def related(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with calendar and team as rows instead of their keys or names."""
        rows: dict[str, Named[Any]] = {"calendar": self.calendars, "team": self.teams}
        return {name: chosen(rows[name], value) if name in rows else value for name, value in fields.items()}
