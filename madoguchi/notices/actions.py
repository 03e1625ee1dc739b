"""Posting news and ending it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.notices.models import Notice
from madoguchi.people.models import Staff


@transaction.atomic
def post_notice(
    *,
    title: str,
    body: str,
    gravity: int,
    by: Staff,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    categories: Iterable[Category] = (),
) -> Notice:
    """Tell everybody; in force at once unless ``starts_at`` lies ahead."""
    _check(title, starts_at, ends_at)
    notice = Notice.objects.create(
        title=title.strip(),
        body=body,
        gravity=gravity,
        starts_at=starts_at or timezone.now(),
        ends_at=ends_at,
        posted_by=by,
    )
    notice.categories.set(categories)
    record("notice.posted", by=by, about=[notice], data={"title": notice.title, "gravity": gravity})
    return notice


@transaction.atomic
def change_notice(
    notice: Notice,
    *,
    title: str,
    body: str,
    gravity: int,
    by: Staff,
    starts_at: datetime,
    ends_at: datetime | None,
    categories: Iterable[Category] = (),
) -> Notice:
    """Correct a notice."""
    _check(title, starts_at, ends_at)
    notice.title, notice.body, notice.gravity = title.strip(), body, gravity
    notice.starts_at, notice.ends_at = starts_at, ends_at
    notice.save(update_fields=["title", "body", "gravity", "starts_at", "ends_at"])
    notice.categories.set(categories)
    record("notice.changed", by=by, about=[notice], data={"title": notice.title, "gravity": gravity})
    return notice


@transaction.atomic
def end_notice(notice: Notice, *, by: Staff) -> Notice:
    """Over: the notice is no longer in force from now on."""
    notice.ends_at = timezone.now()
    notice.save(update_fields=["ends_at"])
    record("notice.ended", by=by, about=[notice], data={"title": notice.title})
    return notice


def _check(title: str, starts_at: datetime | None, ends_at: datetime | None) -> None:
    if not title.strip():
        raise Refused(_("A notice needs a title."), code="title_missing")
    if ends_at is not None and ends_at <= (starts_at or timezone.now()):
        raise Refused(_("A notice ends after it begins."), code="times")
