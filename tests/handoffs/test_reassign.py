"""Nothing waits on somebody who is not there: all of it goes to others in one act, and each trail says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.consultations.actions.ask import ask
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions import reassign as room
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.reassign import CALL, TICKET, Reassigned, reassign
from madoguchi.handoffs.waiting import Kind, Why, shares, tallies, waited_for
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back
from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Entry, Mention
from madoguchi.notifications.models import Notification
from madoguchi.people.access import access_of
from madoguchi.people.actions import deactivate_staff, note_absence, set_roles
from madoguchi.people.models import Role, Staff, Team
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast, staff

type Raise = Callable[..., Ticket]


@pytest.fixture
def raised(cast: Cast) -> Raise:
    """A ticket of the call centre, held by 佐藤 and answered by her."""

    def raise_one(
        subject: str = "メールが送れない", *, by: Staff | None = None, assignee: Staff | None = None
    ) -> Ticket:
        ticket = open_ticket(subject=subject, body="エラー", channel="phone", requester=cast.yamada, by=by or cast.sato)
        return change(ticket, assignee=assignee or cast.sato, by=cast.hayashi)

    return raise_one


def away(who: Staff, substitute: Staff | None = None, *, team: Team | None = None) -> None:
    now = timezone.now()
    note_absence(
        who, starts_at=now, ends_at=now + timedelta(days=3), substitute=substitute, substitute_team=team, by=who
    )


def trail(ticket: Ticket) -> list[dict[str, str]]:
    """What the ticket's own entries say of who is not there."""
    mentions = Mention.objects.filter(kind="ticket", ref=ticket.pk).select_related("entry").order_by("entry_id")
    return [mention.entry.data["reassigned"] for mention in mentions if "reassigned" in mention.entry.data]


def test_everything_goes_to_the_substitute_and_each_trail_says_from_whom_to_whom_and_why(
    cast: Cast, raised: Raise
) -> None:
    held, fronted = raised(), raised(assignee=cast.suzuki)
    call = promise_call(held, due_at=timezone.now() + timedelta(hours=1), staff=cast.sato, by=cast.sato)
    offered = raised("戻し", by=cast.takahashi, assignee=cast.suzuki)
    Ticket.objects.filter(pk=offered.pk).update(holder_team=cast.service_desk, assignee=None)
    handoff = offer(
        Ticket.objects.get(pk=offered.pk),
        to_team=cast.call_centre,
        to_staff=cast.sato,
        reason="返します",
        by=cast.takahashi,
    )
    question = ask(held, department=cast.accounting, question="宛名は変えられますか", by=cast.sato)
    away(cast.sato, cast.suzuki)

    done = reassign(cast.sato, by=cast.hayashi, note="急病")

    assert done == Reassigned(tickets=2, calls=1, offers=1, questions=1)
    for row in (held, fronted, call, handoff, question):
        row.refresh_from_db()
    assert (held.assignee, held.front_staff) == (cast.suzuki, cast.suzuki)
    assert (fronted.assignee, fronted.front_staff) == (cast.suzuki, cast.suzuki)
    assert call.staff == handoff.to_staff == question.asked_by == cast.suzuki
    told = {"of": "佐藤 美咲", "why": "away", "note": "急病"}
    assert trail(fronted) == [told]
    assert trail(held) == [told] * 3  # the ticket's own, its call's and its question's
    assert trail(offered) == [told]
    changed = Entry.objects.filter(kind="ticket.changed", mentions__kind="ticket", mentions__ref=held.pk).latest("id")
    assert (changed.data["from"], changed.data["to"]) == (
        {"assignee": "佐藤 美咲", "front_staff": "佐藤 美咲"},
        {"assignee": "鈴木 大輔", "front_staff": "鈴木 大輔"},
    )
    assert [(held.moves, held.holder_team), (fronted.moves, fronted.holder_team)] == [(0, cast.call_centre)] * 2


def test_whoever_takes_it_over_hears_of_it_once(cast: Cast, raised: Raise) -> None:
    for _ in range(3):
        raised()
    away(cast.sato, cast.suzuki)
    reassign(cast.sato, by=cast.hayashi)
    [told] = Notification.objects.filter(kind="work.reassigned")
    assert told.staff == cast.suzuki
    assert told.words == "佐藤 美咲さんを待っていた3件は、あなたの担当になりました（林 直子）。"


