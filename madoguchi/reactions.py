"""One page: what else happens when the journal says something. Reactions run in the same transaction and only write rows."""

from collections.abc import Mapping

from madoguchi.journal.record import Reaction

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {}
