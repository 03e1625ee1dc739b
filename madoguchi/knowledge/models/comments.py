"""What readers say about an article."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.knowledge.models.articles import Article
from madoguchi.people.access import Access, Capability
from madoguchi.people.staff import Staff, Team


class CommentQuerySet(models.QuerySet["ArticleComment"]):
    def visible_to(self, access: Access) -> Self:
        """Comments on what this person may read."""
        return self.filter(article__in=Article.objects.visible_to(access))

    def open(self) -> Self:
        """Nobody has answered them yet."""
        return self.filter(state=ArticleComment.State.OPEN)

    def for_keeper(self, access: Access) -> Self:
        """Those that this person may answer."""
        if access.can(Capability.EDIT_KNOWLEDGE):
            return self
        teams = [] if access.is_partner else access.team_ids
        return self.filter(article__owner_team__in=teams) if access.can(Capability.WORK_TICKETS) else self.none()


class ArticleComment(models.Model):
    """Somebody says that an article is wrong, or how it could be better; the owner team answers until ``due_at``.

    ``source`` says where it was noticed (``ticket:12``), ``late_at`` when its supervisors were told that it is late.
    """

    class Kind(models.TextChoices):
        WRONG = "wrong", _("It is wrong")
        OUTDATED = "outdated", _("It is out of date")
        UNCLEAR = "unclear", _("It is hard to understand")
        MISSING_STEP = "missing_step", _("A step is missing")
        REMARK = "remark", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ACCEPTED = "accepted", _("Taken up")
        DECLINED = "declined", _("Not taken up")
        ANSWERED = "answered", pgettext_lazy("comment", "Answered")

    article = models.ForeignKey(Article, models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    text = models.TextField(blank=True)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="article_comments")
    at = models.DateTimeField()
    source = models.CharField(max_length=80, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField()
    late_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    reply = models.TextField(blank=True)
    answered_by = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="open"), name="knowledge_comment_open"),
            models.Index(
                fields=["due_at"], condition=Q(state="open", late_at__isnull=True), name="knowledge_comment_untold"
            ),
            models.Index(fields=["-at", "-id"], name="knowledge_comment_newest"),
        ]

    def __str__(self) -> str:
        return self.text[:60] or self.kind
