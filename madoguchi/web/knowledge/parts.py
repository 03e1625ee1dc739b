"""What the pages of articles share: finding one, and reading what a form says."""

from datetime import date

from django.db import models
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.models import Article
from madoguchi.web.shell.guard import StaffRequest


def article_or_404(request: StaffRequest, article_id: int) -> Article:
    """The article, if this person may read it."""
    rows = Article.objects.visible_to(request.access).light()
    return get_object_or_404(rows.select_related("category", "owner_team", "validated_by"), pk=article_id)


def back_to(request: StaffRequest, article_id: int) -> str:
    """Where a verb on an article leads: the review when it was pressed there, else the article, if it is to be seen."""
    if request.POST.get("back") == "review":
        return reverse("knowledge:review")
    visible = Article.objects.visible_to(request.access).filter(pk=article_id).exists()
    return reverse("knowledge:page", args=[article_id]) if visible else reverse("knowledge:index")


def number_of(written: str) -> int:
    """A number as a form or an address says it; what is none is 0, which is nobody's."""
    return row_number(written) or 0


def version_of(data: QueryDict) -> int | None:
    """The version that the form was made for; without the field any."""
    return number_of(data.get("version", "")) if "version" in data else None


def one_of[M: models.Model](rows: models.QuerySet[M], written: str) -> M | None:
    """The row that was chosen; refuses what does not exist any more."""
    if not written:
        return None
    found = rows.filter(pk=number_of(written)).first()
    if found is None:
        raise Refused(_("What was chosen does not exist any more. Load the page again."), code="unknown_value")
    return found


def day_of(written: str) -> date | None:
    """A date as a form says it; refuses what is none."""
    if not written:
        return None
    try:
        day = parse_date(written)
    except ValueError:
        day = None
    if day is None:
        raise Refused(_("The date must be written like 2026-11-30."), code="bad_date")
    return day
