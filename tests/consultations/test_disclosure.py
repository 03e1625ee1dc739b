"""What a department may be told: by category, inherited, and never more to another company."""

import pytest

from madoguchi.consultations.actions.disclose import inherit_disclosure, set_disclosure
from madoguchi.consultations.disclosure import draft, withheld
from madoguchi.foundation.refusal import Refused
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.questions import asked, raised

ITEMS = {"error_code": "0x800", "callback_number": "090-1111-2222"}


@pytest.fixture
def trouble(cast: Cast) -> Ticket:
    return raised(cast, category=cast.mail_trouble, details=ITEMS)


def test_unless_somebody_decided_otherwise_the_company_and_what_was_asked_go_and_nobodys_name(
    cast: Cast, trouble: Ticket
) -> None:
    text = draft(trouble, cast.accounting)
    assert "みなと商事" in text
    assert "0x800" in text
    assert not any(word in text for word in ("山田", "hanako", "1111"))
    cast.accounting.is_partner = True
    assert "みなと商事" not in draft(trouble, cast.accounting)


def test_the_nearest_category_decides(cast: Cast, trouble: Ticket) -> None:
    set_disclosure(None, fields=["items"], outside_fields=[], by=cast.admin)
    assert "みなと商事" not in draft(trouble, cast.accounting)
    fields = ["name", "email", "phone", "items", "conversation"]
    set_disclosure(cast.general, fields=fields, outside_fields=["items"], by=cast.admin)
    text = draft(trouble, cast.accounting)
    assert all(word in text for word in ("山田 花子", "hanako.yamada@minato.example", "1111", "まだ届きません"))
    set_disclosure(cast.mail_trouble, fields=["item:error_code"], outside_fields=[], by=cast.admin)
    assert draft(trouble, cast.accounting).count("\n") == 1
    inherit_disclosure(cast.mail_trouble, by=cast.admin)
    assert draft(trouble, cast.accounting) == text


def test_another_company_is_never_told_more_than_our_own(cast: Cast) -> None:
    with pytest.raises(Refused):
        set_disclosure(None, fields=["items"], outside_fields=["name"], by=cast.admin)
    with pytest.raises(Refused):
        set_disclosure(None, fields=["password"], outside_fields=[], by=cast.admin)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("山田様の請求書", ["name"]),
        ("山田　花子さんから", ["name"]),
        ("HANAKO.YAMADA@minato.example", ["email"]),
        ("折り返しは 090−1111−2222 です", ["phone"]),
        ("０９０－１１１１－２２２２", ["phone"]),
        ("山田町の倉庫の請求書 2026-08-01", []),
    ],
)
def test_what_a_question_gives_away_is_seen_in_any_writing(
    cast: Cast, ticket: Ticket, text: str, found: list[str]
) -> None:
    assert withheld(ticket, cast.accounting, text) == found


def test_a_question_to_another_company_that_names_the_requester_is_refused(cast: Cast, ticket: Ticket) -> None:
    cast.accounting.is_partner = True
    cast.accounting.save()
    with pytest.raises(Refused) as refused:
        asked(cast, ticket, question="山田様の件")
    assert refused.value.details["fields"] == ["name"]
    asked(cast, ticket, question="8月分の件")
