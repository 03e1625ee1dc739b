"""What SQLite must read in the SQL itself to find rows by the right index, without statistics.

It uses a partial index only where its condition stands in the query word for word (a bound parameter is none), and
it likes an index over any column that is compared, even one that half of all rows share.
PostgreSQL knows its values and its statistics; there nothing changes.
"""

import re
from typing import Any

from django.db.models import CharField, Expression, Func

_WORD = re.compile(r"[a-z_]+")


class Words(Expression):
    """``state=Words("open")`` or ``state__in=Words("new", "open")``: exactly as the index's condition has them."""

    def __init__(self, *words: str) -> None:
        super().__init__(output_field=CharField())
        if not words or not all(_WORD.fullmatch(word) for word in words):
            raise ValueError(f"Only plain words can stand in SQL, not {words!r}.")
        self.words = tuple(str(word) for word in words)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        return "(" + ", ".join(f"'{word}'" for word in self.words) + ")", ()


class Unindexed(Func):
    """A column to filter or sort by without being found by it: ``filter(In(Unindexed("holder_team"), teams))``."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)
