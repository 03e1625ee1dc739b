"""A call that two pass on at one instant goes to one place; the other is told where it went."""

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction, Passing
from madoguchi.journal.models import Entry
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.pass_call import pass_call
from madoguchi.tickets.models import Ticket, TicketInteraction
from tests.cast import Cast, enter
from tests.telephony.test_concurrency import at_once
from tests.web.workbench.calls import MOBILE, answers, happen, rings


@pytest.mark.django_db(transaction=True)
def test_of_two_who_pass_a_call_on_at_once_one_does_and_the_other_is_told_where_it_went() -> None:
    cast = enter()
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    tickets = [
        open_ticket(subject=subject, body="x", channel="phone", requester=cast.yamada, by=cast.takahashi)
        for subject in ("VPN", "印刷")
    ]

    def passes(by: Staff, to: Staff, ticket: Ticket) -> None:
        pass_call(Interaction.objects.get(pk=contact.pk), ticket=ticket, to_staff=to, by=by)

    refused = at_once(
        lambda: passes(cast.sato, cast.takahashi, tickets[0]),
        lambda: passes(cast.suzuki, cast.hayashi, tickets[1]),
    )
    passing = Passing.objects.select_related("staff", "to_staff").get()
    assert passing.to_staff is not None
    assert [str(one) for one in refused] == [
        f"この通話は、その間に{passing.staff.name}が{passing.to_staff.name}に転送しました。"
    ]
    assert [(type(one), getattr(one, "status", 0)) for one in refused] == [(Refused, 409)]
    linked = TicketInteraction.objects.get(interaction=contact).ticket
    assert linked == tickets[passing.staff == cast.suzuki]
    assert Entry.objects.filter(kind="call.passed_on").count() == 1


def test_who_knows_of_the_passing_before_passes_it_on_again(cast: Cast) -> None:
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    first = pass_call(contact, ticket=None, to_staff=cast.suzuki, by=cast.sato)
    with pytest.raises(Refused):
        pass_call(contact, ticket=None, to_staff=cast.takahashi, by=cast.sato)
    again = pass_call(contact, ticket=None, to_staff=cast.takahashi, seen=first.pk, by=cast.suzuki)
    assert list(Passing.objects.order_by("id")) == [first, again]
