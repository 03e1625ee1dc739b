"""The script at the seat: who walks it, what is kept, on which version, and how a walk ends."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.catalog.models import Category
from madoguchi.interactions.models import IntakeDraft, Interaction
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, create
from madoguchi.scripts.models import Walk
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.scripts.writing import in_force, mail_script
from tests.web.workbench.calls import MOBILE, answers, happen, rings

type SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def contact(cast: Cast) -> Interaction:
    in_force(cast.mail_trouble, cast.kimura)
    return happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))


class Seat:
    """The form in the middle, pressed as the page does it."""

    def __init__(self, client: Client, contact: Interaction, cast: Cast) -> None:
        self.client, self.contact = client, contact
        self.form: dict[str, str] = {"round": "0", "category": str(cast.mail_trouble.pk), "notes": "送れない"}

    def press(self, do: str, **fields: str) -> str:
        self.form |= {f"item.{key}": value for key, value in fields.items() if key != "step"}
        sent = self.form | {"do": do} | ({"step": fields["step"]} if "step" in fields else {})
        return self._post("script/", sent, "hearing")

    def choose(self, category: str = "") -> str:
        self.form["category"] = category or self.form["category"]
        return self._post("save/", self.form, "hearing")

    def settle(self, rest: str, target: str = "seat", **fields: str) -> str:
        return self._post(rest, self.form | fields, target)

    def _post(self, rest: str, sent: dict[str, str], target: str) -> str:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"div#{target}"}
        answer = self.client.post(f"/workbench/contacts/{self.contact.pk}/{rest}", sent, headers=headers)
        assert answer.status_code == 200, answer.content.decode()
        return str(answer.content.decode())


@pytest.fixture
def seat(cast: Cast, sign_in: SignIn, contact: Interaction) -> Seat:
    return Seat(sign_in(cast.sato), contact, cast)


def test_only_who_may_see_the_contact_and_take_calls_walks(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    address = f"/workbench/contacts/{contact.pk}/script/"
    for who, status in {"watanabe": 403, "kimura": 403, "outsider": 403, "ogawa": 404, "mori": 404}.items():
        assert sign_in(getattr(cast, who)).post(address, {"do": "next"}).status_code == status
    assert sign_in(cast.sato).get(address).status_code == 405
    assert Walk.objects.count() == 0


def test_choosing_the_category_begins_and_what_saves_itself_does_not(seat: Seat) -> None:
    seat.client.post(f"/workbench/contacts/{seat.contact.pk}/save/", seat.form, headers={"X-Autosave": "1"})
    assert Walk.objects.count() == 0
    assert "山田 花子 様、佐藤が承ります。" in seat.choose()
    assert Walk.objects.get().here == "hello"
    assert Walk.objects.get().staff is not None


def test_another_category_leaves_the_script_and_back_it_goes_on(cast: Cast, seat: Seat) -> None:
    seat.choose()
    seat.press("next")
    seat.press("next", error_code="0x1")
    assert "script-step" not in seat.choose(str(cast.wiring.pk))
    assert Walk.objects.get().outcome == "left"
    assert "続きから" in seat.choose(str(cast.mail_trouble.pk))
    assert 'name="item.since_when"' in seat.press("resume")
    assert Walk.objects.get().outcome == ""


def test_the_script_of_a_category_above_leads_and_goes_on_when_a_sister_is_chosen(cast: Cast, seat: Seat) -> None:
    above = cast.wiring.parent
    assert above is not None
    hello = {"kind": "say", "key": "hi", "text": "全体の案内"}
    steps = [hello, {"kind": "say", "key": "more", "text": "つづき"}, {"kind": "call_back", "key": "end"}]
    in_force(above, cast.kimura, {"steps": steps})
    sister = Category.objects.create(key="sister", name="姉妹", parent=above)
    assert "全体の案内" in seat.choose(str(cast.wiring.pk))
    assert "つづき" in seat.press("next")
    assert "つづき" in seat.choose(str(sister.pk))
    assert Walk.objects.count() == 1
    in_force(sister, cast.kimura, {"steps": [{"kind": "call_back", "key": "own", "text": "自分のスクリプト"}]})
    assert "つづき" in seat.press("back") or "全体の案内" in seat.press("back")  # what comes into force changes no walk
    assert Walk.objects.get().outcome == ""
    assert "自分のスクリプト" not in seat.choose(str(cast.wiring.pk))
    assert "山田 花子 様、佐藤が承ります。" in seat.choose(str(cast.mail_trouble.pk))  # its own goes before
    assert list(Walk.objects.order_by("id").values_list("outcome", flat=True)) == ["left", ""]


def test_a_walk_stays_on_its_version_and_the_next_call_takes_the_new_one(cast: Cast, seat: Seat) -> None:
    seat.choose()
    new = {"steps": [{"kind": "say", "key": "new", "text": "新しい案内"}, *mail_script()["steps"]]}
    in_force(cast.mail_trouble, cast.kimura, new)
    assert "新しい案内" not in seat.press("back")
    assert Walk.objects.get().version.number == 1
    other = happen(*rings(cast.sato, call="c-2"), *answers(cast.sato, call="c-2"), call="c-2")
    assert "新しい案内" in Seat(seat.client, other, cast).choose()


def test_what_is_required_or_does_not_fit_keeps_one_at_the_step(seat: Seat) -> None:
    seat.choose()
    seat.press("next")
    assert "回答が必要です" in seat.press("next", error_code=" ")
    assert Walk.objects.get().here == "code"
    assert 'role="alert"' not in seat.press("jump", step="number")
    assert 'role="alert"' not in seat.press("jump", step="no-such-step")
    assert Walk.objects.get().here == "number"


def test_at_the_end_solved_the_answer_is_filled_in_and_the_walk_has_its_outcome(seat: Seat) -> None:
    seat.choose()
    seat.press("next")
    for answer in ({"error_code": "0x1"}, {"since_when": "今朝"}, {"mail-web": "はい"}):
        seat.press("next", **answer)
    html = seat.press("next")
    assert "送信ポートを587に変えた。" in html
    seat.settle("settle/", verb="resolve", resolution="送信ポートを587に変えた。", no_article_reason="no_article")
    walk = Walk.objects.get()
    assert (walk.outcome, walk.here) == ("resolved", "solved")
    assert Ticket.objects.get().details["mail-web"] == "はい"
    # The same call about something else is a walk of its own.
    seat.form = {"round": "1", "category": seat.form["category"]}
    seat.choose()
    assert Walk.objects.count() == 2


def test_another_end_takes_back_what_the_first_filled_in_and_keeps_what_was_written(cast: Cast, seat: Seat) -> None:
    ends = [
        {"kind": "check", "key": "ok", "item": "mail-ok", "text": "開ける"},
        {
            "kind": "branch",
            "key": "fork",
            "ways": [{"when": [{"kind": "is", "item": "mail-ok", "one_of": ["yes"]}], "next": "a"}],
            "next": "b",
        },
        {"kind": "resolve", "key": "a", "text": "Aで直った。\n再起動した。", "reason": "no_article"},
        {"kind": "resolve", "key": "b", "text": "Bで直った。", "reason": "not_findable"},
    ]
    in_force(cast.mail_trouble, cast.kimura, {"steps": ends})
    seat.choose()

    def stands() -> tuple[str, str]:
        draft = IntakeDraft.objects.get(interaction=seat.contact).data
        # As the browser sends the form back.
        seat.form |= {
            "resolution": draft["resolution"].replace("\n", "\r\n"),
            "no_article_reason": draft["no_article_reason"],
        }
        return draft["resolution"], draft["no_article_reason"]

    seat.press("next", **{"mail-ok": "はい"})
    assert stands() == ("Aで直った。\n再起動した。", "no_article")
    seat.choose()  # what saves itself keeps knowing what was filled in
    seat.press("back")
    assert stands() == ("", "")
    seat.press("next", **{"mail-ok": "いいえ"})
    assert stands() == ("Bで直った。", "not_findable")
    seat.form["resolution"] = "自分で書いた。"
    seat.press("back")
    assert stands() == ("自分で書いた。", "")
    seat.press("next", **{"mail-ok": "はい"})
    assert stands() == ("自分で書いた。", "")


def test_the_hand_over_sheet_has_team_and_reason_and_nothing_is_missing(cast: Cast, seat: Seat) -> None:
    seat.choose()
    seat.press(
        "next", error_code="0x1", since_when="今朝", impact="自分", steps_tried="再起動", callback_number="0312345678"
    )
    html = seat.press("next", **{"mail-web": "いいえ"})
    assert "サービスデスクへ引き継ぎ" in html
    sheet = seat.settle("hand-over/sheet/", "sheet-body", to_team="", reason="直らない")
    assert "直らない" in sheet
    assert "5/5" in sheet
    seat.settle("hand-over/", to_team=str(cast.service_desk.pk), reason="直らない")
    assert Walk.objects.get().outcome == "handed_over"


def test_what_only_this_category_requires_is_asked_at_the_hand_over(cast: Cast, sign_in: SignIn) -> None:
    """The script of the category above leads, and asks nothing; the sheet names all that lacks and keeps it back."""
    in_force(cast.general, cast.kimura, {"steps": [{"kind": "hand_over", "key": "end", "to": "service-desk"}]})
    seat = Seat(sign_in(cast.sato), happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato)), cast)
    assert "サービスデスクへ引き継ぎ" in seat.choose()
    sheet = seat.settle("hand-over/sheet/", "sheet-body", to_team="", reason="直らない")
    assert "1/5" in sheet  # the number is known from the call
    assert 'name="required.impact"' in sheet
    sent = seat.form | {"to_team": str(cast.service_desk.pk), "reason": "直らない"}
    refused = seat.client.post(f"/workbench/contacts/{seat.contact.pk}/hand-over/", sent)
    assert refused.status_code == 422
    assert Walk.objects.get().outcome == ""


def test_raising_only_is_leaving_and_a_promise_is_a_call_back(seat: Seat) -> None:
    seat.choose()
    seat.settle("settle/", verb="open")
    assert Walk.objects.get().outcome == "left"
    seat.form["round"] = "1"
    seat.choose()
    sheet = seat.settle("call-back/sheet/", "sheet-body", note="確認のうえ折り返す")
    assert "確認のうえ折り返す" in sheet
    seat.settle(
        "call-back/",
        when=(timezone.now() + timedelta(hours=1)).isoformat(),
        number="09011112222",
        name="山田",
        note="確認",
    )
    assert Walk.objects.order_by("-id").values_list("outcome", flat=True)[0] == "called_back"


def test_a_continued_ticket_has_no_script(cast: Cast, seat: Seat) -> None:
    seat.choose()
    seat.settle("settle/", verb="open")
    ticket = Ticket.objects.get()
    seat.form = {"round": "1", "category": seat.form["category"], "ticket": ticket.number}
    assert "script-step" not in seat.choose()


def test_suggestions_work_beside_a_running_script_and_no_key_is_used_twice(cast: Cast, seat: Seat) -> None:
    article = create(Content(question="メールが送れない", answer="ポートを587に変える。"), by=cast.kimura)
    shown = {"kind": "article", "key": "look", "article": article.key}
    in_force(
        cast.mail_trouble, cast.kimura, {"steps": [*mail_script()["steps"][:-1], shown, mail_script()["steps"][-1]]}
    )
    seat.form["notes"] = "メールが送れない"
    seat.choose()
    page = f"/workbench/?contact={seat.contact.pk}"
    for step in ("hello", "code", "web", "look", "solved", "to-desk"):
        seat.press("jump", step=step)
        html = seat.client.get(page).content.decode()
        assert "script-step" in html
        keys = Counter(re.findall(r'data-key="([^"]+)"', html))
        assert {key: count for key, count in keys.items() if count > 1} == {}
        assert {"Alt+1", "Alt+L", "Alt+O"} <= keys.keys()
    assert "ポートを587に変える。" in seat.settle("article/", "solution", article=article.key)
    assert (Walk.objects.get().here, Walk.objects.get().outcome) == ("to-desk", "")


def test_that_the_call_is_recorded_is_read_aloud_first_where_the_script_says_so(cast: Cast, sign_in: SignIn) -> None:
    said = {"kind": "consent", "key": "recorded", "text": "この通話は応対の確認のため録音しております。"}
    script = mail_script()
    in_force(cast.mail_trouble, cast.kimura, {"steps": [said, *script["steps"]]})
    contact = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    seat = Seat(sign_in(cast.sato), contact, cast)
    html = seat.choose()
    assert "録音の案内" in html
    assert "この通話は応対の確認のため録音しております。" in html
    assert "が承ります" in seat.press("next")
