"""Writing articles, and learning from the texts they solved."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.models import Article, ArticleText, Audience, State
from madoguchi.knowledge.terms import article_terms, text_terms
from madoguchi.people.staff import Team

LONGEST_QUESTION = 500
LONGEST_ANSWER = 200_000
LONGEST_LEARNED = 4_000


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


_FIELDS = tuple(Content.__dataclass_fields__)


@transaction.atomic
def create(content: Content, *, key: str = "", by: Actor) -> Article:
    """A new article; without a key it gets ``kb-<id>``. Refuses a taken key and an empty or too long question."""
    content = _checked(content)
    key = key.strip()
    if len(key) > 100:
        raise Refused(_("A key has at most 100 characters."), code="key_too_long")
    if key and Article.objects.filter(key=key).exists():
        raise Refused(
            _("There is already an article with the key %(key)s.") % {"key": key}, code="key_taken", status=409
        )
    article = Article(key=key or f"new-{timezone.now().timestamp()}", updated_at=timezone.now(), **_values(content))
    article.terms = article_terms(article)
    article.save(force_insert=True)
    if not key:
        article.key = f"kb-{article.pk}"
        article.save(update_fields=["key"])
    record(
        "article.created", by=by, about=[article, article.owner_team], data={"key": article.key, "state": article.state}
    )
    return article


@transaction.atomic
def change(article: Article, content: Content, *, by: Actor, version: int | None = None) -> Article:
    """Write what differs. With ``version``, refuses (409) when somebody else changed the article since it was read."""
    content = _checked(content)
    current = Article.objects.select_for_update().get(pk=article.pk)
    if version is not None and version != current.version:
        raise Refused(
            _("Somebody else changed this article meanwhile. Read the new text before you save yours."),
            code="changed_meanwhile",
            status=409,
            version=current.version,
        )
    changed = [name for name in _FIELDS if getattr(current, name) != getattr(content, name)]
    if not changed:
        return current
    for name in changed:
        setattr(current, name, getattr(content, name))
    if {"question", "answer", "category_text"} & set(changed):
        current.terms = article_terms(current)
        current.vectors = None
    current.version += 1
    current.revision += 1
    current.updated_at = timezone.now()
    current.save(update_fields=[*changed, "terms", "vectors", "version", "revision", "updated_at"])
    record("article.changed", by=by, about=[current, current.owner_team], data={"key": current.key, "fields": changed})
    return current


@transaction.atomic
def archive(article: Article, *, by: Actor) -> Article:
    """Take the article out of search and suggestions; what links to it still shows it. Again: nothing happens."""
    moved = (
        Article.objects.filter(pk=article.pk)
        .exclude(state=State.ARCHIVED)
        .update(state=State.ARCHIVED, version=F("version") + 1, revision=F("revision") + 1, updated_at=timezone.now())
    )
    article.refresh_from_db()
    if moved:
        record("article.archived", by=by, about=[article, article.owner_team], data={"key": article.key})
    return article


@transaction.atomic
def learn(article: Article, text: str, *, source: str, by: Actor) -> bool:
    """Remember that this article solved ``text``, so that the next similar text finds it; whether that was new.

    ``source`` says where the text came from (``ticket:12``); the same source with another text replaces it.
    """
    text = text.replace("\0", "").strip()[:LONGEST_LEARNED]
    if not text or ArticleText.objects.filter(article=article, source=source, text=text).exists():
        return False
    ArticleText.objects.update_or_create(
        article=article,
        source=source,
        defaults={"text": text, "terms": text_terms(text), "vector": None, "learned_at": timezone.now()},
    )
    _moved(article)
    record("article.learned", by=by, about=[article], data={"source": source})
    return True


@transaction.atomic
def unlearn(article: Article, *, source: str, by: Actor) -> None:
    """Forget what was learned from ``source``; nothing happens when there was nothing."""
    if ArticleText.objects.filter(article=article, source=source).delete()[0]:
        _moved(article)
        record("article.unlearned", by=by, about=[article], data={"source": source})


def _moved(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(revision=F("revision") + 1)


def _values(content: Content) -> dict[str, object]:
    return {name: getattr(content, name) for name in _FIELDS}


def _checked(content: Content) -> Content:
    question = " ".join(content.question.replace("\0", "").split())
    answer = content.answer.replace("\0", "").replace("\r\n", "\n").strip()
    if not question:
        raise Refused(_("An article needs a question."), code="question_missing")
    if len(question) > LONGEST_QUESTION:
        raise Refused(_("A question has at most 500 characters."), code="question_too_long")
    if len(answer) > LONGEST_ANSWER:
        raise Refused(_("An answer has at most 200,000 characters."), code="answer_too_long")
    if content.state not in State.values or content.audience not in Audience.values:
        raise Refused(_("This state or audience does not exist."), code="unknown_value")
    if content.state in {State.VALIDATED, State.NOT_VALIDATED} and not answer:
        raise Refused(_("An article without an answer can only be saved as being written."), code="answer_missing")
    return Content(
        question=question,
        answer=answer,
        **{name: getattr(content, name) for name in _FIELDS if name not in {"question", "answer"}},
    )
