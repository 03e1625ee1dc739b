"""/knowledge/scripts/: who reads, who writes, who sees figures; the form, its faults, the switch, the sandbox."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import access_of
from madoguchi.scripts.actions.walk import begin, finish, go
from madoguchi.scripts.actions.write import save_draft
from madoguchi.scripts.figures import figures, walks_of
from madoguchi.scripts.models import ScriptVersion, Walk
from madoguchi.web.knowledge.scripts.builder import Form, of_definition
from tests.cast import Cast
from tests.scripts.writing import in_force, mail_script

type SignIn = Callable[..., Client]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def address(cast: Cast, rest: str = "") -> str:
    return f"/knowledge/scripts/{cast.mail_trouble.pk}/{rest}"


def fields(form: Form) -> dict[str, Any]:
    """What the form posts for a definition, as far as the mail script needs it."""
    sent: dict[str, Any] = {"note": form.note, "revision": "0"}
    for place, step in enumerate(form.steps):
        at = f"s{place}."
        for name in ("kind", "key", "text", "text_en", "next", "item", "reason", "to"):
            sent[at + name] = step.get(name) or ""
        if step.get("required"):
            sent[f"{at}required"] = "always"
        for nth, way in enumerate(step.get("ways", ())):
            sent[f"{at}w{nth}.next"] = way["next"]
            for number, row in enumerate(way["when"]):
                sent[f"{at}w{nth}.c{number}.item"] = row["item"]
                sent[f"{at}w{nth}.c{number}.kind"] = row["kind"]
                sent[f"{at}w{nth}.c{number}.one_of"] = row["one_of"]
    return sent


def the_form(cast: Cast) -> dict[str, Any]:
    script = mail_script()
    for step in script["steps"]:  # what is verified is kept under a key of the form's own
        step.setdefault("item", "")
        if step["kind"] == "check":
            step["item"] = "mail-trouble-web"
        if step["kind"] not in {"ask", "check"}:
            del step["item"]
    script["steps"][4]["ways"][0]["when"][0]["item"] = "mail-trouble-web"
    return fields(of_definition(cast.mail_trouble, script))


@pytest.mark.parametrize("who", ["sato", "takahashi", "hayashi", "kimura", "watanabe", "admin", "ogawa", "mori"])
def test_the_desk_reads_scripts_and_only_some_write(cast: Cast, sign_in: SignIn, who: str) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    draft = save_draft(cast.mail_trouble, definition={"steps": []}, by=cast.kimura)
    client, writes = sign_in(getattr(cast, who)), who in {"hayashi", "kimura", "admin"}
    assert client.get("/knowledge/scripts/").status_code == 200
    page = client.get(address(cast))
    assert page.status_code == 200
    assert ("新しい版を書く" in page.content.decode() or "下書きを編集" in page.content.decode()) is writes
    assert ("応対の結果" in page.content.decode()) is (writes or who == "watanabe")
    assert client.get(address(cast, "1/try/")).status_code == 200
    assert client.get(address(cast, f"{draft.number}/try/")).status_code == 404  # without steps nobody walks it
    allowed = 200 if writes else 403
    assert client.get(address(cast, "edit/")).status_code == allowed
    assert client.get("/knowledge/scripts/new/").status_code == allowed
    assert client.get(address(cast, "switch/?to=on&version=2")).status_code == allowed
    assert client.post(address(cast, "builder/")).status_code == allowed
    assert client.post(address(cast, "check/")).status_code == allowed
    behind = client.get(address(cast, "1/contacts/?outcome=left")).status_code
    assert behind == (200 if writes or who == "watanabe" else 404)


def test_an_account_without_role_sees_nothing(cast: Cast, sign_in: SignIn) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    client = sign_in(cast.outsider)
    for rest in ("", "edit/", "switch/?to=on&version=1", "1/try/", "1/contacts/"):
        assert client.get(address(cast, rest)).status_code == 403
    assert client.get("/knowledge/scripts/").status_code == 403


def test_drafts_are_shown_to_writers_alone(cast: Cast, sign_in: SignIn) -> None:
    save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    assert sign_in(cast.sato).get(address(cast)).status_code == 404
    assert sign_in(cast.sato).get(address(cast, "1/try/")).status_code == 404
    assert "メールの不具合" not in sign_in(cast.sato).get("/knowledge/scripts/").content.decode()
    assert sign_in(cast.kimura).get(address(cast)).status_code == 200


def test_the_form_is_saved_as_a_draft_and_reads_back_the_same(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    answer = client.post(address(cast, "edit/"), the_form(cast))
    assert answer.status_code == 302
    draft = ScriptVersion.objects.get()
    assert draft.definition == of_definition(cast.mail_trouble, draft.definition).definition.written
    html = client.get(address(cast)).content.decode()
    assert "使い始める…" in html or "オンにする…" in html
    assert client.post(address(cast, "switch/"), {"to": "on", "version": "1"}).status_code == 302
    assert ScriptVersion.objects.in_force(timezone.now()).get().number == 1
    assert client.post(address(cast, "edit/"), the_form(cast) | {"revision": "7"}).status_code == 409


def test_what_is_wrong_stands_at_its_step_and_keeps_it_from_being_switched_on(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    sent = the_form(cast) | {"s10.kind": "say", "s10.text": ""}  # the hand-over became something said
    html = client.post(address(cast, "check/"), sent, headers={**PART, "HX-Target": "div#preview"}).content.decode()
    assert "この先がありません" in html
    assert 'id="fault-to-desk" hx-swap-oob="innerHTML"><p' in html
    assert client.post(address(cast, "edit/"), sent).status_code == 302
    assert "まだ使い始められません" in client.get(address(cast, "switch/?to=on&version=1")).content.decode()
    refused = client.post(address(cast, "switch/"), {"to": "on", "version": "1"})
    assert refused.status_code in {400, 422}
    assert ScriptVersion.objects.get().state == "draft"


def test_what_only_a_category_below_requires_is_told_and_keeps_nothing_back(cast: Cast, sign_in: SignIn) -> None:
    below = Category.objects.create(key="send", name="送信できない", parent=cast.mail_trouble)
    HearingItem.objects.create(category=below, key="floor", name="階", is_required=True)
    client = sign_in(cast.kimura)
    told = "「送信できない」の応対では、「階」も必須です。"
    html = client.post(address(cast, "check/"), the_form(cast), headers={**PART, "HX-Target": "div#preview"}).content
    assert "script-verdict good" in html.decode()
    assert html.decode().count(told) == 1  # at its step
    assert client.post(address(cast, "edit/"), the_form(cast)).status_code == 302
    for rest in ("", "edit/", "switch/?to=on&version=1"):
        assert client.get(address(cast, rest)).content.decode().count(told) == 1
    assert client.post(address(cast, "switch/"), {"to": "on", "version": "1"}).status_code == 302
    assert ScriptVersion.objects.get().state == "on"


def test_a_branch_names_the_number_of_the_step_and_what_changed_does_not(cast: Cast, sign_in: SignIn) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    more = {"steps": [{"kind": "say", "key": "w", "text": "一番"}, *mail_script()["steps"]]}
    in_force(cast.mail_trouble, cast.kimura, more)
    html = sign_in(cast.kimura).get(address(cast)).content.decode()
    assert "それ以外 → 9「影響範囲」" in html
    assert html.count("</ins>") == 1
    assert "</del>" not in html


@pytest.mark.parametrize("since", ["2020-01-01", "never", "9999-01-01"])
def test_a_script_begins_today_or_later(cast: Cast, sign_in: SignIn, since: str) -> None:
    save_draft(cast.mail_trouble, definition=mail_script(), by=cast.kimura)
    answer = sign_in(cast.kimura).post(address(cast, "switch/"), {"to": "on", "version": "1", "since": since})
    assert answer.status_code >= 400
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    sign_in(cast.kimura).post(address(cast, "switch/"), {"to": "on", "version": "1", "since": tomorrow})
    version = ScriptVersion.objects.get()
    assert version.effective_from is not None
    assert timezone.localtime(version.effective_from).isoformat()[:16] == f"{tomorrow}T00:00"


@pytest.mark.parametrize(
    ("verb", "kinds"),
    [
        ("add--1", ["say", "ask", "hand_over"]),
        ("add-0", ["ask", "say", "hand_over"]),
        ("remove-0", ["hand_over"]),
        ("down-0", ["hand_over", "ask"]),
        ("up-1", ["hand_over", "ask"]),
        ("up-0", ["ask", "hand_over"]),
        ("remove-9", ["ask", "hand_over"]),
        ("way-0", ["ask", "hand_over"]),
        ("nonsense", ["ask", "hand_over"]),
        ("unwhen-0-³", ["ask", "hand_over"]),
    ],
)
def test_buttons_change_the_form_and_never_fail(cast: Cast, verb: str, kinds: list[str]) -> None:
    steps = [{"kind": "ask", "key": "a", "item": "impact"}, {"kind": "hand_over", "key": "b"}]
    form = of_definition(cast.mail_trouble, {"steps": steps})
    form.do(verb)
    assert [step["kind"] for step in form.steps] == kinds
    assert form.definition.steps


def test_a_form_full_of_nonsense_is_a_draft_with_faults(cast: Cast, sign_in: SignIn) -> None:
    sent = {
        "s0.kind": "ask",
        "s0.key": "<b>",
        "s0.item": "*",
        "s0.q_kind": "choice",
        "s0.q_choices": "a\na",
        "s0.required": "when",
        "s0.c0.item": "x" * 99,
        "s0.c0.kind": "amount",
        "s0.c0.at_least": "1e400",
        "s0.shortest": "-5",
        "s0.from_day": "99999",
        "s1.kind": "branch",
        "s1.key": "k",
        "s1.next": "k",
        "s2.kind": "virus",
        "s3.kind": "say",
        "s3.key": "k",
        "s4.kind": "say",
        "s4.key": "z",
        "s4.text": "\0" + "あ" * 5000,
        "s4.text_en": "{nobody}",
        "s5.kind": "ask",
        "s5.key": "²",  # a letter to one reader of patterns and none to another
        "s5.item": "½",
        "s5.next": "①",
    }
    html = sign_in(cast.kimura).post(address(cast, "builder/"), sent).content.decode()
    assert "<b>" not in html
    assert sign_in(cast.kimura).post(address(cast, "edit/"), sent | {"revision": "0"}).status_code == 302
    kinds = [step["kind"] for step in ScriptVersion.objects.get().definition["steps"]]
    assert kinds == ["ask", "branch", "say", "ask"]


def test_what_stands_in_the_form_is_tried_after_one_press_and_the_pages_say_what_is_walked(
    cast: Cast, sign_in: SignIn
) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    client = sign_in(cast.kimura)
    assert "この画面の内容を下書きに保存してから試します" in client.get(address(cast, "edit/")).text
    sent = the_form(cast) | {"s0.text": "今書いた挨拶です。", "then": "try"}
    html = client.post(address(cast, "edit/"), sent, follow=True).text
    assert "今書いた挨拶です。" in html
    assert "に保存した下書きです。" in html
    assert "に保存した下書きです。" not in client.get(address(cast, "1/try/")).text
    assert ScriptVersion.objects.in_force(timezone.now()).get().number == 1


def test_the_sandbox_walks_and_records_nothing(cast: Cast, sign_in: SignIn) -> None:
    in_force(cast.mail_trouble, cast.kimura)
    client = sign_in(cast.watanabe)
    part = {**PART, "HX-Target": "div#sandbox-step"}
    html = client.post(address(cast, "1/try/"), {"do": "next", "here": "hello"}, headers=part).content.decode()
    assert 'name="item.error_code"' in html
    html = client.post(
        address(cast, "1/try/"), {"do": "next", "here": "code", "passed": "hello"}, headers=part
    ).content.decode()
    assert "回答が必要です" in html
    sent = {"do": "next", "here": "code", "passed": "hello nobody", "item.error_code": "<i>"}
    html = client.post(address(cast, "1/try/"), sent, headers=part).content.decode()
    assert 'name="item.since_when"' in html
    assert "<i>" not in html
    assert Walk.objects.count() == 0


def test_the_page_says_which_categories_below_use_the_script_and_shows_what_one_version_changed(
    cast: Cast, sign_in: SignIn
) -> None:
    def having(words: str) -> dict[str, Any]:
        return {"steps": [{"kind": "say", "key": "w", "text": words}, *mail_script()["steps"]]}

    for words in ("一番", "二番", "三番"):
        in_force(cast.mail_trouble, cast.kimura, having(words))
    for key, name in (("send", "送信できない"), ("own", "自分のがある")):
        below = Category.objects.create(key=key, name=name, parent=cast.mail_trouble)
        Category.objects.create(key=f"{key}-below", name=f"{name}の下", parent=below)
    in_force(Category.objects.get(key="own"), cast.kimura)
    client = sign_in(cast.kimura)
    for rest in ("", "edit/"):
        html = client.get(address(cast, rest)).content.decode()
        assert "次の分類の応対にも使います: 送信できない、送信できないの下" in html
        assert "自分のがある" not in html
    for version, dropped, added in (("3", "二番", "三番"), ("2", "一番", "二番")):
        with CaptureQueriesContext(connection) as asked:
            html = client.get(address(cast, f"?version={version}")).content.decode()
        assert re.findall(r"(\w\w)</del>", html) == [dropped]
        assert re.findall(r"(\w\w)</ins>", html) == [added]
        assert sum('"definition"' in query["sql"] for query in asked) == 2  # this version and the one before


def walked(cast: Cast, version: ScriptVersion, *steps: str, outcome: str, staff: Any = None) -> Walk:
    who = staff or cast.sato
    contact = open_interaction(channel="phone", by=who, staff=who, contact_name=f"{steps[-1]}の方")
    walk = begin(contact, version=version, here=steps[0], by=who)
    for step in steps[1:]:
        walk = go(walk, to=step, by=who)
    return finish(walk, outcome=outcome, by=who)


def test_figures_tell_where_calls_leave_and_open_to_the_contacts(cast: Cast, sign_in: SignIn) -> None:
    version = in_force(cast.mail_trouble, cast.kimura)
    walked(cast, version, "hello", "code", outcome="left")
    walked(cast, version, "hello", "code", "code", outcome="resolved")
    walked(cast, version, "hello", "code", "since", "to-desk", outcome="handed_over")
    client = sign_in(cast.hayashi)
    html = client.get(address(cast)).content.decode()
    assert "応対3件の結果" in html
    left = client.get(address(cast, "1/contacts/?what=left&step=code")).content.decode()
    assert left.count("codeの方") == 2
    seen = client.get(address(cast, "1/contacts/?what=seen&step=since")).content.decode()
    assert "to-deskの方" in seen
    assert "codeの方" not in seen
    assert "to-deskの方" in client.get(address(cast, "1/contacts/?outcome=handed_over")).content.decode()


def test_a_contact_that_nobody_settles_counts_as_left_once_it_is_over_and_quiet(cast: Cast) -> None:
    version, access = in_force(cast.mail_trouble, cast.kimura), access_of(cast.hayashi)
    began = timezone.now()

    def left(after: timedelta) -> tuple[int, int]:
        with freeze_time(began + after):
            found = figures(version, since=began - timedelta(days=1), access=access)
            behind = walks_of(version, since=began - timedelta(days=1), access=access, step="hello", what="left")
            assert behind.count() == found.steps["hello"].left
            return found.outcomes.get("left", 0), found.steps["hello"].left

    with freeze_time(began):
        contacts = [open_interaction(channel="phone", by=cast.sato, staff=cast.sato) for _nth in range(2)]
        walks = [begin(contact, version=version, here="hello", by=cast.sato) for contact in contacts]
    Interaction.objects.filter(pk=contacts[0].pk).update(ended_at=began)
    assert left(timedelta(minutes=50)) == (0, 0)
    assert left(timedelta(hours=2)) == (1, 1)
    assert left(timedelta(days=2)) == (2, 2)  # whose end nobody noted
    with freeze_time(began + timedelta(hours=3)):
        go(walks[0], to="code", by=cast.sato)
    assert left(timedelta(hours=3, minutes=30)) == (0, 0)
    finish(walks[0], outcome="resolved", by=cast.sato)
    assert left(timedelta(days=2)) == (1, 1)


def test_of_very_many_walks_the_latest_are_counted_and_stand_behind_the_figure(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("madoguchi.scripts.figures.MOST", 2)
    version = in_force(cast.mail_trouble, cast.kimura)
    for step in ("code", "since", "impact"):
        walked(cast, version, "hello", step, outcome="left")
    html = sign_in(cast.hayashi).get(address(cast)).content.decode()
    assert "応対2件の結果" in html
    assert "新しいものだけを集計" in html
    behind = sign_in(cast.hayashi).get(address(cast, "1/contacts/?outcome=left")).content.decode()
    assert ("impactの方" in behind, "codeの方" in behind) == (True, False)


def test_contacts_are_listed_the_latest_first_page_by_page(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("madoguchi.web.knowledge.scripts.figures.ROWS", 2)
    version = in_force(cast.mail_trouble, cast.kimura)
    for step in ("code", "since", "impact"):
        walked(cast, version, "hello", step, outcome="left")
    client, at = sign_in(cast.hayashi), address(cast, "1/contacts/")
    html = client.get(f"{at}?outcome=left").content.decode()
    assert html.index("impactの方") < html.index("sinceの方")
    assert "codeの方" not in html
    following = re.search(r'rel="next" href="([^"]+)"', html)
    assert following
    assert "codeの方" in client.get(at + unescape(following[1])).content.decode()
    assert client.get(f"{at}?outcome=left&after=x~y").status_code == 200


def test_the_page_costs_the_same_for_one_walk_and_for_many(cast: Cast, sign_in: SignIn) -> None:
    version = in_force(cast.mail_trouble, cast.kimura)
    client = sign_in(cast.hayashi)
    walked(cast, version, "hello", outcome="left")
    for rest in ("", "1/contacts/?outcome=left"):
        client.get(address(cast, rest))
        with CaptureQueriesContext(connection) as few:
            client.get(address(cast, rest))
        for _nth in range(3):
            walked(cast, version, "hello", "code", outcome="left")
        with CaptureQueriesContext(connection) as many:
            client.get(address(cast, rest))
        assert len(many) == len(few)