def test_a_substitute_of_another_team_leaves_it_to_the_whole_team(cast: Cast, raised: Raise) -> None:
    ticket = raised()
    away(cast.sato, cast.ito)
    reassign(cast.sato, by=cast.hayashi)
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.front_staff, ticket.holder_team) == (None, None, cast.call_centre)


@pytest.mark.parametrize(
    ("who", "code", "status"), [("ito", "other_team", 422), ("sato", "same", 422), ("suzuki", "away", 409)]
)
def test_nobody_of_another_team_and_nobody_who_is_not_there_is_given_anything(
    cast: Cast, raised: Raise, who: str, code: str, status: int
) -> None:
    ticket = raised()
    away(cast.sato)
    away(cast.suzuki)
    with pytest.raises(Refused) as refused:
        reassign(cast.sato, to={cast.call_centre.pk: getattr(cast, who)}, by=cast.hayashi)
    assert (refused.value.code, refused.value.status) == (code, status)
    ticket.refresh_from_db()
    assert ticket.assignee == cast.sato
    assert not trail(ticket)


def test_a_chosen_part_moves_and_the_rest_stays(cast: Cast, raised: Raise) -> None:
    first, second, third = raised("一"), raised("二"), raised("三")
    to = {cast.call_centre.pk: cast.suzuki}
    assert reassign(cast.sato, to=to, only=[(TICKET, first.pk)], by=cast.sato).total == 1
    assert reassign(cast.sato, to=to, but=[(TICKET, second.pk)], by=cast.sato).total == 1
    assert [Ticket.objects.get(pk=one.pk).assignee for one in (first, second, third)] == [
        cast.suzuki,
        cast.sato,
        cast.suzuki,
    ]
    assert trail(first)[0]["why"] == "handed"


def test_the_same_again_moves_nothing(cast: Cast, raised: Raise) -> None:
    ticket = raised()
    away(cast.sato, cast.suzuki)
    assert reassign(cast.sato, by=cast.hayashi).total == 1
    assert reassign(cast.sato, only=[(TICKET, ticket.pk), (CALL, 99)], by=cast.hayashi) == Reassigned()
    assert len(trail(ticket)) == 1


def test_what_is_done_does_not_move(cast: Cast, raised: Raise) -> None:
    ticket = raised()
    call = promise_call(ticket, due_at=timezone.now() + timedelta(hours=1), staff=cast.sato, by=cast.sato)
    finish_call_back(call, result="reached", by=cast.sato)
    resolve(ticket, resolution="済み", no_article_reason="一度きり", by=cast.sato)
    assert reassign(cast.sato, by=cast.sato) == Reassigned()


def test_a_call_without_ticket_moves_within_its_team(cast: Cast) -> None:
    call = promise_call_back(
        number="03-5000-1234",
        due_at=timezone.now() + timedelta(hours=1),
        team=cast.call_centre,
        staff=cast.sato,
        by=cast.sato,
    )
    assert reassign(cast.sato, to={cast.call_centre.pk: cast.suzuki}, by=cast.hayashi).calls == 1
    assert CallBack.objects.get(pk=call.pk).staff == cast.suzuki


def test_one_act_moves_a_bounded_part_the_most_pressing_first_and_says_that_more_waits(
    cast: Cast, raised: Raise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST", 2)
    tickets = [raised(str(place)) for place in range(3)]
    for place, ticket in enumerate(tickets):
        Ticket.objects.filter(pk=ticket.pk).update(next_due_at=timezone.now() - timedelta(hours=place))
    assert reassign(cast.sato, by=cast.hayashi) == Reassigned(tickets=2, more=True)
    assert Ticket.objects.get(assignee=cast.sato) == tickets[0]
    assert reassign(cast.sato, by=cast.hayashi) == Reassigned(tickets=1)


@pytest.mark.parametrize("who", ["suzuki", "takahashi", "kimura", "watanabe", "ogawa", "mori", "outsider"])
def test_colleagues_do_not_reassign_each_others_work(cast: Cast, raised: Raise, who: str) -> None:
    raised()
    with pytest.raises(Refused) as refused:
        reassign(cast.sato, by=getattr(cast, who))
    assert refused.value.status == 403


def test_the_supervisor_of_one_team_moves_what_waits_in_its_name_alone(cast: Cast, raised: Raise) -> None:
    lead = staff("ono", "小野", "おの", roles=[(Role.SUPERVISOR, cast.service_desk)])
    ticket = raised()
    Ticket.objects.filter(pk=ticket.pk).update(holder_team=cast.service_desk)
    assert reassign(cast.sato, by=lead).tickets == 1
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.front_staff) == (None, cast.sato)
    assert reassign(cast.sato, by=cast.admin).tickets == 1


