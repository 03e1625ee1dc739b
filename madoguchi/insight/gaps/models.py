"""What people ask and no article answers: the evidence, and the gaps that it shows."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.knowledge.models import Article, Search
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.models import Ticket


class Gap(models.Model):
    """Questions that mean the same and have no article; work that somebody takes.

    ``is_kept``: somebody has touched it, so the grouping leaves what is in it alone; what is asked from then on joins
    it when it is near its centre (``words``, ``vector``), the text in the middle at that time. ``title`` is that text
    until somebody gives it another.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        TAKEN = "taken", _("Being worked on")
        WRITTEN = "written", _("Article written")
        CLOSED = "closed", pgettext_lazy("gap", "Closed")

    class Reason(models.TextChoices):
        """What cures it: the article that was written, or something else."""

        ANSWERED = "answered", _("The article answers it")
        TRAINING = "training", _("Training: the answer is known")
        ACCESS = "access", _("Access: the first line lacks a right")
        PRODUCT = "product", _("Product fault: to be repaired")
        OTHER = "other", _("Something else")

    title = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    is_kept = models.BooleanField(default=False)
    words = models.JSONField(default=list)
    vector = models.BinaryField(null=True)
    owner = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="gaps")
    due_on = models.DateField(null=True, blank=True)
    article = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="gaps")
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    note = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(is_kept=True), name="gaps_kept")]

    def __str__(self) -> str:
        return self.title


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, access: Access) -> Self:
        """What this member of staff may see and count; a partner's staff: what their own teams took in or looked for.

        Questions of others to departments are not theirs, so what is known by these alone is not, either.
        """
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            tickets = Ticket.objects.visible_to(access)
            own = self.filter(team__in=access.team_ids, only_consulted=False)
            return own.filter(Q(ticket__isnull=True) | Q(ticket__in=tickets))
        return self


class Evidence(models.Model):
    """A ticket or a search that no article answered; one row each, however many signs there are.

    ``signs`` say why it counts (``Sign``). ``text`` and ``words`` are what was asked, ``seconds`` what it cost
    (``gathering``). ``near`` is how near it stands to the middle of its gap, 1 the least that belongs to it.
    """

    class Kind(models.TextChoices):
        TICKET = "ticket", _("Ticket")
        SEARCH = "search", _("Search")

    class Sign(models.TextChoices):
        HANDED_OVER = "handoff", _("Handed over")
        RETURNED = "return", _("Returned")
        NO_ARTICLE = "no_article", _("Solved without an article")
        CONSULTED = "consultation", _("A department answered")
        NOTHING_FOUND = "nothing_found", _("Search found nothing")
        NOT_USED = "not_used", _("Search without use")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    ref = models.BigIntegerField()
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, related_name="gap_evidence")
    search = models.ForeignKey(Search, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    gap = models.ForeignKey(Gap, models.SET_NULL, null=True, blank=True, related_name="evidence", db_index=False)
    signs = models.JSONField(default=list)
    only_consulted = models.BooleanField(default=False)
    text = models.CharField(max_length=300)
    words = models.JSONField(default=list)
    vector = models.BinaryField(null=True)
    near = models.FloatField(default=0)
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField()
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="gap_evidence", db_index=False
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="gap_evidence", db_index=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="gaps_evidence_once")]
        indexes = [
            models.Index(fields=["gap", "-at", "-id"], name="gaps_evidence_of"),
            models.Index(fields=["-at", "-id"], name="gaps_evidence_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref} {self.text[:40]}"


class Waiting(models.Model):
    """Something happened to (kind, ref): whether it is evidence is to be looked at. ``error``: it was set aside."""

    kind = models.CharField(max_length=10)
    ref = models.BigIntegerField()
    version = models.PositiveBigIntegerField(default=1)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="gaps_waiting_once")]
        indexes = [models.Index(fields=["id"], condition=Q(error=""), name="gaps_waiting_ready")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref} v{self.version}"


class Progress(models.Model):
    """The one row that says how far the gathering is; whoever writes evidence or gaps holds it.

    ``position`` is the place in the journal, ``searched_at`` and ``search`` the last search that was looked at.
    ``version`` grows with every change of what is grouped, ``grouped`` is the version that was grouped.
    """

    position = models.CharField(max_length=45, default="0.0")
    searched_at = models.DateTimeField(null=True)
    search = models.BigIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=0)
    grouped = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.position}, {self.grouped} of {self.version}"
