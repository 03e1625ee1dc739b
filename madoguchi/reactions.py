"""One page: what else happens when the journal says something. Reactions run in the same transaction and only write rows."""

from collections.abc import Mapping

from madoguchi.journal.record import Reaction
from madoguchi.search.index import Source

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {}

# kind → function(refs) → {ref: all of its text}; what search/index.py indexes.
SEARCH_SOURCES: Mapping[str, Source] = {}
