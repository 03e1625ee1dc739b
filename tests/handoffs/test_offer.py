"""引き継ぐ: an offer names why, carries the required items, and moves nothing before it is accepted."""

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, decide_routing, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.journal.models import Entry
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Status, Ticket
from tests.cast import Cast

ANSWERS = {
    "error_code": "0x800CCC0E",
    "since_when": "今朝から",
    "impact": "営業部の全員",
    "steps_tried": "再起動",
    "callback_number": "03-5000-1234",
}


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        subject="メールが送れない",
        body="送信するとエラーが出ます",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        by=cast.sato,
    )


def offered(ticket: Ticket, cast: Cast) -> Handoff:
    return offer(ticket, to_team=cast.service_desk, reason="設定の確認が必要", details=ANSWERS, by=cast.sato)


def move(ticket: Ticket, to_team: Team, *, sender: Staff, receiver: Staff) -> Handoff:
    ticket.refresh_from_db()
    return accept(offer(ticket, to_team=to_team, reason="専門外", details=ANSWERS, by=sender), by=receiver)


def test_an_offer_leaves_the_ticket_with_its_holder(ticket: Ticket, cast: Cast) -> None:
    handoff = offered(ticket, cast)
    ticket.refresh_from_db()
    assert (handoff.state, ticket.holder_team, ticket.offered_to, ticket.moves) == (
        "offered",
        cast.call_centre,
        cast.service_desk,
        0,
    )


def test_missing_items_are_named_and_nothing_is_offered(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        offer(
            ticket,
            to_team=cast.service_desk,
            reason="専門外",
            details={"impact": "全員", "error_code": "  "},
            by=cast.sato,
        )
    assert [item["key"] for item in refusal.value.details["missing"]] == [
        "error_code",
        "since_when",
        "steps_tried",
        "callback_number",
    ]
    assert refusal.value.status == 422
    assert not Handoff.objects.exists()


def test_items_of_the_destination_are_required_too(ticket: Ticket, cast: Cast) -> None:
    cast.service_desk.required_items.create(key="os", name="OSの版", is_required=True)
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.service_desk, reason="専門外", details=ANSWERS, by=cast.sato)
    assert refusal.value.details["missing"] == [{"key": "os", "label": "OSの版"}]


def test_an_urgent_offer_passes_with_its_reason_and_says_what_is_missing(ticket: Ticket, cast: Cast) -> None:
    handoff = offer(
        ticket,
        to_team=cast.service_desk,
        reason="至急",
        urgent_because="全社でメールが止まっている",
        details={},
        by=cast.sato,
    )
    assert handoff.urgent_because == "全社でメールが止まっている"
    assert set(handoff.missing) == set(ANSWERS)


def test_a_complete_offer_is_not_counted_as_urgent(ticket: Ticket, cast: Cast) -> None:
    handoff = offer(
        ticket, to_team=cast.service_desk, reason="専門外", urgent_because="急ぎ", details=ANSWERS, by=cast.sato
    )
    assert handoff.urgent_because == ""


def test_ownership_moves_on_acceptance_and_the_front_stays(ticket: Ticket, cast: Cast) -> None:
    accept(offered(ticket, cast), by=cast.takahashi)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.assignee, ticket.front_team, ticket.front_staff) == (
        cast.service_desk,
        cast.takahashi,
        cast.call_centre,
        cast.sato,
    )
    assert (ticket.moves, ticket.offered_to, ticket.status) == (1, None, Status.OPEN)


def test_only_the_receiving_team_accepts(ticket: Ticket, cast: Cast) -> None:
    handoff = offered(ticket, cast)
    for stranger in (cast.sato, cast.ito, cast.watanabe, cast.ogawa, cast.outsider):
        with pytest.raises(Refused) as refusal:
            accept(handoff, by=stranger)
        assert refusal.value.status == 403


def test_an_administrator_acts_for_every_team(ticket: Ticket, cast: Cast) -> None:
    accept(offered(ticket, cast), by=cast.admin)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.assignee) == (cast.service_desk, None)


def test_a_second_acceptance_is_refused(ticket: Ticket, cast: Cast) -> None:
    handoff = offered(ticket, cast)
    accept(handoff, by=cast.takahashi)
    with pytest.raises(Refused) as refusal:
        accept(handoff, by=cast.takahashi)
    assert refusal.value.status == 409


def test_a_return_before_acceptance_is_no_move(ticket: Ticket, cast: Cast) -> None:
    return_(offered(ticket, cast), reason="first_line_can_solve", note="FAQ参照", by=cast.takahashi)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.offered_to, ticket.moves) == (cast.call_centre, None, 0)


def test_a_return_after_acceptance_goes_back_and_counts(ticket: Ticket, cast: Cast) -> None:
    handoff = accept(offered(ticket, cast), by=cast.takahashi)
    return_(handoff, reason="wrong_team", by=cast.takahashi)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.assignee, ticket.moves) == (cast.call_centre, None, 2)


def test_an_old_hand_off_cannot_be_returned_once_the_ticket_went_on(ticket: Ticket, cast: Cast) -> None:
    first = accept(offered(ticket, cast), by=cast.takahashi)
    move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    with pytest.raises(Refused):
        return_(first, reason="wrong_team", by=cast.takahashi)


def test_missing_information_has_to_be_named(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused):
        return_(offered(ticket, cast), reason="missing_information", by=cast.takahashi)


