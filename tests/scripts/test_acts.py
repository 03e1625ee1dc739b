"""Scripts are written by those who may, switched on when nothing is wrong, and never change under a call."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override
from freezegun import freeze_time

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.journal.models import Entry
from madoguchi.people.access import access_of
from madoguchi.scripts.actions.walk import begin, finish, go
from madoguchi.scripts.actions.write import discard, end, save_draft, switch_on
from madoguchi.scripts.checking import check
from madoguchi.scripts.definition import parse
from madoguchi.scripts.models import Script, ScriptVersion, Walk
from madoguchi.scripts.queries import in_force as current
from madoguchi.scripts.queries import items_of, surroundings_of
from madoguchi.scripts.words import fault_said
from tests.cast import Cast
from tests.scripts.writing import in_force, mail_script

pytestmark = pytest.mark.django_db


def contact_of(cast: Cast) -> Interaction:
    return open_interaction(channel="phone", by=cast.sato, staff=cast.sato)


@pytest.mark.parametrize("who", ["kimura", "hayashi", "admin"])
def test_keepers_supervisors_and_administrators_write(cast: Cast, who: str) -> None:
    assert in_force(cast.mail_trouble, getattr(cast, who)).state == "on"


@pytest.mark.parametrize("who", ["sato", "takahashi", "watanabe", "ogawa", "mori", "outsider"])
def test_nobody_else_writes(cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refused:
        save_draft(cast.mail_trouble, definition=mail_script(), by=getattr(cast, who))
    assert refused.value.status == 403
    version = save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    for act in (switch_on, end, discard):
        with pytest.raises(Refused) as refused:
            act(version, by=getattr(cast, who))
        assert refused.value.status == 403


def test_a_draft_with_faults_is_kept_and_not_switched_on(cast: Cast) -> None:
    draft = save_draft(
        cast.mail_trouble, definition={"steps": [{"kind": "say", "key": "a", "text": "はい"}]}, by=cast.kimura
    )
    with pytest.raises(Refused) as refused:
        switch_on(draft, by=cast.kimura)
    assert refused.value.code == "faults"
    assert current(cast.mail_trouble, timezone.now()) is None


def test_a_script_asks_what_its_own_category_requires_and_is_told_of_those_below(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    Category.objects.filter(pk=cast.general.pk).update(destination=cast.network)
    HearingItem.objects.create(team=cast.field_service, key="floor", name="階", kind="text", is_required=True)
    hand_over = {"kind": "hand_over", "key": "end"}
    definition = {"steps": [hand_over]}
    of_all = HearingItem.objects.create(category=cast.general, key="where", name="拠点", is_required=True)
    draft = save_draft(cast.general, definition=definition, by=cast.kimura)
    with pytest.raises(Refused) as refused, override("ja"):
        switch_on(draft, by=cast.kimura)
    assert refused.value.details["faults"] == [
        "ステップ1: 引き継ぎには「拠点」が必須ですが、ここまでに尋ねていない道筋があります。"
    ]
    of_all.delete()
    assert switch_on(draft, by=cast.kimura).state == "on"  # what only those below require keeps nothing back
    around = surroundings_of(parse(definition), Category.objects.get(pk=cast.general.pk))
    labels = {item.key: item.label for item in HearingItem.objects.all()}
    with override("ja"):
        mail, floor = [fault_said(fault, labels) for fault in check(parse(definition), around)]
    assert mail.startswith("「メールの不具合」の応対では、「折り返し先」、「エラーコード」、")
    assert floor == "「配線」の応対では、「階」も必須です。ここで尋ねなければ、引き継ぎの画面で尋ねます。"
    in_force(cast.mail_trouble, cast.kimura)  # from now on it is led by its own
    ask = {"kind": "ask", "key": "floor", "item": "floor"}
    draft = save_draft(cast.general, definition={"steps": [ask, hand_over]}, by=cast.kimura)
    with django_assert_max_num_queries(8):
        around = surroundings_of(parse(draft.definition), Category.objects.get(pk=cast.general.pk))
    assert around.heirs == [("配線", {"": {"floor"}})]
    assert switch_on(draft, by=cast.kimura).state == "on"
    # A call about any of them shows what is asked, whichever of them requires it.
    other = Category.objects.create(key="other", name="その他", parent=cast.general)
    assert [item.name for item in items_of(parse(draft.definition), other)] == ["階"]


def test_a_draft_is_written_over_but_not_over_somebody_else(cast: Cast) -> None:
    first = save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura, if_revision=0)
    save_draft(cast.mail_trouble, definition=mail_script(), by=cast.hayashi, if_revision=first.revision)
    with pytest.raises(Refused) as refused:
        save_draft(cast.mail_trouble, definition={"steps": []}, by=cast.kimura, if_revision=first.revision)
    assert refused.value.status == 409
    draft = ScriptVersion.objects.get()
    assert (draft.number, draft.revision, draft.staff) == (1, 2, cast.hayashi)


def test_of_two_versions_the_one_of_the_moment_is_in_force(cast: Cast) -> None:
    first = in_force(cast.mail_trouble, cast.kimura)
    second = save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    monday = timezone.now() + timedelta(days=3)
    switch_on(second, since=monday, by=cast.kimura)
    assert current(cast.mail_trouble, timezone.now()) == first
    assert current(cast.mail_trouble, monday - timedelta(seconds=1)) == first
    assert current(cast.mail_trouble, monday) == second
    third = save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    switch_on(third, by=cast.kimura)
    assert current(cast.mail_trouble, timezone.now()) == third
    assert current(cast.mail_trouble, monday) == second
    end(ScriptVersion.objects.get(pk=second.pk), by=cast.kimura)
    assert current(cast.mail_trouble, monday) == third
    fourth = save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    switch_on(fourth, by=cast.kimura)
    assert current(cast.mail_trouble, monday) == fourth  # what was planned and ended ends nothing


def test_a_planned_version_that_does_not_come_leaves_the_others_as_they_were_planned(cast: Cast) -> None:
    first = in_force(cast.mail_trouble, cast.kimura)
    days = [timezone.now() + timedelta(days=day) for day in (3, 6)]
    second, third = [
        switch_on(save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura), since=day, by=cast.kimura)
        for day in days
    ]
    end(second, by=cast.kimura)
    assert [current(cast.mail_trouble, day) for day in days] == [first, third]
    end(first, by=cast.kimura)
    assert [current(cast.mail_trouble, day) for day in (timezone.now(), *days)] == [None, None, third]
    end(third, by=cast.kimura)
    assert current(cast.mail_trouble, days[1]) is None  # what was ended on purpose stays ended


def test_what_is_in_force_is_not_thrown_away(cast: Cast) -> None:
    version = in_force(cast.mail_trouble, cast.kimura)
    with pytest.raises(Refused):
        discard(version, by=cast.kimura)
    draft = save_draft(cast.mail_trouble, definition={"steps": []}, by=cast.kimura)
    discard(draft, by=cast.kimura)
    assert Script.objects.get().versions.get() == version


def test_what_the_script_verifies_is_named_on_tickets_and_asked_by_the_script_alone(cast: Cast) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    asked = {item.key for item in hearing_items(cast.mail_trouble)}
    named = {item.key: item.name for item in hearing_items(cast.mail_trouble, active_only=False)}
    assert "mail-web" not in asked
    assert named["mail-web"] == "ブラウザー版メールにサインインできる"
    items = items_of(parse(mail_script()), cast.mail_trouble)
    assert [item.key for item in items] == [
        "error_code",
        "since_when",
        "mail-web",
        "impact",
        "steps_tried",
        "callback_number",
    ]


def test_drafts_are_for_those_who_write(cast: Cast) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    seen = {
        who: ScriptVersion.objects.visible_to(access_of(getattr(cast, who))).count()
        for who in ("kimura", "hayashi", "sato", "watanabe", "ogawa", "outsider")
    }
    assert seen == {"kimura": 2, "hayashi": 2, "sato": 1, "watanabe": 1, "ogawa": 1, "outsider": 0}


def test_a_walk_keeps_its_version_and_its_trail(cast: Cast) -> None:
    version, contact = in_force(cast.mail_trouble, cast.kimura), contact_of(cast)
    with freeze_time("2026-11-26 01:00:00") as clock:
        walk = begin(contact, version=version, here="hello", by=cast.sato)
        assert begin(contact, version=version, here="code", by=cast.sato) == walk
        clock.tick(20)
        go(walk, to="code", passed=["hello"], by=cast.sato)
        clock.tick(35)
        finish(walk, outcome=Walk.Outcome.LEFT, by=cast.sato)
        clock.tick(600)
        go(walk, to="code", passed=["hello"], by=cast.sato)
        clock.tick(5)
        finish(walk, outcome=Walk.Outcome.HANDED_OVER, by=cast.sato)
        finish(walk, outcome=Walk.Outcome.LEFT, by=cast.sato)
    walk.refresh_from_db()
    assert [(stay.step, stay.seconds) for stay in walk.trail.all()] == [("hello", 20), ("code", 35), ("code", 5)]
    assert (walk.outcome, walk.here, walk.passed) == ("handed_over", "code", ["hello"])
    with pytest.raises(Refused):
        go(walk, to="since", by=cast.sato)
    assert list(Entry.objects.filter(kind__startswith="walk.").order_by("id").values_list("kind", flat=True)) == [
        "walk.began",
        "walk.ended",
        "walk.ended",
    ]


def test_walks_are_seen_by_those_who_see_the_contact(cast: Cast) -> None:
    version = in_force(cast.mail_trouble, cast.kimura)
    begin(contact_of(cast), version=version, here="hello", by=cast.sato)
    seen = [
        Walk.objects.visible_to(access_of(who)).count() for who in (cast.sato, cast.kimura, cast.ogawa, cast.outsider)
    ]
    assert seen == [1, 1, 0, 0]
