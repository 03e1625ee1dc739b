"""Articles are written, changed and archived. Every change keeps the version before it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.kept import one_line, paragraphs
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.actions.pictures import hang
from madoguchi.knowledge.models import Article, Audience, Governance, State
from madoguchi.knowledge.pictures import unsaid
from madoguchi.knowledge.terms import article_terms
from madoguchi.knowledge.versions import keep, version_of
from madoguchi.people.staff import Staff, Team

LONGEST_QUESTION = 500
LONGEST_ANSWER = 200_000
LONGEST_NOTE = 500
LONGEST_CATEGORY = 200  # as it was imported


@dataclass(frozen=True)
class Content:
    """What an article says and for whom; what ``create`` and ``change`` take."""

    question: str
    answer: str = ""
    category: Category | None = None
    category_text: str = ""
    state: str = State.NOT_VALIDATED
    audience: str = Audience.FIRST_LINE
    owner_team: Team | None = None
    review_on: date | None = None
    governance: str = Governance.OPEN


FIELDS = tuple(Content.__dataclass_fields__)
_WITH_EVERY_VERSION = (
    *("validated_by", "validated_at", "checked_day", "terms", "vectors"),
    *("version", "revision", "updated_at"),
)


@transaction.atomic
def create(content: Content, *, key: str = "", source: str = "", by: Actor, note: str = "") -> Article:
    """A new article; without a key it gets ``kb-<id>``. Refuses a taken key and an empty or too long question."""
    content = checked(content)
    key = one_line(key)
    if len(key) > 100:
        raise Refused(_("A key has at most 100 characters."), code="key_too_long")
    if key and Article.objects.filter(key=key).exists():
        raise Refused(
            _("There is already an article with the key %(key)s.") % {"key": key}, code="key_taken", status=409
        )
    now = timezone.now()
    article = Article(key=key or f"new-{now.timestamp()}", source=source, updated_at=now, **_values(content))
    article.terms = article_terms(article)
    _vouch(article, by)
    article.save(force_insert=True)
    if not key:
        article.key = f"kb-{article.pk}"
        article.save(update_fields=["key"])
    hang(article)
    keep([version_of(article, by=by, note=_note(note))])
    record(
        "article.created", by=by, about=[article, article.owner_team], data={"key": article.key, "state": article.state}
    )
    return article


@transaction.atomic
def change(article: Article, content: Content, *, by: Actor, version: int | None = None, note: str = "") -> Article:
    """Write what differs, with a ``note`` what changed and why.

    With ``version``, refuses (409) when somebody else changed the article since it was read.
    """
    content = checked(content)
    current = hold(article, version)
    changed = [name for name in FIELDS if getattr(current, name) != getattr(content, name)]
    if not changed:
        return current
    write(current, {name: getattr(content, name) for name in changed}, by=by, note=note)
    record("article.changed", by=by, about=[current, current.owner_team], data={"key": current.key, "fields": changed})
    return current


@transaction.atomic
def archive(article: Article, *, by: Actor, note: str = "") -> Article:
    """Take the article out of search and suggestions; what links to it still shows it. Again: nothing happens."""
    current = hold(article)
    if current.state != State.ARCHIVED:
        write(current, {"state": State.ARCHIVED}, by=by, note=note)
        record("article.archived", by=by, about=[current, current.owner_team], data={"key": current.key})
    return current


def hold(article: Article, version: int | None = None) -> Article:
    """The article as it stands now, held until the transaction ends; refuses (409) when it is not ``version``."""
    current = Article.objects.select_for_update(of=("self",)).select_related("category", "owner_team")
    found = current.get(pk=article.pk)
    if version is not None and version != found.version:
        raise Refused(
            _("Somebody else changed this article meanwhile. Read the new text before you save yours."),
            code="changed_meanwhile",
            status=409,
            version=found.version,
        )
    return found


def write(current: Article, values: Mapping[str, Any], *, by: Actor, note: str = "") -> None:
    """One more version of an article that is held, with these fields changed; for acts that record their own entry."""
    former = version_of(current)
    answer = current.answer
    for name, value in values.items():
        setattr(current, name, value)
    if {"question", "answer", "category_text", "category"} & set(values):
        current.terms = article_terms(current)
    if {"question", "answer"} & set(values):
        current.vectors = None
    if {"question", "answer", "review_on"} & set(values):
        current.checked_day = timezone.localdate().toordinal()
    _vouch(current, by)
    current.version += 1
    current.revision += 1
    current.updated_at = timezone.now()
    current.save(update_fields=[*values, *_WITH_EVERY_VERSION])
    hang(current, before=answer)
    # The former one stands already, unless it was written around the acts: then it is kept now.
    keep([former, version_of(current, by=by, note=_note(note))])


def _vouch(article: Article, by: Actor) -> None:
    """Who makes or leaves a text validated vouches for it as it then stands."""
    validated = article.state == State.VALIDATED
    article.validated_by = by if validated and isinstance(by, Staff) else None
    article.validated_at = timezone.now() if validated else None


def _note(note: str) -> str:
    return one_line(note)[:LONGEST_NOTE]


def _values(content: Content) -> dict[str, object]:
    return {name: getattr(content, name) for name in FIELDS}


def checked(content: Content) -> Content:
    """The content as it would be written; refuses what is no article."""
    question, answer = one_line(content.question), paragraphs(content.answer)
    if not question:
        raise Refused(_("An article needs a question."), code="question_missing")
    if len(question) > LONGEST_QUESTION:
        raise Refused(_("A question has at most 500 characters."), code="question_too_long")
    if len(answer) > LONGEST_ANSWER:
        raise Refused(_("An answer has at most 200,000 characters."), code="answer_too_long")
    if unsaid(answer):
        raise Refused(
            _("Say what each picture shows, between its square brackets: not everybody sees it."),
            code="alt_missing",
            field="answer",
        )
    known = (State.values, content.state), (Audience.values, content.audience), (Governance.values, content.governance)
    if not all(value in values for values, value in known):
        raise Refused(_("This state or audience does not exist."), code="unknown_value")
    if content.state in {State.VALIDATED, State.NOT_VALIDATED} and not answer:
        raise Refused(_("An article without an answer can only be saved as being written."), code="answer_missing")
    category_text = one_line(content.category_text)[:LONGEST_CATEGORY]
    return replace(content, question=question, answer=answer, category_text=category_text)
