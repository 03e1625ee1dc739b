"""Somebody is told that a rule fired on a ticket."""

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
    """Tell one member of staff, with the reasons: in their working hours, or at once."""
    reasons = {}
    for language, sentences in firing.because.items():
        with translation.override(language):
            reasons[language] = _(" and ").join(sentences)
    params = {
        "rule": firing.rule.names,
        "number": ticket.number_shown,
        "subject": ticket.subject[:80],
        "reasons": reasons,
    }
    notify([person], text, kind="rule.fired", params=params, about=ticket, at_once=at_once, now=firing.at)
