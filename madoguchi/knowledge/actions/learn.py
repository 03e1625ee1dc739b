"""An article learns from the texts that it solved."""

from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from madoguchi.foundation.kept import paragraphs
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.models import KEPT_TEXTS, Article, ArticleText
from madoguchi.knowledge.terms import text_terms

LONGEST_LEARNED = 4_000
NEWEST_COUNT = """UPDATE knowledge_articletext SET counts = FALSE WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER()
 OVER (PARTITION BY article_id ORDER BY learned_at DESC, id DESC) AS place FROM knowledge_articletext WHERE counts)
 AS ranked WHERE place > %s)"""


@transaction.atomic
def learn(article: Article, text: str, *, source: str, by: Actor, is_use: bool = True) -> bool:
    """Remember that this article solved ``text``, so that the next similar text finds it; whether that was new.

    ``source`` says where the text came from (``ticket:12``); the same source with another text replaces it.
    Words that somebody foresees are learned too, but are no use of the article.
    """
    text = paragraphs(text)[:LONGEST_LEARNED]
    if not text or ArticleText.objects.filter(article=article, source=source, text=text).exists():
        return False
    _row, is_new = ArticleText.objects.update_or_create(
        article=article,
        source=source,
        defaults={
            "text": text,
            "terms": text_terms(text),
            "vector": None,
            "learned_at": timezone.now(),
            "counts": True,
            "is_use": is_use,
        },
    )
    counting = ArticleText.objects.filter(article=article, counts=True).order_by("-learned_at", "-pk")
    if old := list(counting.values_list("pk", flat=True)[KEPT_TEXTS:]):
        ArticleText.objects.filter(pk__in=old).update(counts=False)
    _moved(article, uses=1 if is_new and is_use else 0)
    record("article.learned", by=by, about=[article], data={"source": source})
    return True


@transaction.atomic
def unlearn(article: Article, *, source: str, by: Actor) -> None:
    """Forget what was learned from ``source``; nothing happens when there was nothing."""
    row = ArticleText.objects.select_for_update().filter(article=article, source=source).first()
    if row is None:
        return
    row.delete()
    if row.counts:
        texts = ArticleText.objects.filter(article=article)
        before = texts.filter(counts=False).order_by("-learned_at", "-pk").values("pk")[:1]
        texts.filter(pk__in=list(before.values_list("pk", flat=True))).update(counts=True)
    _moved(article, uses=-1 if row.is_use else 0)
    record("article.unlearned", by=by, about=[article], data={"source": source})


def keep_newest() -> None:
    """After texts were written in bulk: the newest of each article count."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_COUNT, [KEPT_TEXTS])


def _moved(article: Article, *, uses: int) -> None:
    """It is found by other words now; using it again is what shows that it is good, so uses are counted."""
    uses_now = Case(When(uses__gt=0, then=F("uses") - 1), default=Value(0)) if uses < 0 else F("uses") + uses
    used = {"used_at": timezone.now()} if uses > 0 else {}
    Article.objects.filter(pk=article.pk).update(revision=F("revision") + 1, uses=uses_now, **used)
