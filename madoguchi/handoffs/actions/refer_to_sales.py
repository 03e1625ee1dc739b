"""A request that the contract does not cover goes to sales, by mail."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.destination import SALES
from madoguchi.journal.record import record
from madoguchi.mail.actions import queue_mail
from madoguchi.mail.models import MailThread
from madoguchi.people.models import Contact, Staff
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.models import Status, Ticket, WaitingFor


@transaction.atomic
def refer_to_sales(ticket: Ticket, *, by: Staff, note: str = "") -> Ticket:
    """Tell the customer's salesperson (else the sales department's first contact) and wait for the department.

    The ticket stays where it is. Refuses when nobody in sales can be reached by mail.
    """
    ticket = lock(ticket)
    require_active(ticket)
    name, address = _salesperson(ticket)
    body = [
        _("%(name)s asks for something that the contract does not cover.")
        % {"name": ticket.requester.name if ticket.requester else ticket.subject},
        "",
        f"{_('Inquiry number')}: {ticket.number_shown}",
        f"{_('Organization')}: {ticket.organization or '-'}",
        f"{_('Contract')}: {ticket.contract or '-'}",
        f"{_('Subject')}: {ticket.subject}",
        *(["", note.strip()] if note.strip() else []),
    ]
    queue_mail(
        thread=MailThread.objects.create(),
        to=[address],
        subject=_("Not covered by the contract: %(subject)s") % {"subject": ticket.subject},
        body="\n".join(body),
        by=by,
    )
    save(ticket, status=Status.WAITING, waiting_for=WaitingFor.DEPARTMENT, waiting_until=None)
    record(
        "ticket.referred_to_sales", by=by, about=[ticket, ticket.holder_team], data={"to": name, "note": note.strip()}
    )
    return ticket


def _salesperson(ticket: Ticket) -> tuple[str, str]:
    person = ticket.contract.salesperson if ticket.contract else None
    if person is not None and person.is_active:
        return person.name, person.email
    contact = Contact.objects.filter(department__key=SALES, is_active=True).exclude(email="").first()
    if contact is None:
        raise Refused(
            _("Nobody in sales can be reached by mail. An administrator can add a contact to the department."),
            code="no_sales_contact",
            status=409,
        )
    return contact.name, contact.email
