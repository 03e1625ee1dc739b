"""Versions of an article: how one is written down, and what it said."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from madoguchi.catalog.models import Category
from madoguchi.journal.record import Actor
from madoguchi.knowledge.models import Article, ArticleVersion, ArticleVersionQuerySet
from madoguchi.people.access import Access
from madoguchi.people.staff import Staff

NEW_FOR = timedelta(days=28)
PLAIN = ("question", "answer", "category_text", "state", "audience", "governance")


def version_of(article: Article, *, by: Actor | None = None, note: str = "") -> ArticleVersion:
    """The row (not saved) of the article as it stands; without ``by``, as of its last change by nobody known."""
    return ArticleVersion(
        article=article,
        number=article.version,
        at=article.updated_at,
        by=by if isinstance(by, Staff) else None,
        by_name=by.actor_name[:200] if by is not None else "",
        note=note,
        fields=fields_of(article),
    )


def fields_of(article: Article) -> dict[str, Any]:
    """What a version keeps, as JSON: category and owner by key, the review date as ISO."""
    return {name: str(getattr(article, name)) for name in PLAIN} | {
        "category": article.category.key if article.category else "",
        "owner_team": article.owner_team.key if article.owner_team else "",
        "review_on": article.review_on.isoformat() if article.review_on else "",
    }


def keep(versions: Sequence[ArticleVersion]) -> None:
    """Write versions down, in one statement; what is kept already stays as it is."""
    ArticleVersion.objects.bulk_create(versions, ignore_conflicts=True)


def category_of(version: ArticleVersion) -> Category | None:
    """The category it had then, as long as there is one."""
    key = version.fields.get("category", "")
    return Category.objects.filter(key=key).first() if key else None


def news(access: Access) -> ArticleVersionQuerySet:
    """What this person may read of the last weeks' versions, with their articles, without what they say."""
    rows = ArticleVersion.objects.visible_to(access).filter(at__gte=timezone.now() - NEW_FOR)
    return rows.select_related("article", "by").defer("fields", "article__terms", "article__vectors", "article__answer")
