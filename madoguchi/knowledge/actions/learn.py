"""An article learns from the texts that it solved."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.models import Article, ArticleText
from madoguchi.knowledge.terms import text_terms

LONGEST_LEARNED = 4_000


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
