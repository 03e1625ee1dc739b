"""Articles: FAQ and procedures, and the texts they have solved."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.catalog.models import Category
from madoguchi.files.models import StoredFile
from madoguchi.people.access import Access, Capability
from madoguchi.people.staff import Staff, Team


class State(models.TextChoices):
    """How far an article can be trusted."""

    WIP = "wip", _("Being written")
    NOT_VALIDATED = "not_validated", _("Not validated")
    VALIDATED = "validated", _("Validated")
    ARCHIVED = "archived", _("Archived")


class Audience(models.TextChoices):
    """Who may read it: our staff; whoever answers requesters, partners' staff included; everybody."""

    STAFF = "staff", _("Our staff only")
    FIRST_LINE = "first_line", _("Everyone at the desk")
    PUBLIC = "public", _("Public")


class Governance(models.TextChoices):
    """Who may improve it: everybody who works with it or, where law or contract hang on its words, only keepers."""

    OPEN = "open", _("Everyone at the desk may improve it")
    KEPT = "kept", _("Only keepers and the owner team")


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, access: Access) -> Self:
        """What this member of staff may read: what is meant for them and, unless they keep it, not archived."""
        rows = self.meant_for(access)
        return rows if access.can(Capability.EDIT_KNOWLEDGE) else rows.exclude(state=State.ARCHIVED)

    def meant_for(self, access: Access) -> Self:
        """The same with what is archived; for partners' staff: what is for the whole desk, and their teams' own."""
        if not access.can(Capability.READ_KNOWLEDGE):
            return self.none()
        if access.is_partner:
            shared = Q(audience__in=[Audience.FIRST_LINE, Audience.PUBLIC])
            return self.filter(shared | Q(owner_team__in=access.team_ids))
        return self

    def public(self) -> Self:
        """What anybody may read: for everybody, validated, and not past the day of its review."""
        today = timezone.localdate()
        fresh = Q(review_on__isnull=True) | Q(review_on__gte=today)
        return self.filter(fresh, audience=Audience.PUBLIC, state=State.VALIDATED)

    def light(self) -> Self:
        """Without what only the search reads."""
        return self.defer("terms", "vectors")

    def current(self) -> Self:
        """What may be suggested."""
        return self.exclude(state=State.ARCHIVED)


def day_number() -> int:
    """Today, as a number."""
    return timezone.localdate().toordinal()


class PictureQuerySet(models.QuerySet["Picture"]):
    def visible_to(self, access: Access) -> Self:
        """Those of the articles that this person may read, and those they added themselves (for an article to come)."""
        return self.filter(Q(articles__in=Article.objects.visible_to(access)) | Q(by=access.staff)).distinct()

    def public(self) -> Self:
        """Those of the articles that anybody may read."""
        return self.filter(articles__in=Article.objects.public()).distinct()


class Picture(models.Model):
    """A picture that answers name as ``picture:<code>``: the beginning of the hash of its content."""

    code = models.CharField(max_length=24, unique=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    content_type = models.CharField(max_length=20)
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    objects = PictureQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code


class Article(models.Model):
    """A question and its answer (Markdown).

    ``source`` names what it was made of (``ticket:12``): for that ticket it is new knowledge, for any other known.
    ``validated_by`` and ``validated_at`` say who vouches for the text as it stands; they go when it does no longer.
    ``uses`` counts the tickets (and other texts) it solved, ``checked_day`` is the day on which somebody last wrote it
    or said that it is right, as a number (``date.toordinal()``), so that the order of the review is plain arithmetic on
    both engines; ``open_comments`` are those that nobody has answered yet.
    ``helped`` and ``not_helped`` are what readers of the public FAQ said.
    ``version`` counts edits and guards against overwriting; ``revision`` grows with everything that changes what
    a search finds, so the sum over all articles tells a process whether its index is still true.
    """

    key = models.CharField(_("key"), max_length=100, unique=True)
    question = models.CharField(_("question"), max_length=500)
    answer = models.TextField(_("answer"), blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="articles", verbose_name=_("category")
    )
    category_text = models.CharField(_("category as imported"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.NOT_VALIDATED)
    audience = models.CharField(_("audience"), max_length=16, choices=Audience.choices, default=Audience.FIRST_LINE)
    owner_team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="articles", verbose_name=_("owner")
    )
    review_on = models.DateField(_("review on"), null=True, blank=True)
    governance = models.CharField(
        _("who may improve it"), max_length=8, choices=Governance.choices, default=Governance.OPEN
    )
    validated_by = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("validated by")
    )
    validated_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=80, blank=True, db_index=True)
    pictures = models.ManyToManyField(Picture, related_name="articles")
    uses = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    checked_day = models.PositiveIntegerField(default=day_number)
    open_comments = models.PositiveIntegerField(default=0)
    helped = models.PositiveIntegerField(default=0)
    not_helped = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(_("updated"))
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveBigIntegerField(default=1)
    terms = models.JSONField(default=dict)
    vectors = models.BinaryField(null=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes = [
            models.Index(fields=["revision", "updated_at"], name="knowledge_article_revision"),
            models.Index(fields=["-updated_at", "-id"], name="knowledge_article_newest"),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def is_overdue(self) -> bool:
        """Whether the day has passed on which somebody should have looked whether it is still true."""
        return self.review_on is not None and self.review_on < timezone.localdate()

    @property
    def is_public(self) -> bool:
        """The same of one article that ``public()`` asks of all."""
        return self.audience == Audience.PUBLIC and self.state == State.VALIDATED and not self.is_overdue

    @property
    def checked_on(self) -> date:
        """The day on which somebody last wrote it or said that it is right."""
        return date.fromordinal(self.checked_day)


class ArticleVersionQuerySet(models.QuerySet["ArticleVersion"]):
    def visible_to(self, access: Access) -> Self:
        """Versions of what this person may read; partners' staff: those alone that were for them at the time."""
        rows = self.filter(article__in=Article.objects.visible_to(access))
        if access.is_partner:
            own = Q(fields__owner_team__in=[team.key for team in access.teams])
            rows = rows.filter(Q(fields__audience__in=[Audience.FIRST_LINE, Audience.PUBLIC]) | own)
        return rows


class ArticleVersion(models.Model):
    """The article as it was from ``at`` until the next version; ``fields`` as ``actions.versions`` writes them.

    The current version has its row too. ``by_name`` is kept because not only staff write, and staff leave.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    fields = models.JSONField()

    objects = ArticleVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="knowledge_version_once")]

    def __str__(self) -> str:
        return f"{self.article_id}/{self.number}"


KEPT_TEXTS = 30  # of one article


class ArticleText(models.Model):
    """Words of a requester that this article solved: what the search learns from.

    ``source`` names where they came from, for instance ``ticket:12``, so that it is learned once and can be unlearned.
    ``counts``: it is among the newest ``KEPT_TEXTS`` of its article, which are those that the search reads; ``is_use``:
    a requester was answered with it, nobody only foresaw the words.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="texts", db_index=False)
    source = models.CharField(max_length=80)
    text = models.TextField()
    terms = models.JSONField(default=dict)
    vector = models.BinaryField(null=True)
    learned_at = models.DateTimeField()
    counts = models.BooleanField(default=True)
    is_use = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "source"], name="knowledge_text_once")]
        indexes = [
            models.Index(fields=["article", "-learned_at", "-id"], name="knowledge_text_newest"),
            models.Index(
                fields=["article", "-learned_at", "-id"], condition=models.Q(counts=True), name="knowledge_text_counts"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
