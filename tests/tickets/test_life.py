"""A ticket's life after it is raised: answered, changed, resolved, reopened, merged."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Entry
from madoguchi.knowledge.models import Article
from madoguchi.mail.models import OutgoingMail
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.link_tickets import link_tickets, merge, set_parent
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Ticket, TicketInteraction
from tests.cast import Cast


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return raised(cast)


def raised(cast: Cast, requester: str = "yamada", subject: str = "メールが送れない") -> Ticket:
    return open_ticket(
        subject=subject,
        body="今朝から",
        channel="phone",
        category=cast.mail_trouble,
        requester=getattr(cast, requester),
        by=cast.sato,
    )


def test_an_answer_goes_by_mail_from_the_desk_alone(ticket: Ticket, cast: Cast) -> None:
    message = post_message(ticket, body="設定を直しました。", visibility="public", by=cast.takahashi)
    mail = OutgoingMail.objects.get()
    assert (message.delivery, message.outgoing, mail.to) == ("mail", mail, ["hanako.yamada@minato.example"])
    assert mail.body.startswith("山田 花子 様\n\n設定を直しました。")
    assert "高橋" not in mail.body + mail.subject
    assert ticket.number_shown in mail.subject


def test_the_mail_says_by_when_they_are_called(ticket: Ticket, cast: Cast) -> None:
    due_at = datetime(2031, 5, 7, 14, 5, tzinfo=timezone.get_default_timezone())
    owed = promise_call(ticket, due_at=due_at, number="03-5000-1234", by=cast.sato)

    def body() -> str:
        message = post_message(ticket, body="調べています。", visibility="public", by=cast.takahashi)
        assert message.outgoing is not None
        return message.outgoing.body

    assert "2031/5/7(水) 14:05までに、03-5000-1234へお電話いたします。" in body()
    finish_call_back(owed, result="reached", by=cast.sato)
    assert "お電話いたします" not in body()


def test_somebody_without_mail_is_called_back_by_the_front(cast: Cast) -> None:
    ticket = raised(cast, "nakagawa")
    message = post_message(ticket, body="設定を直しました。", visibility="public", by=cast.takahashi)
    owed = CallBack.objects.get()
    assert (message.delivery, owed.team, owed.staff, owed.number) == (
        "call_back",
        cast.call_centre,
        cast.sato,
        "+81350001234",
    )
    assert (owed.reason, owed.note, owed.ticket_link.ticket) == ("answer_ready", "設定を直しました。", ticket)
    ticket.refresh_from_db()
    assert ticket.call_back_at == owed.due_at
    finish_call_back(owed, result="reached", by=cast.suzuki)
    ticket.refresh_from_db()
    assert ticket.call_back_at is None


def test_what_was_said_aloud_is_not_sent_again(ticket: Ticket, cast: Cast) -> None:
    call = open_interaction(channel="phone", by=cast.sato, staff=cast.sato)
    message = post_message(ticket, body="口頭で案内済み", visibility="public", said_in=call, by=cast.sato)
    assert message.delivery == "none"
    assert not OutgoingMail.objects.exists()


def test_a_note_stays_inside(ticket: Ticket, cast: Cast) -> None:
    post_message(ticket, body="障害の可能性あり", visibility="internal", by=cast.takahashi)
    assert not OutgoingMail.objects.exists()
    assert not CallBack.objects.exists()


def test_an_empty_message_is_refused(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused):
        post_message(ticket, body="　\n", visibility="public", by=cast.sato)


def test_the_first_line_resolves_with_the_article(ticket: Ticket, cast: Cast) -> None:
    article = Article.objects.create(key="K1", question="送信できない", answer="ポート変更", updated_at=timezone.now())
    resolve(ticket, resolution="ポートを変更", article=article, no_article_reason="x", by=cast.sato)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.article, ticket.no_article_reason, ticket.resolved_at_first_line) == (
        "resolved",
        article,
        "",
        True,
    )
    assert ticket.resolved_by_team == cast.call_centre


def test_what_was_moved_is_not_solved_at_first_line(ticket: Ticket, cast: Cast) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(moves=2)
    assert not resolve(ticket, resolution="済", no_article_reason="手順なし", by=cast.sato).resolved_at_first_line


def test_resolve_close_and_reopen_follow_one_another(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused):
        close(ticket, by=cast.sato)
    resolve(ticket, resolution="済", by=cast.sato)
    with pytest.raises(Refused):
        resolve(ticket, resolution="もう一度", by=cast.sato)
    close(ticket, by=cast.sato)
    with pytest.raises(Refused):
        post_message(ticket, body="追伸", visibility="public", by=cast.sato)
    reopen(ticket, by=cast.sato, reason="再発")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.resolved_at, ticket.closed_at, ticket.resolved_at_first_line) == (
        "open",
        None,
        None,
        False,
    )
    with pytest.raises(Refused):
        reopen(ticket, by=cast.sato)


def test_a_change_by_somebody_who_saw_an_old_state_is_refused(ticket: Ticket, cast: Cast) -> None:
    seen = ticket.version
    change(ticket, priority="high", if_version=seen, by=cast.sato)
    with pytest.raises(Refused) as refusal:
        change(ticket, priority="low", if_version=seen, by=cast.suzuki)
    assert refusal.value.status == 409
    ticket.refresh_from_db()
    assert ticket.priority == "high"


def test_details_are_merged_and_a_change_that_changes_nothing_is_silent(ticket: Ticket, cast: Cast) -> None:
    change(ticket, details={"impact": "1人", "since_when": "昨日"}, by=cast.sato)
    changed = change(ticket, details={"since_when": None}, by=cast.sato)
    assert changed.details == {"impact": "1人"}
    before = Entry.objects.count()
    change(ticket, priority="normal", details={"impact": "1人"}, by=cast.sato)
    assert Entry.objects.count() == before


def test_only_somebody_of_the_holding_team_is_assigned(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused):
        change(ticket, assignee=cast.takahashi, by=cast.sato)
    assert change(ticket, assignee=cast.suzuki, by=cast.sato).status == "open"


def test_another_requester_brings_their_contract(cast: Cast) -> None:
    ticket = raised(cast, "walk_in")
    assert ticket.contract is None
    changed = change(ticket, requester=cast.yamada, by=cast.sato)
    assert (changed.organization, changed.contract) == (cast.minato, cast.contract)


def test_waiting_names_what_for_and_ends(ticket: Ticket, cast: Cast) -> None:
    with pytest.raises(Refused):
        wait(ticket, waiting_for="date", until=timezone.now() - timedelta(minutes=1), by=cast.sato)
    waiting = wait(ticket, waiting_for="requester", by=cast.sato)
    assert (waiting.status, waiting.waiting_for) == ("waiting", "requester")
    assert go_on(ticket, by=cast.sato).status == "open"
    with pytest.raises(Refused):
        go_on(ticket, by=cast.sato)


def test_a_merged_ticket_closes_and_brings_its_contacts(ticket: Ticket, cast: Cast) -> None:
    other = raised(cast, "nakagawa", "同じ件")
    call = open_interaction(channel="phone", by=cast.sato, staff=cast.sato)
    both = raised(cast, subject="二重")
    for one in (both, ticket):
        one.contact_links.create(interaction=call)
    contacts = set(TicketInteraction.objects.values_list("interaction", flat=True))
    post_message(other, body="回答", visibility="public", by=cast.sato)
    merge(other, into=ticket, by=cast.sato)
    merge(both, into=ticket, by=cast.sato)
    other.refresh_from_db()
    ticket.refresh_from_db()
    assert (other.status, other.merged_into, other.call_back_at) == ("closed", ticket, None)
    assert ticket.call_back_at is not None
    assert sorted(ticket.contact_links.values_list("interaction", flat=True)) == sorted(contacts)
    with pytest.raises(Refused):
        reopen(other, by=cast.sato)
    with pytest.raises(Refused):
        merge(ticket, into=other, by=cast.sato)


def test_links_and_parents_never_run_in_a_circle(ticket: Ticket, cast: Cast) -> None:
    child = raised(cast, subject="子")
    set_parent(child, parent=ticket, by=cast.sato)
    with pytest.raises(Refused):
        set_parent(ticket, parent=child, by=cast.sato)
    with pytest.raises(Refused):
        link_tickets(ticket, other=ticket, kind="duplicate", by=cast.sato)
    link_tickets(child, other=ticket, kind="duplicate", by=cast.sato)
    link_tickets(child, other=ticket, kind="duplicate", by=cast.sato)
    assert child.links.count() == 1


def test_a_noted_number_that_is_none_does_not_keep_the_answer_from_going_out(cast: Cast) -> None:
    ticket = raised(cast, "nakagawa")
    change(ticket, details={"callback_number": "今の番号と同じ"}, by=cast.sato)
    assert post_message(ticket, body="直しました", visibility="public", by=cast.takahashi).delivery == "call_back"
    assert CallBack.objects.get().number == "+81350001234"
    change(ticket, details={"callback_number": 312345678}, by=cast.sato)
    post_message(ticket, body="念のため", visibility="public", by=cast.takahashi)
    assert CallBack.objects.latest("id").number.endswith("312345678")


def test_somebody_known_by_the_noted_number_alone_is_called_there(cast: Cast) -> None:
    ticket = raised(cast, "walk_in")
    change(ticket, details={"callback_number": "090-1234-5678"}, by=cast.sato)
    assert post_message(ticket, body="直しました", visibility="public", by=cast.takahashi).delivery == "call_back"


def test_an_unknown_priority_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        open_ticket(subject="件名", body="本文", channel="visit", priority="at once!!!", by=cast.sato)
    assert refusal.value.code == "priority"