def test_a_partner_hands_over_their_own_work_only(cast: Cast) -> None:
    ticket = open_ticket(
        subject="件", body="文", channel="phone", requester=cast.yamada, front_team=cast.partner, by=cast.ogawa
    )
    change(ticket, assignee=cast.ogawa, by=cast.ogawa)
    assert reassign(cast.ogawa, to={cast.partner.pk: cast.mori}, by=cast.ogawa).tickets == 1
    ticket.refresh_from_db()
    assert ticket.assignee == cast.mori


def test_the_overview_names_who_is_away_who_left_and_who_moved_with_the_oldest_deadline(
    cast: Cast, raised: Raise
) -> None:
    first, second, third = raised(assignee=cast.suzuki), raised(), raised(by=cast.hayashi, assignee=cast.suzuki)
    due = timezone.now() - timedelta(hours=5)
    Ticket.objects.exclude(pk=first.pk).update(next_due_at=None)
    Ticket.objects.filter(pk=first.pk).update(next_due_at=due)
    promise_call_back(
        number="03-5000-1234",
        due_at=timezone.now() + timedelta(hours=1),
        team=cast.call_centre,
        staff=cast.takahashi,
        by=cast.hayashi,
    )
    away(cast.sato)
    deactivate_staff(cast.suzuki, by=cast.admin)

    found = {one.staff: one for one in waited_for(access_of(cast.hayashi), timezone.now())}

    assert {who: one.why for who, one in found.items()} == {
        cast.sato: Why.AWAY,
        cast.suzuki: Why.LEFT,
        cast.takahashi: Why.MOVED,  # a call of a team that he never belonged to
    }
    assert found[cast.sato].tally.counts == {Kind.HELD: 1, Kind.FRONT: 1}
    assert (found[cast.suzuki].tally.counts, found[cast.suzuki].tally.due_at) == ({Kind.HELD: 2}, due)
    away_only = waited_for(access_of(cast.hayashi), timezone.now(), moved=False)
    assert {one.staff for one in away_only} == {cast.sato, cast.suzuki}
    assert (second.assignee, third.assignee) == (cast.sato, cast.suzuki)


def test_what_waits_in_the_name_of_a_team_that_somebody_left_is_the_whole_teams(cast: Cast, raised: Raise) -> None:
    ticket = raised()
    set_roles(cast.sato, [(Role.ENGINEER, cast.network)], by=cast.admin)
    sato = Staff.objects.get(pk=cast.sato.pk)
    assert [(share.team, share.tally.total) for share in shares(sato, access_of(cast.hayashi))] == [
        (cast.call_centre, 1)
    ]
    reassign(sato, by=cast.hayashi)
    ticket.refresh_from_db()
    assert (ticket.assignee, trail(ticket)[0]["why"]) == (None, "moved")


def test_sums_cost_the_same_queries_however_much_waits(
    cast: Cast, raised: Raise, django_assert_num_queries: Callable[..., object]
) -> None:
    access = access_of(cast.hayashi)
    for _ in range(2):
        raised()
        with django_assert_num_queries(5):  # type: ignore[attr-defined]
            tallies(access)


def test_a_ticket_that_is_opened_again_goes_to_whoever_stands_in(cast: Cast, raised: Raise) -> None:
    ticket = raised()
    resolve(ticket, resolution="済み", no_article_reason="一度きり", by=cast.sato)
    away(cast.sato, cast.suzuki)
    assert reopen(ticket, by=cast.yamada).assignee == cast.suzuki
    assert Entry.objects.get(kind="ticket.reopened").data["cover"]["to"] == "鈴木 大輔"