def test_the_sender_recalls_and_others_cannot(ticket: Ticket, cast: Cast) -> None:
    handoff = offered(ticket, cast)
    with pytest.raises(Refused):
        recall(handoff, by=cast.takahashi)
    recall(handoff, by=cast.suzuki)
    ticket.refresh_from_db()
    assert (handoff.state, ticket.offered_to, ticket.holder_team) == ("recalled", None, cast.call_centre)
    with pytest.raises(Refused):
        accept(handoff, by=cast.takahashi)


def test_one_offer_at_a_time(ticket: Ticket, cast: Cast) -> None:
    offered(ticket, cast)
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.network, reason="やはり", details=ANSWERS, by=cast.sato)
    assert refusal.value.status == 409


def test_only_the_holder_hands_over(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.network, reason="うちで", details=ANSWERS, by=cast.takahashi)
    assert refusal.value.status == 403


def test_an_offered_ticket_cannot_be_resolved_under_the_receiver(ticket: Ticket, cast: Cast) -> None:
    offered(ticket, cast)
    with pytest.raises(Refused):
        resolve(ticket, resolution="済み", by=cast.sato)


def test_the_offer_that_would_be_the_third_move_freezes_routing(ticket: Ticket, cast: Cast) -> None:
    move(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    for nonsense in ((cast.field_service, " "), (cast.network, "うちへ")):
        with pytest.raises(Refused):
            offer(ticket, to_team=nonsense[0], reason=nonsense[1], details=ANSWERS, by=cast.ito)
    assert Ticket.objects.get(pk=ticket.pk).frozen_at is None
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.ito)
    ticket.refresh_from_db()
    assert (refusal.value.status, refusal.value.code) == (409, "frozen")
    assert ticket.frozen_at is not None
    assert ticket.holder_team == cast.network
    with pytest.raises(Refused):
        offer(ticket, to_team=cast.field_service, reason="もう一度", details=ANSWERS, by=cast.ito)
    assert Entry.objects.filter(kind="ticket.frozen").count() == 1


def test_a_return_that_is_the_third_move_freezes_too(ticket: Ticket, cast: Cast) -> None:
    move(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    second = move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    return_(second, reason="wrong_team", by=cast.ito)
    ticket.refresh_from_db()
    assert (ticket.moves, ticket.holder_team) == (3, cast.service_desk)
    assert ticket.frozen_at is not None


@pytest.mark.parametrize(
    ("kind", "holder", "further"), [("assign", "field_service", 0), ("allow", "network", 1), ("keep", "network", 0)]
)
def test_a_supervisor_decides_about_a_frozen_ticket(
    ticket: Ticket, cast: Cast, kind: str, holder: str, further: int
) -> None:
    move(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    with pytest.raises(Refused):
        offer(ticket, to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.ito)
    with pytest.raises(Refused) as refusal:
        decide_routing(ticket, kind=kind, team=cast.field_service, note="自分で", by=cast.ito)
    assert refusal.value.status == 403

    decide_routing(ticket, kind=kind, team=cast.field_service, note="現地確認を優先", by=cast.hayashi)
    ticket.refresh_from_db()
    assert ticket.frozen_at is None
    assert ticket.holder_team == getattr(cast, holder)
    for _ in range(further):
        move(ticket, cast.field_service, sender=cast.ito, receiver=cast.admin)
    ticket.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.call_centre, reason="戻す", details=ANSWERS, by=cast.admin)
    assert refusal.value.code == "frozen"
    assert RoutingDecision.objects.get().kind == kind


def test_a_freeze_stands_even_though_the_offer_is_refused(ticket: Ticket, cast: Cast) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(moves=2)
    ticket.refresh_from_db()
    with pytest.raises(Refused):
        offer(ticket, to_team=cast.network, reason="次へ", details=ANSWERS, by=cast.sato)
    assert Ticket.objects.get(pk=ticket.pk).frozen_at is not None


def test_a_frozen_ticket_is_not_returned_past_the_supervisor(ticket: Ticket, cast: Cast) -> None:
    move(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    second = move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    with pytest.raises(Refused):
        offer(ticket, to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.ito)
    with pytest.raises(Refused) as refusal:
        return_(second, reason="wrong_team", by=cast.ito)
    assert (refusal.value.status, refusal.value.code) == (409, "frozen")
    assert Ticket.objects.get(pk=ticket.pk).moves == 2


@pytest.mark.parametrize("kind", ["assign", "keep"])
def test_what_a_supervisor_assigned_is_not_returned(ticket: Ticket, cast: Cast, kind: str) -> None:
    move(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    second = move(ticket, cast.network, sender=cast.takahashi, receiver=cast.ito)
    with pytest.raises(Refused):
        offer(ticket, to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.ito)
    decide_routing(ticket, kind=kind, team=cast.network, note="ここで対応", by=cast.hayashi)
    with pytest.raises(Refused) as refusal:
        return_(second, reason="wrong_team", by=cast.ito)
    assert refusal.value.code == "assigned"


def test_a_second_offer_does_not_freeze_a_ticket_whose_first_one_is_open(ticket: Ticket, cast: Cast) -> None:
    """A lower limit set meanwhile must not freeze what is being decided already."""
    offered(ticket, cast)
    cast.mail_trouble.move_limit = 1
    cast.mail_trouble.save(update_fields=["move_limit"])
    with pytest.raises(Refused) as refusal:
        offer(ticket, to_team=cast.network, reason="専門外", details=ANSWERS, by=cast.sato)
    ticket.refresh_from_db()
    assert (refusal.value.code, ticket.frozen_at) == ("offered", None)
