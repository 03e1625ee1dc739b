"""Where articles were shown and looked for, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.catalog.models import Category
from madoguchi.knowledge.models.articles import Article
from madoguchi.people.staff import Staff


class Place(models.TextChoices):
    """Where articles are shown and looked for."""

    SEAT = "seat", _("At the operator's seat")
    TICKET = "ticket", _("Resolving a ticket")
    KNOWLEDGE = "knowledge", _("Knowledge page")


class Showing(models.Model):
    """An article was shown for what is being worked on, (kind, ref) as the journal names it, and what became of it.

    One row for each subject and article, whatever was typed on the way. ``words`` are those it was first found by,
    between blanks; ``terms`` those of the text when somebody decided, as far as they count (``usage``). ``teaches``:
    the decision is among the newest of its article, from which the next suggestion learns (``feedback``).
    """

    class Outcome(models.TextChoices):
        SHOWN = "", _("Only shown")
        OPENED = "opened", _("Read")
        USED = "used", _("Used as the answer")
        LINKED = "linked", _("Linked as what solved it")
        DISMISSED = "dismissed", _("Does not fit")

    article = models.ForeignKey(Article, models.CASCADE, related_name="showings", db_index=False)
    kind = models.CharField(max_length=24)
    ref = models.BigIntegerField()
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+", db_index=False)
    place = models.CharField(max_length=10, choices=Place.choices)
    words = models.CharField(max_length=200, blank=True)
    terms = models.CharField(max_length=600, blank=True)
    rank = models.PositiveSmallIntegerField()
    shown_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    outcome_at = models.DateTimeField(null=True, blank=True)
    teaches = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref", "article"], name="knowledge_showing_once")]
        indexes = [
            models.Index(
                fields=["article", "-outcome_at"], condition=models.Q(teaches=True), name="knowledge_showing_teaches"
            ),
            models.Index(fields=["outcome_at"], condition=models.Q(outcome="used"), name="knowledge_showing_used"),
            models.Index(fields=["shown_at"], name="knowledge_showing_when"),
            models.Index(
                fields=["article", "-outcome_at"],
                condition=models.Q(outcome__in=["used", "linked", "dismissed"]),
                name="knowledge_showing_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref} {self.article_id} {self.outcome or 'shown'}"


class Search(models.Model):
    """What somebody looked for, one row for each session of typing, and whether an article was used.

    At the seat a session is the contact ((kind, ref) names it); on the knowledge page it is what one person types on
    without a break (``usage.asked``). ``found`` is how many articles were shown at last; ``article`` the one used.
    """

    place = models.CharField(max_length=10, choices=Place.choices)
    kind = models.CharField(max_length=24, blank=True, default="")
    ref = models.BigIntegerField(null=True, blank=True)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+", db_index=False)
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+", db_index=False)
    text = models.CharField(max_length=500)
    found = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="+", db_index=False)
    is_used = models.BooleanField(default=False)
    begun_at = models.DateTimeField()
    typed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="knowledge_search_once")]
        indexes = [
            models.Index(fields=["staff", "-typed_at"], name="knowledge_search_by_staff"),
            models.Index(
                fields=["-typed_at", "-id"], condition=models.Q(is_used=False), name="knowledge_search_unused"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class HelpMark(models.Model):
    """An unknown reader said today whether an article helped, so that nobody is counted twice.

    ``mark`` is a keyed hash of day and address, another one each day; the row is deleted on the next (``helped``).
    """

    mark = models.CharField(max_length=64)
    article = models.ForeignKey(Article, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mark", "article"], name="knowledge_help_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.mark[:8]}"
