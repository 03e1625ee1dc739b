"""ルール: who may write them, the form that reads as a sentence, trial, switches, and what they leave on a ticket."""

from typing import Any

import pytest
from django.test import Client

from madoguchi.rules.actions.try_rule import run_next_trial
from madoguchi.rules.actions.write import change_rule
from madoguchi.rules.definition import parse
from madoguchi.rules.models import Proposal, Rule, Trial
from madoguchi.rules.sweep import fire_due
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from madoguchi.web.rules.builder import of_rule
from tests.cast import Cast
from tests.rules.rules import TELL, URGENT, after, on, rule

pytestmark = pytest.mark.django_db
P1 = {
    "name": "緊急の放置",
    "when": "time",
    "state": "unaccepted",
    "length": "３０",
    "unit": "minutes",
    "working": "yes",
    "match": "all",
    "c0.kind": "priority",
    "c0.is": "yes",
    "c0.one_of": "urgent",
    "a0.kind": "notify",
    "a0.whom": "supervisors",
}
P1_SAID = "営業時間で30分、誰も受け取っていないとき、優先度が「緊急」なら、担当チームのスーパーバイザーに知らせる。"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


def raised(cast: Cast, **more: Any) -> Ticket:
    facts: dict[str, Any] = {"subject": "メール", "body": "送れません", "channel": "phone", "by": cast.sato}
    return open_ticket(**(facts | more))


@pytest.mark.parametrize("who", ["sato", "takahashi", "kimura", "watanabe", "ogawa", "mori"])
def test_only_supervisors_and_administrators_of_the_house_see_rules(cast: Cast, sign_in: Any, who: str) -> None:
    written = rule(cast.hayashi, on("opened"))
    client: Client = sign_in(getattr(cast, who))
    for path in ("", "new/", f"{written.pk}/", f"{written.pk}/edit/", f"{written.pk}/switch/?to=off", "approvals/"):
        assert client.get(f"/rules/{path}").status_code == 403
    assert client.post(f"/rules/{written.pk}/switch/", {"to": "off"}).status_code == 403
    assert client.post("/rules/new/", P1).status_code == 403
    written.refresh_from_db()
    assert written.state == "on"


@pytest.mark.parametrize("who", ["hayashi", "admin"])
def test_a_supervisor_writes_a_rule_without_code(cast: Cast, sign_in: Any, who: str) -> None:
    client: Client = sign_in(getattr(cast, who))
    shown = client.get("/rules/new/").content.decode()
    assert P1_SAID in shown
    answer = client.post("/rules/new/", P1)
    written = Rule.objects.get()
    assert answer["Location"] == f"/rules/{written.pk}/"
    assert (written.state, written.definition["when"]["seconds"]) == ("draft", 1800)
    page = client.get(f"/rules/{written.pk}/").content.decode()
    assert "優先度が「緊急」" in page
    edited = client.get(f"/rules/{written.pk}/edit/").content.decode()
    assert P1_SAID in edited
    assert 'value="30"' in edited


