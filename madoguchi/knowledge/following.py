"""Reaction: articles are found by the names of their category, so they are read anew when one is renamed or moved."""

from itertools import batched

from django.db import models
from django.db.models import F

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.journal.models import Entry
from madoguchi.knowledge.models import Article

_NAMES = frozenset({"name", "name_en", "parent"})
_BATCH = 500


def follow_category(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Mark the articles of the category and of all below it: the next building of the index makes their words."""
    if not _NAMES & set(entry.data["fields"]):
        return
    changed = {subject.pk for subject in subjects if isinstance(subject, Category)}
    below = [row.pk for row, path in tree(active_only=False) if changed & {one.pk for one in (*path, row)}]
    articles = Article.objects.filter(category__in=below).order_by("pk").values_list("pk", flat=True)
    for some in batched(articles, _BATCH, strict=False):
        Article.objects.filter(pk__in=some).update(terms={}, revision=F("revision") + 1)
