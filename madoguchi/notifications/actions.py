"""Telling members of staff something, delivering it when they work, and having read it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from madoguchi.journal.record import SYSTEM, record, subject_of
from madoguchi.mail.actions import queue_mail
from madoguchi.mail.models import MailThread
from madoguchi.notifications.models import Notification, Preference
from madoguchi.people.models import Staff
from madoguchi.people.queries import working_time_of


def notify(
    staff: Iterable[Staff],
    text: str,
    *,
    kind: str,
    params: Mapping[str, Any] | None = None,
    about: models.Model | None = None,
    at_once: bool = False,
    now: datetime | None = None,
) -> list[Notification]:
    """Tell each of these people, once, in their working hours or ``at_once``; the worker delivers it.

    ``text`` is an English msgid (mark it with ``gettext_noop``) with ``%(name)s`` places for ``params``, which must be
    JSON; a parameter named ``…_msgid`` is translated and one named ``…_time`` (ISO) written as a time, each without the
    ending: ``%(clock)s`` is ``clock_msgid``; of ``{"ja": …, "en": …}`` the reader's language is said. ``about`` is what
    it is about, usually the ticket: the notification leads there. ``kind`` is what a journal entry of it would be
    called (``clock.breached``). Somebody who left is not told. Writes rows only and belongs into the transaction of
    what it tells.
    """
    moment = now or timezone.now()
    about_kind, about_id = subject_of(about) if about is not None else ("", None)
    people = {member.pk: member for member in staff if member.is_active}
    return Notification.objects.bulk_create(
        Notification(
            staff=member,
            kind=kind,
            text=text,
            params=dict(params or {}),
            about_kind=about_kind,
            about_id=about_id,
            at=moment,
            deliver_at=moment if at_once else working_time_of(member).next_open(moment),
        )
        for member in people.values()
    )


def deliver_due(*, limit: int = 50, now: datetime | None = None) -> int:
    """Tell what is due, the earliest first: it rings on the person's pages and, if they asked for it, goes by mail.

    Several workers may run: each notification is claimed by a conditional update. Returns how many there were.
    """
    moment = now or timezone.now()
    due = Notification.objects.filter(delivered_at__isnull=True, deliver_at__lte=moment)
    rows = list(due.select_related("staff", "staff__notification_preference").order_by("deliver_at", "id")[:limit])
    for row in rows:
        _deliver(row, moment)
    return len(rows)


@transaction.atomic
def _deliver(row: Notification, moment: datetime) -> None:
    if not Notification.objects.filter(pk=row.pk, delivered_at__isnull=True).update(delivered_at=moment):
        return
    record("notification.delivered", by=SYSTEM, about=[row, row.staff], data={"kind": row.kind})
    preference: Preference | None = getattr(row.staff, "notification_preference", None)
    if preference is None or not preference.by_mail or not row.staff.is_active:
        return
    with translation.override(row.staff.language or settings.LANGUAGE_CODE):
        address = f"{settings.PUBLIC_ADDRESS}/notifications/{row.pk}/"
        queue_mail(
            thread=MailThread.objects.create(),
            to=[row.staff.email],
            subject=row.words,
            body="\n".join(
                [row.words, "", address, "", "-- ", settings.MAIL_NAME, _("Sent by Madoguchi to you alone.")]
            ),
            automatic=True,
            by=SYSTEM,
        )


def mark_read(notification: Notification) -> None:
    """Its reader has seen it; twice is once. Writes no journal entry, like a read mark."""
    Notification.objects.filter(pk=notification.pk, read_at__isnull=True).update(read_at=timezone.now())


def mark_all_read(staff: Staff) -> int:
    """Everything that has reached this person is read; how many there were."""
    return Notification.objects.of(staff).unread().order_by().update(read_at=timezone.now())


@transaction.atomic
def choose_mail(staff: Staff, *, by_mail: bool) -> None:
    """Whether this person wants notifications by mail, too."""
    preference, _created = Preference.objects.get_or_create(staff=staff)
    if preference.by_mail != by_mail:
        preference.by_mail = by_mail
        preference.save(update_fields=["by_mail"])
        record("notification.preference_changed", by=staff, about=[staff], data={"by_mail": by_mail})