def test_the_sentence_follows_what_is_typed_and_says_what_is_missing(cast: Cast, sign_in: Any) -> None:
    client: Client = sign_in(cast.hayashi)
    said = client.post("/rules/sentence/", P1 | {"length": "45"}, headers=FRAGMENT).content.decode()
    assert "営業時間で45分" in said
    lacking = {key: value for key, value in P1.items() if key != "c0.one_of"} | {"length": "bald"}
    said = client.post("/rules/sentence/", lacking, headers=FRAGMENT).content.decode()
    assert "長さを1以上の数字で" in said
    assert "条件1: 値を一つ以上" in said
    refused = client.post("/rules/new/", lacking, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert not Rule.objects.exists()


def test_rows_are_added_changed_and_removed(cast: Cast, sign_in: Any) -> None:
    client: Client = sign_in(cast.hayashi)
    grown = client.post("/rules/builder/", P1 | {"do": "add-condition"}, headers=FRAGMENT).content.decode()
    assert 'name="c1.kind"' in grown
    assert 'id="c1.kind"' in grown
    assert "autofocus" in grown
    words = client.post("/rules/builder/", P1 | {"c0.kind": "words"}, headers=FRAGMENT).content.decode()
    assert 'name="c0.words"' in words
    assert 'name="c0.one_of"' not in words
    bare = client.post("/rules/builder/", P1 | {"do": "remove-c0"}, headers=FRAGMENT).content.decode()
    assert "c0.kind" not in bare
    assert "すべてのチケットが対象" in bare
    two = P1 | {"c7.kind": "words", "c7.words": "返金", "a3.kind": "propose", "a3.text": "確認"}
    left = client.post("/rules/builder/", two | {"do": "remove-c0"}, headers=FRAGMENT).content.decode()
    assert 'name="c7.words" id="c7.words" value="返金"' in left  # a row keeps its name while others go
    assert "条件1" in left
    assert "条件2" not in left
    assert 'name="c8.kind"' in client.post("/rules/builder/", two | {"do": "add-condition"}).content.decode()


CONDITIONS: list[dict[str, str]] = [
    {"kind": "category", "one_of": "mail-trouble"},
    {"kind": "team", "role": "front", "one_of": "network"},
    {"kind": "line", "first": "no"},
    {"kind": "status", "one_of": "waiting"},
    {"kind": "waiting_for", "one_of": "vendor"},
    {"kind": "assigned", "yes": "no"},
    {"kind": "channel", "one_of": "mail"},
    {"kind": "words", "by": "anybody", "words": "返金, 例外"},
    {"kind": "item", "key": "error_code", "answer": "contains", "words": "0x"},
    {"kind": "item", "key": "impact", "answer": "missing"},
    {"kind": "unknown_code"},
    {"kind": "at_least", "of": "contacts", "number": "3", "days": "7"},
    {"kind": "lasting", "state": "open", "length": "2", "unit": "days", "working": "no"},
    {"kind": "hours", "open": "no"},
    {"kind": "time_of_day", "from": "18:00", "until": "09:00"},
    {"kind": "service_class", "one_of": "標準"},
    {"kind": "not_entitled", "yes": "yes"},
    {"kind": "handoff_reason", "one_of": "no_authority"},
]


def test_every_kind_of_condition_and_action_goes_through_the_form_and_back(cast: Cast, sign_in: Any) -> None:
    client: Client = sign_in(cast.hayashi)
    sent: dict[str, Any] = {"name": "すべて", "when": "event", "on": ["opened", "returned"], "match": "any"}
    for place, row in enumerate(CONDITIONS):
        sent |= {f"c{place}.{name}": value for name, value in row.items()} | {f"c{place}.is": "no" if place else "yes"}
    actions: list[dict[str, Any]] = [
        {"kind": "notify", "whom": ["team", "front"], "staff": [str(cast.sato.pk)], "at_once": "on"},
        {"kind": "propose", "to": "*", "text": "確認"},
        {"kind": "offer", "to": ""},
        {"kind": "move", "to": "network"},
        {"kind": "set_priority", "to": "high"},
        {"kind": "start_clock", "of": "resolution", "length": "4", "unit": "hours", "working": "no", "text": "復旧"},
        {"kind": "start_clock", "length": "30", "unit": "minutes", "working": "yes"},
        {"kind": "ask_department", "to": "accounting", "text": "在庫はありますか", "urgent": "on"},
        {"kind": "require_approval"},
    ]
    for place, action in enumerate(actions):
        sent |= {f"a{place}.{name}": value for name, value in action.items()}
    client.post("/rules/new/", sent)
    written = Rule.objects.get()
    assert len(written.definition["where"]["any"]) == len(CONDITIONS)
    assert len(written.definition["then"]) == len(actions)
    before = written.definition
    for language in ("ja", "en"):
        type(cast.hayashi).objects.filter(pk=cast.hayashi.pk).update(language=language)
        page = client.get(f"/rules/{written.pk}/edit/")
        assert page.status_code == 200
        assert client.get(f"/rules/{written.pk}/").status_code == 200
    form = of_rule(written)
    assert parse(form.definition()).written == parse(before).written


def test_switching_on_says_what_will_happen_and_does_it(cast: Cast, sign_in: Any) -> None:
    raised(cast, priority="urgent")
    Ticket.objects.update(opened_at="2026-11-02T01:00:00Z")
    written = rule(cast.hayashi, after("unaccepted", 30), where=URGENT, state="draft")
    client: Client = sign_in(cast.hayashi)
    asked = client.get(f"/rules/{written.pk}/switch/?to=on").content.decode()
    assert "いま対応中のチケット1件" in asked
    assert "まだ過去のデータで試していません" in asked
    client.post(f"/rules/{written.pk}/switch/", {"to": "on"})
    written.refresh_from_db()
    assert written.state == "on"
    page = client.get(f"/rules/{written.pk}/").content.decode()
    assert "下書き → オン" in page


def test_a_trial_shows_its_progress_and_then_its_tickets(cast: Cast, sign_in: Any) -> None:
    ticket = raised(cast, priority="urgent")
    written = rule(cast.hayashi, on("opened"), where=URGENT, state="draft")
    client: Client = sign_in(cast.hayashi)
    answer = client.post(f"/rules/{written.pk}/try/", {"days": "7"})
    trial = Trial.objects.get()
    assert answer["Location"] == f"/rules/trials/{trial.pk}/"
    waiting = client.get(answer["Location"]).content.decode()
    assert "順番待ち" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    run_next_trial()
    done = client.get(answer["Location"]).content.decode()
    assert ticket.number_shown in done
    assert "every 1s" not in done
    assert client.post(f"/rules/{written.pk}/try/", {"days": "x"}).status_code == 422


def test_the_list_shows_order_conflicts_and_what_fired(
    cast: Cast, sign_in: Any, django_assert_num_queries: Any
) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "high"}, name="先")
    client: Client = sign_in(cast.hayashi)
    client.get("/rules/")
    with django_assert_num_queries(7):
        client.get("/rules/")
    rule(cast.hayashi, on("opened", "changed"), {"kind": "set_priority", "to": "low"}, name="後")
    rule(cast.hayashi, on("changed"), {"kind": "set_priority", "to": "low"}, name="別")
    raised(cast)
    with django_assert_num_queries(7):
        page = client.get("/rules/").content.decode()
    assert page.count("「先」が先に働き") == 1
    assert "7日間に1件" in page
    last = Rule.objects.get(name="別")
    client.post(f"/rules/{last.pk}/move/", {"to": "earlier"})
    assert [row.name for row in Rule.objects.all()] == ["先", "別", "後"]


