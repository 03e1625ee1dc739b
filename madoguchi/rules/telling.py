"""Somebody is told that a rule fired on a ticket."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff
from madoguchi.rules.models import Firing
from madoguchi.tickets.models import Ticket

FIRED = gettext_noop("Rule “%(rule)s” on %(number)s %(subject)s: %(reasons)s")
ASKED = gettext_noop("Rule “%(rule)s” asks for your approval of %(number)s %(subject)s: %(reasons)s")


def tell(person: Staff, *, firing: Firing, ticket: Ticket, at_once: bool, text: str = FIRED) -> None:
    """Tell one member of staff, with the reasons in their language: in their working hours, or at once."""
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language):
        params = {
            "rule": firing.rule.label,
            "number": ticket.number_shown,
            "subject": ticket.subject[:80],
            "reasons": _(" and ").join(firing.because.get(language, [])),
        }
    notify([person], text, kind="rule.fired", params=params, about=ticket, at_once=at_once, now=firing.at)
