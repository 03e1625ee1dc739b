"""Who answered the last ticket like this."""

from typing import Any

from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.alike import answered_like, who_answered
from madoguchi.people.access import access_of
from madoguchi.people.actions import change_contact
from madoguchi.search.index import drain
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.questions import asked


def raised(cast: Cast, subject: str, **more: Any) -> Ticket:
    return open_ticket(subject=subject, body=subject, channel="phone", requester=cast.yamada, by=cast.sato, **more)


def test_the_contacts_who_answered_for_tickets_like_it_are_known_with_when_and_on_which(cast: Cast) -> None:
    first = raised(cast, "10月分の請求書が届かない")
    question = asked(cast, first)
    decline(question, by=cast.sato)
    said = answer(question, body="送付済み", by=cast.sato)
    again = raised(cast, "11月分の請求書が届かない")
    answer(asked(cast, again), body="送付済み", by=cast.sato)
    wiring = raised(cast, "会議室の配線", category=cast.wiring)
    answer(asked(cast, wiring), body="配線図です", by=cast.sato)
    while drain():
        pass

    def found(subject: str, who: str = "sato", **more: Any) -> list[tuple[str, str, bool, int]]:
        ticket = raised(cast, subject, **more)
        return [
            (one.contact.name, one.consultation.ticket.subject, one.is_alike, one.times)
            for one in who_answered(answered_like(ticket, access_of(getattr(cast, who))))
        ]

    assert found("10月分の請求書がまだ届かない") == [
        ("岡田 部長", "10月分の請求書が届かない", True, 1),
        ("経理 窓口", "11月分の請求書が届かない", True, 1),
    ]
    assert found("別の件", category=cast.wiring) == [("経理 窓口", "会議室の配線", False, 1)]
    assert found("別の件") == []
    assert found("10月分の請求書がまだ届かない", "ogawa") == [], "a partner hears nothing of others' tickets"
    latest = who_answered(answered_like(raised(cast, "10月分の請求書が届かない"), access_of(cast.sato)))[0]
    assert (latest.at, latest.consultation.ticket) == (said.at, first)
    change_contact(cast.accounting_second, is_active=False, by=cast.admin)
    assert [name for name, *_ in found("10月分の請求書がまだ届かない")] == ["経理 窓口"]
