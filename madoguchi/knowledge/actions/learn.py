"""An article learns from the texts that it solved."""

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.models import Article, ArticleText
from madoguchi.knowledge.terms import text_terms

LONGEST_LEARNED = 4_000


@transaction.atomic
def learn(article: Article, text: str, *, source: str, by: Actor, is_use: bool = True) -> bool:
    """Remember that this article solved ``text``, so that the next similar text finds it; whether that was new.

    ``source`` says where the text came from (``ticket:12``); the same source with another text replaces it.
    Words that somebody foresees are learned too, but are no use of the article.
    """
    text = text.replace("\0", "").strip()[:LONGEST_LEARNED]
    if not text or ArticleText.objects.filter(article=article, source=source, text=text).exists():
        return False
    _row, is_new = ArticleText.objects.update_or_create(
        article=article,
        source=source,
        defaults={"text": text, "terms": text_terms(text), "vector": None, "learned_at": timezone.now()},
    )
    _moved(article, uses=1 if is_new and is_use else 0)
    record("article.learned", by=by, about=[article], data={"source": source})
    return True


@transaction.atomic
def unlearn(article: Article, *, source: str, by: Actor) -> None:
    """Forget what was learned from ``source``; nothing happens when there was nothing."""
    if ArticleText.objects.filter(article=article, source=source).delete()[0]:
        _moved(article, uses=-1)
        record("article.unlearned", by=by, about=[article], data={"source": source})


def _moved(article: Article, *, uses: int) -> None:
    """It is found by other words now; using it again is what shows that it is good, so uses are counted."""
    uses_now = Case(When(uses__gt=0, then=F("uses") - 1), default=Value(0)) if uses < 0 else F("uses") + uses
    used = {"used_at": timezone.now()} if uses > 0 else {}
    Article.objects.filter(pk=article.pk).update(revision=F("revision") + 1, uses=uses_now, **used)
