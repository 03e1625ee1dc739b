"""What a source (a CSV file, LDAP) says about the directory: plain records, before anything is compared or changed.

A record names by its ``fields`` only what the source knows; whatever it does not name stays as it is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RefusedRow:
    """Something that was not taken, and why; ``line`` is 0 for a source without lines."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class DepartmentRecord:
    """A department: the one of this ``origin``, else of this ``key``, else called so in any writing; else a new one.

    ``fields``: ``name_en kana about phone is_active is_partner answer_within_s``, ``calendar`` and ``team`` by key
    or name.
    """

    key: str = ""
    name: str = ""
    origin: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class TopicRecord:
    """What a department is asked about; ``topic`` is its key or its name.

    ``fields``: ``name name_en words answer_within_s position is_active``. ``categories``: those it is linked to, by
    key or name; None: not told.
    """

    department: DepartmentRecord
    topic: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[str, ...] | None = None
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class ContactRecord:
    """A person or shared mailbox of a department: the one of this ``origin``, else of this name and e-mail address.

    ``fields``: those of ``people.Contact`` but the name; ``calendar`` by key or name. ``places``: where in which chain,
    by topic (``""``: the department's own chain; place None: in no chain); what is not named stays. ``deputy`` by
    e-mail address or name, ``""``: none, None: not told. ``is_requester``: they phone the desk, too, and are to be
    known; ``organization`` is theirs then.
    """

    department: DepartmentRecord
    name: str
    origin: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, float | None] = field(default_factory=dict)
    deputy: str | None = None
    is_manager: bool | None = None
    is_requester: bool = False
    organization: str = ""
    line: int = 0

    @property
    def email(self) -> str:
        return str(self.fields.get("email", "")).lower()


@dataclass
class Records:
    """All that a source says. ``tells_topics``: it says which topics there are, not only who is asked. ``kept``:
    origins of entries that it has, although nothing may be told of them: they are not gone.
    """

    departments: list[DepartmentRecord] = field(default_factory=list)
    topics: list[TopicRecord] = field(default_factory=list)
    contacts: list[ContactRecord] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    tells_topics: bool = False
    kept: set[str] = field(default_factory=set)
