"""Writing the glossary."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.japanese import search_key, to_hiragana
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


@transaction.atomic
def add(entry: Entry, *, by: Actor) -> Term:
    """A new term. Refuses (409) a writing that another term has, since a text could mean only one of them."""
    term = Term(version=1)
    _write(term, entry)
    term.save(force_insert=True)
    record("term.added", by=by, about=[term], data={"name": term.name})
    return term


@transaction.atomic
def change(term: Term, entry: Entry, *, by: Actor, version: int | None = None) -> Term:
    """Write what differs. With ``version``, refuses (409) when somebody else changed the term since it was read."""
    current = Term.objects.select_for_update().get(pk=term.pk)
    if version is not None and version != current.version:
        raise Refused(
            _("Somebody else changed this term meanwhile. Read the new text before you save yours."),
            code="changed_meanwhile",
            status=409,
        )
    before = _told(current)
    _write(current, entry)
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


def _write(term: Term, entry: Entry) -> None:
    """Put the checked entry into the row."""
    name = _line(entry.name)
    explanation, explanation_en = _text(entry.explanation), _text(entry.explanation_en)
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
    reading = to_hiragana(_line(entry.reading))
    if len(name) > 80 or len(reading) > 120 or any(len(one) > 80 for one in also):
        raise Refused(_("A term, its reading and its writings are at most 80 characters long."), code="too_long")
    _not_taken(term, [name, *also])
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
    for written in map(_line, also):
        if even(written).strip() and even(written) not in known:
            known.add(even(written))
            kept.append(written)
    if len(kept) > MOST_WRITINGS:
        raise Refused(_("A term has at most 20 other writings."), code="too_many", field="also")
    return kept


def _not_taken(term: Term, writings: list[str]) -> None:
    wanted = {even(written) for written in writings}
    others = Term.objects.exclude(pk=term.pk) if term.pk else Term.objects.all()
    for name, also in others.order_by("pk").values_list("name", "also"):
        if taken := wanted & {even(written) for written in (name, *also)}:
            raise Refused(
                _("“%(word)s” is already explained as “%(name)s”.") % {"word": min(taken), "name": name},
                code="taken",
                status=409,
                field="name",
            )


def _line(written: str) -> str:
    return " ".join(written.replace("\0", "").split())


def _text(written: str) -> str:
    return written.replace("\0", "").replace("\r\n", "\n").strip()
