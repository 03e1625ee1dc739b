"""The tree of what can be asked, and what must be asked about it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation.bilingual import label_of
from madoguchi.people.departments import Topic
from madoguchi.people.staff import BilingualName, Team


class Category(BilingualName):
    """A node of the tree. ``service`` is what a contract must cover; the destination is only ever proposed.

    ``topics`` are what departments are asked about it, proposed first when somebody asks.
    """

    class Scope(models.TextChoices):
        """What the first line is meant to do with it (対応範囲)."""

        SOLVES = "solves", _("First line solves it")
        COLLECTS = "collects", _("First line asks and hands over")
        NOT_OURS = "not_ours", _("Not for us")

    key = models.SlugField(_("key"), max_length=60, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    destination = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="categories")
    service = models.SlugField(_("service in the contract"), max_length=40, blank=True)
    to_responsible_engineer = models.BooleanField(_("goes to the customer's responsible engineer"), default=False)
    topics: "models.ManyToManyField[Topic, models.Model]" = models.ManyToManyField(
        Topic, blank=True, related_name="categories", verbose_name=_("asked of departments as")
    )
    scope = models.CharField(_("what the first line does"), max_length=10, choices=Scope.choices, blank=True)
    move_limit = models.PositiveSmallIntegerField(_("moves before routing freezes"), default=3)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "categories"

    def clean(self) -> None:
        ancestor = self.parent
        while ancestor is not None:
            if ancestor.pk == self.pk and self.pk is not None:
                raise ValidationError({"parent": _("A category cannot stand below itself.")})
            ancestor = ancestor.parent


class HearingItem(models.Model):
    """Something the first line asks: for a category (and all below it), or for everything that goes to a team."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Short text")
        LONG_TEXT = "long_text", _("Long text")
        CHOICE = "choice", _("Choice")
        PHONE = "phone", _("Phone number")
        DATE = "date", _("Date")
        YES_NO = "yes_no", _("Yes or no")

    category = models.ForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="items")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="required_items")
    key = models.SlugField(_("key"), max_length=60)
    name = models.CharField(_("question"), max_length=100)
    name_en = models.CharField(_("question, English"), max_length=100, blank=True)
    hint = models.CharField(_("hint"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    is_required = models.BooleanField(_("required before a hand-off"), default=False)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    is_active = models.BooleanField(_("asked"), default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(category__isnull=True, team__isnull=False)
                | models.Q(category__isnull=False, team__isnull=True),
                name="catalog_item_of_one",
            ),
            models.UniqueConstraint(fields=["category", "key"], name="catalog_item_once_per_category"),
            models.UniqueConstraint(fields=["team", "key"], name="catalog_item_once_per_team"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return label_of(self.name, self.name_en)
