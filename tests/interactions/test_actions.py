"""A contact ends linked or dismissed with a reason; a promised call is owed until it is made."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, try_call_back_again
from madoguchi.interactions.actions.contacts import (
    check_identity,
    dismiss,
    end_interaction,
    open_interaction,
    record_bypass,
    save_draft,
)
from madoguchi.interactions.models import CallBack, Channel, IntakeDraft, Interaction
from madoguchi.journal.models import Entry
from madoguchi.people.access import access_of
from madoguchi.telephony.models import Call, CallAgent
from tests.cast import Cast


def ended(cast: Cast, **fields: object) -> Interaction:
    return open_interaction(channel="phone", by=cast.sato, ended_at=timezone.now(), **fields)  # type: ignore[arg-type]


def test_an_ended_contact_stands_on_the_list_until_it_is_settled(cast: Cast) -> None:
    contact = ended(cast, staff=cast.sato)
    assert list(Interaction.objects.unsettled()) == [contact]
    dismiss(contact, reason="wrong_number", by=cast.sato)
    assert not Interaction.objects.unsettled().exists()
    with pytest.raises(Refused):
        dismiss(contact, reason="test", by=cast.sato)


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("nonsense", ""), ("other", " ")])
def test_a_contact_is_not_dismissed_without_a_reason(cast: Cast, reason: str, note: str) -> None:
    contact = ended(cast)
    with pytest.raises(Refused):
        dismiss(contact, reason=reason, note=note, by=cast.sato)
    assert Interaction.objects.unsettled().exists()


def test_a_partner_sees_only_what_their_team_took(cast: Cast) -> None:
    ended(cast, staff=cast.sato, team=cast.call_centre)
    theirs = ended(cast, staff=cast.ogawa, team=cast.partner)
    assert list(Interaction.objects.visible_to(access_of(cast.mori))) == [theirs]
    assert Interaction.objects.visible_to(access_of(cast.watanabe)).count() == 2
    assert not Interaction.objects.visible_to(access_of(cast.outsider)).exists()


def test_a_bypass_is_three_fields(cast: Cast) -> None:
    contact = record_bypass(
        who="経理の岡田さん", what="プリンターが動かない", reached=cast.takahashi, by=cast.takahashi
    )
    assert (contact.channel, contact.contact_name, contact.summary, contact.staff) == (
        "bypass",
        "経理の岡田さん",
        "プリンターが動かない",
        cast.takahashi,
    )
    assert list(Interaction.objects.unsettled()) == [contact]
    with pytest.raises(Refused):
        record_bypass(who="", what="何か", reached=cast.takahashi, by=cast.takahashi)


def test_a_draft_is_kept_without_a_journal_entry(cast: Cast) -> None:
    contact = ended(cast)
    before = Entry.objects.count()
    for text in ("プリ", "プリンター"):
        save_draft(contact, data={"notes": text}, by=cast.sato)
    assert IntakeDraft.objects.get().data == {"notes": "プリンター"}
    assert Entry.objects.count() == before


def test_an_identity_check_keeps_the_result_and_not_the_answers(cast: Cast) -> None:
    asked = [{"question": "契約番号の下4桁", "passed": True}]
    check = check_identity(ended(cast), contract=cast.contract, asked=asked, passed=True, read_back=True, by=cast.sato)
    assert (check.passed, check.read_back) == (True, True)
    assert Entry.objects.get(kind="identity.checked").data == {"passed": True, "questions": 1, "read_back": True}


def test_a_call_back_needs_a_number_and_a_time_to_come(cast: Cast) -> None:
    soon = timezone.now() + timedelta(hours=1)
    with pytest.raises(Refused):
        promise_call_back(number="なし", due_at=soon, team=cast.call_centre, by=cast.sato)
    with pytest.raises(Refused):
        promise_call_back(number="03-5000-1234", due_at=timezone.now(), team=cast.call_centre, by=cast.sato)
    owed = promise_call_back(
        number="０３－５０００－１２３４", due_at=soon, team=cast.call_centre, person=cast.yamada, by=cast.sato
    )
    assert (owed.number, owed.name) == ("+81350001234", "山田 花子")


def test_a_call_that_reached_nobody_stays_owed(cast: Cast) -> None:
    soon = timezone.now() + timedelta(hours=1)
    owed = promise_call_back(number="03-5000-1234", due_at=soon, team=cast.call_centre, by=cast.sato)
    later = soon + timedelta(hours=2)
    try_call_back_again(owed, due_at=later, by=cast.sato)
    owed.refresh_from_db()
    assert (owed.attempts, owed.due_at, owed.done_at) == (1, later, None)
    finish_call_back(owed, result="reached", by=cast.suzuki)
    with pytest.raises(Refused):
        finish_call_back(owed, result="reached", by=cast.sato)


def test_a_contact_by_hand_ends_once_and_a_call_only_by_telephone(cast: Cast) -> None:
    visit = open_interaction(channel=Channel.VISIT, staff=cast.sato, by=cast.sato)
    ended = end_interaction(visit, by=cast.sato).ended_at
    assert ended is not None
    assert end_interaction(Interaction.objects.get(pk=visit.pk), by=cast.sato).ended_at == ended
    call = Call.objects.create(sender="pbx", call_id="by-hand")
    with pytest.raises(Refused) as refusal:
        end_interaction(open_interaction(channel=Channel.PHONE, call=call, by=cast.sato), by=cast.sato)
    assert refusal.value.code == "has_call"


def test_a_partner_sees_the_contact_of_a_call_that_is_offered_to_them_as_well(cast: Cast) -> None:
    call = Call.objects.create(sender="pbx", call_id="both")
    contact = open_interaction(channel=Channel.PHONE, call=call, staff=cast.sato, team=cast.call_centre, by=cast.sato)
    access = access_of(cast.ogawa)
    assert not Interaction.objects.visible_to(access).filter(pk=contact.pk).exists()
    CallAgent.objects.create(call=call, agent="1801", staff=cast.ogawa, state=CallAgent.State.OFFERED)
    assert Interaction.objects.visible_to(access).filter(pk=contact.pk).exists()


def test_an_attempt_counts_though_a_colleague_counted_one_meanwhile_and_never_after_the_call_was_made(
    cast: Cast,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    owed = promise_call_back(number="0312345678", due_at=later, team=cast.call_centre, by=cast.sato)
    same = CallBack.objects.get(pk=owed.pk)
    try_call_back_again(owed, due_at=later, by=cast.sato)
    assert try_call_back_again(same, due_at=later, by=cast.suzuki).attempts == 2
    finish_call_back(owed, result="reached", by=cast.sato)
    with pytest.raises(Refused):
        try_call_back_again(same, due_at=later, by=cast.suzuki)
