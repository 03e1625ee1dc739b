"""Terms: words that everybody at the desk should know, each with its explanation."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.bilingual import label_of
from madoguchi.knowledge.models import Audience
from madoguchi.people.access import Access, Capability


class TermQuerySet(models.QuerySet["Term"]):
    def visible_to(self, access: Access) -> Self:
        """What this member of staff may read; partners' staff: what is not for our own staff only."""
        if not access.can(Capability.READ_KNOWLEDGE):
            return self.none()
        return self.filter(~Q(audience=Audience.STAFF)) if access.is_partner else self

    def public(self) -> Self:
        """What anybody may read."""
        return self.filter(audience=Audience.PUBLIC)


class Term(models.Model):
    """A word and what it means. ``also`` are its other writings, by which it is found in texts, too.

    ``row`` is the kana row (あ … わ) that the reading begins in, ``#`` for anything else; ``search`` holds the
    folded words that the list looks in. ``version`` grows with every change.
    """

    name = models.CharField(_("term"), max_length=80)
    reading = models.CharField(_("reading"), max_length=120, blank=True)
    also = models.JSONField(_("also written"), default=list)
    explanation = models.TextField(_("explanation"))
    explanation_en = models.TextField(_("explanation, English"), blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="terms", verbose_name=_("category")
    )
    audience = models.CharField(_("audience"), max_length=16, choices=Audience.choices, default=Audience.FIRST_LINE)
    row = models.CharField(max_length=1, default="#")
    search = models.TextField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = TermQuerySet.as_manager()

    class Meta:
        ordering = ["reading", "id"]
        indexes = [models.Index(fields=["reading", "id"], name="glossary_by_reading")]

    def __str__(self) -> str:
        return self.name

    @property
    def meaning(self) -> str:
        """The explanation in the language of the page."""
        return label_of(self.explanation, self.explanation_en)

    @property
    def writings(self) -> list[str]:
        """Every writing by which it is found in a text."""
        return [self.name, *self.also]
