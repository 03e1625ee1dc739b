"""Where a ticket should go is proposed with its reason, and never decided."""

from madoguchi.handoffs.actions.refer_to_sales import refer_to_sales
from madoguchi.handoffs.destination import propose
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.models import Department
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def raised(cast: Cast, category: str, requester: str = "yamada") -> Ticket:
    return open_ticket(
        subject="相談",
        body="お願いします",
        channel="phone",
        category=getattr(cast, category),
        requester=getattr(cast, requester),
        by=cast.sato,
    )


def test_the_category_names_its_team(cast: Cast) -> None:
    ticket = raised(cast, "mail_trouble")
    assert not ticket.not_entitled
    assert [proposal.team for proposal in propose(ticket)] == [cast.service_desk]


def test_what_the_contract_does_not_cover_goes_to_sales_first(cast: Cast) -> None:
    sales = Department.objects.create(key="sales", name="営業部")
    ticket = raised(cast, "wiring")
    first, engineer, team = propose(ticket)
    assert ticket.not_entitled
    assert (first.department, first.staff) == (sales, cast.contract.salesperson)
    assert (engineer.team, engineer.staff) == (cast.service_desk, cast.takahashi)
    assert team.team == cast.field_service


def test_a_valid_contract_sends_to_the_customers_own_engineer(cast: Cast) -> None:
    cast.contract.services = ["mail", "onsite"]
    cast.contract.save(update_fields=["services"])
    ticket = raised(cast, "wiring")
    assert not ticket.not_entitled
    assert propose(ticket)[0].staff == cast.takahashi


def test_somebody_without_a_company_is_not_judged(cast: Cast) -> None:
    assert not raised(cast, "wiring", "walk_in").not_entitled


def test_sales_is_told_by_mail_and_the_ticket_waits(cast: Cast) -> None:
    ticket = refer_to_sales(raised(cast, "wiring"), note="見積もり希望", by=cast.sato)
    mail = OutgoingMail.objects.get()
    assert mail.to == ["ota@example.jp"]
    assert ticket.number_shown in mail.body
    assert "見積もり希望" in mail.body
    assert (ticket.status, ticket.waiting_for) == ("waiting", "department")