def test_versions_tell_who_changed_what(cast: Cast, sign_in: Any) -> None:
    written = rule(cast.hayashi, after("open", 30), where=URGENT, state="draft")
    changed = {"when": after("open", 60), "where": URGENT, "then": [TELL]}
    change_rule(written, name="規則", definition=changed, by=cast.admin)
    page = sign_in(cast.hayashi).get(f"/rules/{written.pk}/").content.decode()
    assert "第2版" in page
    assert "中村 剛" in page
    assert "いつ: 営業時間で30分、解決していない" in page
    assert "いつ: 営業時間で1時間、解決していない" in page
    assert "条件: 優先度が「緊急」" not in page.partition("rule-diff")[2].partition("</ul>")[0]


def test_two_people_do_not_overwrite_each_other(cast: Cast, sign_in: Any) -> None:
    written = rule(cast.hayashi, after("open", 30), state="draft")
    changed = {"when": after("open", 60), "where": {"all": []}, "then": [TELL]}
    change_rule(written, name="規則", definition=changed, by=cast.admin)
    answer = sign_in(cast.hayashi).post(f"/rules/{written.pk}/edit/", P1 | {"number": "1"})
    assert answer.status_code == 409


def test_a_proposal_and_its_reason_stand_on_the_ticket_until_put_away(cast: Cast, sign_in: Any) -> None:
    rule(
        cast.hayashi, on("opened"), {"kind": "propose", "to": "network", "text": "LANを確認"}, name="提案", where=URGENT
    )
    ticket = raised(cast, priority="urgent")
    client: Client = sign_in(cast.sato)
    page = client.get(f"/tickets/{ticket.number_shown}/").content.decode()
    assert "LANを確認" in page
    assert "優先度が「緊急」" in page
    assert f"to_team={cast.network.pk}" in page
    sheet = client.get(f"/handoffs/offer/{ticket.number_shown}/?to_team={cast.network.pk}").content.decode()
    assert f'<option value="{cast.network.pk}" selected' in sheet
    proposal = Proposal.objects.get()
    assert sign_in(cast.ogawa).post(f"/rules/proposals/{proposal.pk}/put-away/").status_code == 404
    sign_in(cast.sato).post(f"/rules/proposals/{proposal.pk}/put-away/")
    assert (
        "LANを確認" not in client.get(f"/tickets/{ticket.number_shown}/").content.decode().partition("conversation")[0]
    )


def test_a_supervisor_approves_on_the_ticket(cast: Cast, sign_in: Any) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "require_approval"}, name="承認")
    ticket = raised(cast)
    address = f"/tickets/{ticket.number_shown}/"
    assert "承認する" not in sign_in(cast.sato).get(address).content.decode()
    assert sign_in(cast.sato).post(f"/rules/approve/{ticket.number}/", {"verb": "approve"}).status_code == 403
    client: Client = sign_in(cast.hayashi)
    assert ticket.number_shown in client.get("/rules/approvals/").content.decode()
    assert "承認する" in client.get(address).content.decode()
    refused = client.post(f"/rules/approve/{ticket.number}/", {"verb": "decline"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    client.post(f"/rules/approve/{ticket.number}/", {"verb": "approve", "note": "確認済み"})
    ticket.refresh_from_db()
    assert ticket.approval_asked_at is None
    assert "確認済み" in client.get(address).content.decode()


def test_the_ticket_tells_in_the_language_of_its_reader_which_rule_fired_and_why(cast: Cast, sign_in: Any) -> None:
    rule(cast.hayashi, after("unaccepted", 30), where=URGENT, name="緊急の放置")
    ticket = raised(cast, priority="urgent")
    fire_due(now=ticket.opened_at.replace(year=2027))
    page = sign_in(cast.sato).get(f"/tickets/{ticket.number_shown}/").content.decode()
    assert (
        "ルール「緊急の放置」が働きました。理由: 優先度が「緊急」、かつ営業時間で30分が経過（誰も受け取っていない）"
        in page
    )
