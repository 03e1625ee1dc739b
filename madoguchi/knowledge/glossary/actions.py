"""Writing the glossary."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.japanese import search_key, to_hiragana
from madoguchi.foundation.kept import one_line, paragraphs
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.glossary.models import Term
from madoguchi.knowledge.glossary.words import even, row_of
from madoguchi.knowledge.models import Audience

LONGEST_EXPLANATION = 2_000
MOST_WRITINGS = 20


@dataclass(frozen=True)
class Entry:
    """What a term says and for whom; what ``add`` and ``change`` take. ``also`` are its other writings."""

    name: str
    explanation: str
    reading: str = ""
    also: tuple[str, ...] = ()
    explanation_en: str = ""
    category: Category | None = None
    audience: str = Audience.FIRST_LINE


type Taken = dict[str, str]
"""Every evened writing, and the name of its term. Whoever writes many terms reads it once; the acts keep it true."""


def taken_writings() -> Taken:
    """What stands for a term already."""
    rows = Term.objects.order_by("-pk").values_list("name", "also")
    return {even(written): name for name, also in rows for written in (name, *also)}


@transaction.atomic
def add(entry: Entry, *, by: Actor, taken: Taken | None = None) -> Term:
    """A new term. Refuses (409) a writing that another term has, since a text could mean only one of them."""
    term = Term(version=1)
    _write(term, entry, taken_writings() if taken is None else taken)
    term.save(force_insert=True)
    record("term.added", by=by, about=[term], data={"name": term.name})
    return term


@transaction.atomic
def change(term: Term, entry: Entry, *, by: Actor, version: int | None = None, taken: Taken | None = None) -> Term:
    """Write what differs. With ``version``, refuses (409) when somebody else changed the term since it was read."""
    current = Term.objects.select_for_update().get(pk=term.pk)
    if version is not None and version != current.version:
        raise Refused(
            _("Somebody else changed this term meanwhile. Read the new text before you save yours."),
            code="changed_meanwhile",
            status=409,
        )
    before = _told(current)
    _write(current, entry, taken_writings() if taken is None else taken)
    fields = [name for name, value in _told(current).items() if before[name] != value]
    if not fields:
        return current
    current.version += 1
    current.save(update_fields=[*before, "row", "search", "updated_at", "version"])
    record("term.changed", by=by, about=[current], data={"name": current.name, "fields": fields})
    return current


@transaction.atomic
def remove(term: Term, *, by: Actor) -> None:
    """Take the term out of the glossary; texts show it as plain words again. Again: nothing happens."""
    kept = Term.objects.filter(pk=term.pk).first()
    if kept is not None:
        record("term.removed", by=by, about=[kept], data={"name": kept.name})
        kept.delete()


def _told(term: Term) -> dict[str, object]:
    names = ("name", "reading", "also", "explanation", "explanation_en", "category_id", "audience")
    return {name: getattr(term, name) for name in names}


def _write(term: Term, entry: Entry, taken: Taken) -> None:
    """Put the checked entry into the row."""
    name = one_line(entry.name)
    explanation, explanation_en = paragraphs(entry.explanation), paragraphs(entry.explanation_en)
    if not even(name).strip():
        raise Refused(_("A term needs a word."), code="name_missing", field="name")
    if not explanation:
        raise Refused(_("Say what the term means."), code="explanation_missing", field="explanation")
    if max(len(explanation), len(explanation_en)) > LONGEST_EXPLANATION:
        raise Refused(
            _("An explanation has at most 2,000 characters."), code="explanation_too_long", field="explanation"
        )
    if entry.audience not in Audience.values:
        raise Refused(_("This audience does not exist."), code="unknown_value", field="audience")
    also = _writings(name, entry.also)
    reading = to_hiragana(one_line(entry.reading))
    if len(name) > 80 or len(reading) > 120 or any(len(one) > 80 for one in also):
        raise Refused(_("A term, its reading and its writings are at most 80 characters long."), code="too_long")
    _take(taken, [name, *also], instead_of=term.writings if term.pk else [])
    term.name, term.reading, term.also = name, reading, also
    term.explanation, term.explanation_en = explanation, explanation_en
    term.category, term.audience = entry.category, entry.audience
    term.row = row_of(reading or name)
    term.search = search_key(name, " ", reading, " ", *also, " ", explanation, " ", explanation_en)
    term.updated_at = timezone.now()


def _writings(name: str, also: tuple[str, ...]) -> list[str]:
    """The other writings, each once, without those that are the name itself."""
    known = {even(name)}
    kept: list[str] = []
    for written in map(one_line, also):
        if even(written).strip() and even(written) not in known:
            known.add(even(written))
            kept.append(written)
    if len(kept) > MOST_WRITINGS:
        raise Refused(_("A term has at most 20 other writings."), code="too_many", field="also")
    return kept


def _take(taken: Taken, writings: list[str], *, instead_of: list[str]) -> None:
    """These writings, the term's name first, are its own from now on; refuses one that another term has."""
    wanted, own = {even(written) for written in writings}, {even(written) for written in instead_of}
    if others := (wanted - own) & taken.keys():
        word = min(others)
        raise Refused(
            _("“%(word)s” is already explained as “%(name)s”.") % {"word": word, "name": taken[word]},
            code="taken",
            status=409,
            field="name",
        )
    for word in own - wanted:
        taken.pop(word, None)
    taken.update(dict.fromkeys(wanted, writings[0]))
