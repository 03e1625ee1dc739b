"""What somebody has to act on at once, each with the way to act; at the top of the board."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from madoguchi.foundation.prepared import Prepared
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.telephony.models import OperatorState, Pbx
from madoguchi.telephony.queries import still_rung

NAMED = 3
MOST = 100  # what is counted; beyond it an alarm says 99+
UNLINKED_AFTER = timedelta(minutes=30)
DOWN_FOR = timedelta(seconds=20)  # a line that comes back sooner is nobody's to look after

_overdue = PreparedVisible(
    lambda access, now: (
        CallBack.objects.visible_to(access).waiting().filter(due_at__lt=now).values_list("due_at")[:MOST]
    )
)
_lost = Prepared(lambda before: Pbx.objects.filter(down_since__lt=before).order_by("name"))
_unlinked = PreparedVisible(
    lambda access, before: (
        Interaction.objects.visible_to(access)
        .unsettled()
        .filter(is_abandoned=False, ended_at__lt=before)
        .order_by("ended_at", "id")
        .values_list("ended_at")[:MOST]
    )
)


@dataclass(frozen=True)
class Alarm:
    """``kind`` names it for ever, ``since`` is when the oldest of it began, ``act`` what the link is called."""

    kind: str
    words: str
    since: datetime
    href: str
    act: str


def alarms(access: Access, now: datetime, waiting_since: Iterable[datetime]) -> list[Alarm]:
    """The alarms of this moment, the gravest first; ``waiting_since`` is when each waiting call began to wait."""
    found = [
        _down(now - DOWN_FOR),
        _still_rung(still_rung()[:MOST]),
        _waiting([since for since in waiting_since if since <= now - wait_limit()]),
        _owed([due for (due,) in _overdue.all(access, now)]),
        _without_ticket([ended for (ended,) in _unlinked.all(access, now - UNLINKED_AFTER) if ended]),
    ]
    return [alarm for alarm in found if alarm is not None]


def wait_limit() -> timedelta:
    """Who waits longer than this is an alarm."""
    return timedelta(seconds=settings.WAIT_ALARM_SECONDS)


def _down(before: datetime) -> Alarm | None:
    """Calls may come in that nobody here sees; whoever looks after the line finds its error there."""
    configured = {line.key for line in settings.ASTERISK}
    lost = [pbx for pbx in _lost.all(before) if pbx.key in configured]
    if not lost:
        return None
    words = _("No line to the telephone system: %(names)s") % {"names": ", ".join(pbx.name for pbx in lost)}
    since = min(pbx.down_since for pbx in lost if pbx.down_since is not None)
    return Alarm("pbx", words, since, reverse("board:calls"), _("Calls up to then"))


def _still_rung(rows: Iterable[OperatorState]) -> Alarm | None:
    """Their callers wait at a telephone that nobody takes up."""
    found = list(rows)
    if not found:
        return None
    names = ", ".join(row.staff.name for row in found[:NAMED])
    words = _("The telephone system still sends calls to %(names)s, who take none") % {
        "names": names if len(found) <= NAMED else f"{names} …"
    }
    return Alarm("still_rung", words, found[0].since, reverse("board:index") + "#operators", _("Operators"))


def _waiting(late: Sequence[datetime]) -> Alarm | None:
    if not late:
        return None
    words = ngettext(
        "%(count)s caller waits longer than %(limit)s seconds",
        "%(count)s callers wait longer than %(limit)s seconds",
        len(late),
    )
    said = words % {"count": _figure(late), "limit": settings.WAIT_ALARM_SECONDS}
    return Alarm("waiting", said, min(late), reverse("board:calls") + "?show=waiting", _("Calls waiting"))


def _owed(late: Sequence[datetime]) -> Alarm | None:
    if not late:
        return None
    words = ngettext("%(count)s call-back is overdue", "%(count)s call-backs are overdue", len(late))
    href = reverse("tickets:index") + "?order=call_back&owed=1"
    return Alarm("call_backs", words % {"count": _figure(late)}, min(late), href, _("Call-backs owed"))


def _without_ticket(late: Sequence[datetime]) -> Alarm | None:
    if not late:
        return None
    words = ngettext(
        "%(count)s contact stands without a ticket", "%(count)s contacts stand without a ticket", len(late)
    )
    href = reverse("board:calls") + "?show=unlinked"
    return Alarm("unlinked", words % {"count": _figure(late)}, min(late), href, _("Contacts without a ticket"))


def _figure(rows: Sequence[Any]) -> str:
    return str(len(rows)) if len(rows) < MOST else f"{MOST - 1}+"
