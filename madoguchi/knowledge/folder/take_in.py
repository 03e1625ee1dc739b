"""Articles out of Markdown files: what would change, and the change itself. One bad file never stops the others."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from django.db import transaction
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor
from madoguchi.knowledge.actions import Content, add_picture, change, create
from madoguchi.knowledge.actions.standing import content_of
from madoguchi.knowledge.actions.write import FIELDS, checked
from madoguchi.knowledge.folder import text
from madoguchi.knowledge.folder.source import Source
from madoguchi.knowledge.folder.text import Written
from madoguchi.knowledge.models import Article, Picture, State
from madoguchi.knowledge.pictures import CODE_LENGTH, kind_of
from madoguchi.people.staff import Team


@dataclass(frozen=True)
class Step:
    """What becomes of one file: ``kind`` is new, changed, same or refused; ``fields`` are those that change."""

    file: str
    kind: str
    key: str = ""
    question: str = ""
    fields: tuple[str, ...] = ()
    reason: str = ""


@dataclass
class Outcome:
    """What becomes of all files, in the order of their names."""

    steps: list[Step] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def refused(self) -> Iterator[Step]:
        return (step for step in self.steps if step.kind == "refused")


def plan(source: Source) -> Outcome:
    """What taking in would do; writes nothing."""
    return _through(source, by=None)


def take_in(source: Source, *, by: Actor) -> Outcome:
    """Write each file's article in a transaction of its own; the key says which article it is.

    What a file does not say about an article that exists stays as it is.
    """
    return _through(source, by=by)


def _through(source: Source, *, by: Actor | None) -> Outcome:
    outcome = Outcome()
    house = _House(
        {row.key: row for row in Category.objects.all()}, {row.key: row for row in Team.objects.all()}, source, by
    )
    seen: set[str] = set()
    for name in source.texts:
        try:
            written = text.read(source.text(name))
            key = written.fields.get("key", "")
            if not key or len(key) > 100:
                raise Refused(_("The key is missing."), code="key_missing")
            if key in seen:
                raise Refused(_("The key %(key)s stands in another file, too.") % {"key": key}, code="key_twice")
            seen.add(key)
            with transaction.atomic():
                outcome.steps.append(_one(house, name, key, written))
        except Refused as refused:
            house.codes.clear()  # the pictures that this file brought are gone with it
            outcome.steps.append(Step(name, "refused", reason=str(refused)))
    return outcome


def _one(house: "_House", name: str, key: str, written: Written) -> Step:
    by = house.by
    known = Article.objects.filter(key=key).select_related("category", "owner_team").first()
    answer = text.with_pictures(written.answer, lambda file: _code(house, name, file))
    content = checked(_content(house, written, answer, known))
    if known is None:
        if by is not None:
            create(content, key=key, by=by)
        return Step(name, "new", key, content.question)
    changes = tuple(one for one in FIELDS if getattr(known, one) != getattr(content, one))
    if changes and by is not None:
        change(known, content, by=by)
    return Step(name, "changed" if changes else "same", key, content.question, changes)


def _content(house: "_House", written: Written, answer: str, known: Article | None) -> Content:
    """What a file of ours does not name is empty; what a file written by hand does not name stays as it is."""
    said = written.fields
    blank = Content(question="", state=State.NOT_VALIDATED if answer else State.WIP)
    is_whole = {"state", "audience"} <= set(said)
    before = blank if known is None or is_whole else content_of(known)
    category, category_text = before.category, said.get("category_text", before.category_text)
    if wanted := said.get("category", ""):
        category = house.categories.get(wanted)
        category_text = category_text if category is not None else wanted
    owner = said.get("owner", "")
    if owner and owner not in house.teams:
        raise Refused(_("There is no team with the key %(key)s.") % {"key": owner[:80]}, code="unknown_team")
    return Content(
        question=said.get("question", before.question),
        answer=answer,
        category=category,
        category_text=category_text,
        state=said.get("state", before.state),
        audience=said.get("audience", before.audience),
        owner_team=house.teams[owner] if owner else before.owner_team,
        review_on=_day(said["review_on"]) if said.get("review_on") else before.review_on,
        governance=said.get("governance", before.governance),
    )


@dataclass(frozen=True)
class _House:
    """What files refer to by key, where their pictures are, and who writes (None: nobody, it is only looked at)."""

    categories: dict[str, Category]
    teams: dict[str, Team]
    source: Source
    by: Actor | None
    codes: dict[tuple[str, str], str] = field(default_factory=dict)  # of the pictures, each looked at once


def _day(written: str) -> date:
    try:
        day = parse_date(written)
    except ValueError:
        day = None
    if day is None:
        raise Refused(_("The date must be written like 2026-11-30."), code="bad_date")
    return day


def _code(house: _House, beside: str, file: str) -> str:
    """The code of a picture file: kept when writing; of one that is not there, if we have it already."""
    place = (str(PurePosixPath(beside).parent), file)
    if place not in house.codes:
        house.codes[place] = _read_code(house, beside, file)
    return house.codes[place]


def _read_code(house: _House, beside: str, file: str) -> str:
    content = house.source.picture(beside, file)
    if content is None:
        code = file.partition(".")[0]
        return code if Picture.objects.filter(code=code).exists() else ""
    if house.by is not None:
        return add_picture(content, by=house.by).code
    if not kind_of(content):
        raise Refused(_("Only pictures in PNG, JPEG, GIF or WebP can be taken."), code="no_picture")
    return hashlib.sha256(content).hexdigest()[:CODE_LENGTH]
