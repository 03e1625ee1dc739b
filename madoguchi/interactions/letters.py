"""A friendly letter each month to those who are reached most past the desk: thanks, the list, what is easier."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from madoguchi.foundation.dates import short_date
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import BypassLetter, BypassPolicy, Channel, Interaction, InteractionQuerySet
from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.mail.actions import queue_mail
from madoguchi.mail.models import MailThread
from madoguchi.people.models import Staff

MOST = 20  # letters a month
_LISTED = 30
_FROM_HOUR = 9
_UNTIL_DAY = 10  # later than that nobody is told of last month any more


class Letter(NamedTuple):
    subject: str
    body: str


def policy() -> BypassPolicy:
    return BypassPolicy.objects.first() or BypassPolicy()


@transaction.atomic
def set_letters(*, sends: bool, at_least: int, by: Actor) -> BypassPolicy:
    """Switch the letters on or off, and from how many contacts in a month on somebody gets one (1 to 1,000)."""
    if not 1 <= at_least <= 1000:
        raise Refused(_("Write a number from 1 to 1,000."), code="at_least", field="at_least")
    row, _made = BypassPolicy.objects.update_or_create(pk=1, defaults={"sends_letters": sends, "at_least": at_least})
    record("bypass_policy.set", by=by, about=[row], data={"sends": sends, "at_least": at_least})
    return row


def send_letters(*, now: datetime | None = None) -> int:
    """Write the letters about last month that are not written yet; how many. Each goes out once."""
    local = timezone.localtime(now)
    rules = policy()
    if not rules.sends_letters or local.day > _UNTIL_DAY or (local.day == 1 and local.hour < _FROM_HOUR):
        return 0
    month = (local.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    reached = bypasses_of(month).filter(staff__is_active=True).exclude(staff__email="")
    told = BypassLetter.objects.filter(month=month).values("staff")
    counted = reached.values("staff").annotate(times=Count("pk")).filter(times__gte=rules.at_least)
    most = counted.order_by("-times", "staff")[:MOST]
    done = set(told.values_list("staff", flat=True))
    waiting = [row["staff"] for row in most if row["staff"] not in done]
    return sum(_send(person, month) for person in Staff.objects.filter(pk__in=waiting).order_by("pk"))


def bypasses_of(month: date) -> InteractionQuerySet:
    """The contacts of a month, the first of its days given, that reached somebody past the desk."""
    start = timezone.make_aware(datetime.combine(month, time()))
    end = timezone.make_aware(datetime.combine((month + timedelta(days=32)).replace(day=1), time()))
    return Interaction.objects.filter(channel=Channel.BYPASS, started_at__gte=start, started_at__lt=end)


def example(reader: Staff) -> Letter:
    """What whoever was reached most this month would read about it; with nobody, what ``reader`` would."""
    first = timezone.localdate().replace(day=1)
    counted = bypasses_of(first).filter(staff__isnull=False).values("staff").annotate(times=Count("pk"))
    most = counted.order_by("-times", "staff").first()
    return letter_of(Staff.objects.get(pk=most["staff"]) if most else reader, first)


def letter_of(staff: Staff, first: date) -> Letter:
    """What somebody reads about the month that begins on ``first``."""
    rows = bypasses_of(first).filter(staff=staff).select_related("person", "organization").order_by("started_at", "id")
    return _letter(staff, first, list(rows[:_LISTED]), rows.count())


def recent_letters() -> list[BypassLetter]:
    return list(BypassLetter.objects.select_related("staff").order_by("-month", "-contacts", "id")[:50])


def _send(staff: Staff, month: date) -> bool:
    with translation.override(staff.language or settings.LANGUAGE_CODE):
        letter = letter_of(staff, month)
    contacts = bypasses_of(month).filter(staff=staff).count()
    try:
        with transaction.atomic():
            thread = MailThread.objects.create()
            mail = queue_mail(
                thread=thread, to=[staff.email], subject=letter.subject, body=letter.body, automatic=True, by=SYSTEM
            )
            row = BypassLetter.objects.create(staff=staff, month=month, contacts=contacts, mail=mail)
            record("bypass.letter_written", by=SYSTEM, about=[row, staff, mail], data={"contacts": contacts})
    except IntegrityError:  # another worker was quicker
        return False
    return True


def _letter(staff: Staff, month: date, rows: Sequence[Interaction], times: int) -> Letter:
    when = _("%(year)s/%(month)s") % {"year": month.year, "month": month.month}
    lines = [
        _("Dear %(name)s,") % {"name": staff.name},
        "",
        _("Thank you for helping our customers whenever they turn to you directly."),
        _("In %(month)s, %(times)s inquiries reached you past the desk:") % {"month": when, "times": times},
        *(["", *map(_line, rows)] if rows else []),
        *([_("… and %(count)s more") % {"count": times - len(rows)}] if times > len(rows) else []),
        "",
        _("When the next one comes, any of these takes it off your hands:"),
        _("- Say that the desk will see to it: %(address)s.") % {"address": settings.MAIL_ADDRESS},
        _("- Put the call through to the desk instead of answering it yourself."),
        *([_forward()] if settings.RECORD_ADDRESS else []),
        _("- Write it down on the page “Record a bypass”: three fields, a few seconds."),
        "",
        _("Then colleagues can answer while you are away, and nobody asks twice. This is no complaint: thank you!"),
        "",
        "-- ",
        settings.MAIL_NAME,
    ]
    return Letter(_("Inquiries that reached you directly in %(month)s") % {"month": when}, "\n".join(lines))


def _forward() -> str:
    return _("- Forward the mail or the voicemail to %(address)s; it is recorded for you.") % {
        "address": settings.RECORD_ADDRESS
    }


def _line(row: Interaction) -> str:
    # A mail's sender can be forged: what it said in its own words goes into no letter of ours.
    by_mail = row.mail_id is not None
    who = row.person.name if row.person else "" if by_mail else row.contact_name
    unit = row.organization.name if row.organization and row.organization.name != who else ""
    what = _("recorded by mail") if by_mail else " ".join(row.summary.split())[:80]
    return f"- {short_date(timezone.localdate(row.started_at))} {unit} {who}: {what}".replace("  ", " ")
