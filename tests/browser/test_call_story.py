"""A call rings, is understood, and ends solved, handed over or kept: the operator's own keyboard, end to end."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.models import IntakeDraft, Interaction
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Audience, State
from madoguchi.telephony.models import Call, OperatorState
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.web.workbench.calls import MOBILE, answers, ends, rings
from tests.windows import OpenWindow, assert_accessible

# While the category is being saved, the answer to some other request is about the whole page, and morphs it.
ANSWER_AMID_THE_CATEGORY = """() => document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.sourceElement.id !== "field-category") return;
  const response = { raw: new Response(""), headers: new Headers() };
  const ctx = { sourceElement: document.body, target: document.body, response };
  for (const kind of ["before:swap", "after:swap"]) {
    document.dispatchEvent(new CustomEvent(`htmx:${kind}`, { detail: { ctx } }));
  }
})"""


class Telephone:
    """The telephone system: posts what happens to its door."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.token = desk.token(desk.cast.admin, "calls:write")

    def says(self, *events: dict[str, object]) -> None:
        answer = httpx.post(
            f"{self.desk.url}/api/v1/calls/events",
            json=list(events),
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text


@pytest.fixture(scope="module")
def telephone(served: Desk) -> Telephone:
    return Telephone(served)


@pytest.fixture(autouse=True)
def _nothing_left_over(served: Desk, telephone: Telephone) -> None:
    """Every story begins at an empty seat, whatever became of the one before."""
    with served.inside():
        left = list(Call.objects.filter(is_live=True).values_list("call_id", flat=True))
    for name in left:
        telephone.says(*ends(call=name))
    with served.inside():
        IntakeDraft.objects.all().delete()
        Interaction.objects.filter(state="open").update(state="dismissed", dismissed_reason="test", staff=None)
        Call.objects.update(answered_by=None)
        OperatorState.objects.update(state="available", call=None, until=None)


def seat(open_window: OpenWindow, desk: Desk, language: str = "ja") -> Page:
    page = open_window(desk.cast.sato, "/workbench/", language=language)
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    return page


def choose_category(page: Page, letters: str, name: str) -> None:
    page.keyboard.press("Alt+c")
    page.keyboard.type(letters)
    page.keyboard.press("Enter")
    expect(page.locator("#category-typed")).to_have_value(name)
    expect(page.locator("#hearing")).to_contain_text("0/5")


def test_a_call_pops_is_understood_and_solved_with_the_article(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    content = Content(
        question="メールが送信できない(0x800CCC0E)",
        answer="送信ポートを **587** に変える。",
        state=State.VALIDATED,
        audience=Audience.FIRST_LINE,
    )
    served.run(create, content, by=cast.kimura)
    page = seat(open_window, served)
    other = open_window(cast.suzuki, "/workbench/")
    second = page.context.new_page()
    second.goto("/tickets/")
    expect(second.locator("html")).to_have_attribute("data-line", "connected")

    telephone.says(*rings(cast.sato))
    expect(page.locator("#now")).to_contain_text("03-5000-1234")
    expect(page.locator(".candidate")).to_have_count(2)
    expect(second.locator("#phone ring-bell")).to_have_count(1)
    assert_accessible(page)
    telephone.says(*answers(cast.sato))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    expect(second.locator("#phone ring-bell")).to_have_count(0)
    expect(other.locator("#now")).not_to_contain_text("03-5000-1234")

    page.keyboard.press("Alt+p")
    expect(page.locator(".candidate").first).to_be_focused()
    for _ in range(
        page.locator(".candidate").all_inner_texts().index(page.locator(".candidate", has_text="山田").inner_text())
    ):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_contain_text("はなこ")
    choose_category(page, "めーる", "すべて › メールの不具合")
    for answer in ("0x800CCC0E", "今朝から", "本人のみ", "再起動", "090-1111-2222"):
        page.keyboard.press("Tab")
        page.keyboard.type(answer)
    expect(page.locator("[data-count]")).to_have_text("5/5")
    page.keyboard.press("Alt+m")
    page.keyboard.type("メールが送信できない 0x800CCC0E")
    expect(page.locator(".suggestion")).to_have_count(1)
    expect(page.locator("#field-notes")).to_be_focused()
    page.keyboard.press("Alt+1")
    expect(page.locator("#field-resolution")).to_have_value("送信ポートを 587 に変える。")
    assert_accessible(page)
    page.keyboard.press("Alt+r")
    expect(page.locator("#messages")).to_contain_text("解決にしました")
    with served.inside():
        ticket = Ticket.objects.get()
        assert ticket.requester == cast.yamada
        assert ticket.article is not None
        assert ticket.resolved_at_first_line
        assert ticket.details["since_when"] == "今朝から"
    telephone.says(*ends())
    expect(page.locator("#now .now-word")).to_contain_text("後処理")
    page.keyboard.press("Alt+f")
    expect(page.locator("#now")).to_contain_text("通話なし")
    with served.inside():
        assert OperatorState.objects.get(staff=cast.sato).state == "available"


@pytest.mark.looks
def test_a_hand_over_names_the_missing_item_and_leads_to_it(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    page = seat(open_window, served)
    telephone.says(*rings(cast.sato, call="h-1", number=MOBILE), *answers(cast.sato, call="h-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    choose_category(page, "everything", "すべて › メールの不具合")  # the branch asks nothing, its leaf does
    for answer in ("なし", "昨日から", "", "再起動", "090-1111-2222"):
        page.keyboard.press("Tab")
        page.keyboard.type(answer)
    page.keyboard.press("Alt+m")
    page.keyboard.type("共有メールに入れない")
    page.keyboard.press("Alt+h")
    sheet = page.locator("#sheet")
    expect(sheet.locator("input[name=to_team]:checked")).to_have_value(str(cast.service_desk.pk))
    expect(sheet).to_contain_text("4/5")
    assert_accessible(page, within="#sheet")
    sheet.locator("[name=reason]").fill("権限の設定が要る")
    page.keyboard.press("Alt+h")
    expect(sheet.locator("[data-refusal]")).to_contain_text("影響範囲")
    expect(sheet.locator("#field-impact")).to_be_focused()
    page.keyboard.type("総務部 3名")
    page.keyboard.press("Alt+h")
    expect(sheet).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("引き継ぎ中")
    with served.inside():
        handoff = Handoff.objects.get()
        assert handoff.to_team == cast.service_desk
        assert handoff.details["impact"] == "総務部 3名"
        assert handoff.missing == []
    telephone.says(*ends(call="h-1"))


@pytest.mark.looks
def test_what_was_typed_is_there_after_the_browser_crashed(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    page = seat(open_window, served)
    telephone.says(*rings(cast.sato, call="k-1", number=MOBILE), *answers(cast.sato, call="k-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    page.evaluate(ANSWER_AMID_THE_CATEGORY)
    choose_category(page, "ふぐあい", "すべて › メールの不具合")
    page.keyboard.press("Tab")
    page.keyboard.type("0x80042109")
    page.keyboard.press("Alt+m")
    page.keyboard.type("途中まで書いた")
    expect(page.locator("auto-save .saved")).to_contain_text("保存済み")
    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.goto("/workbench/")
    expect(again.locator("#field-notes")).to_have_value("途中まで書いた")
    expect(again.locator("#item-error_code")).to_have_value("0x80042109")
    expect(again.locator("#category-typed")).to_have_value("すべて › メールの不具合")
    telephone.says(*ends(call="k-1"))


@pytest.mark.looks
def test_a_second_call_never_disturbs_what_is_being_written(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    page = seat(open_window, served)
    telephone.says(*rings(cast.sato, call="w-1", number=MOBILE), *answers(cast.sato, call="w-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    page.keyboard.press("Alt+m")
    page.keyboard.type("一人目の")
    telephone.says(*rings(cast.sato, call="w-2"))
    chip = page.locator(".call-chip")
    expect(chip).to_contain_text("03-5000-1234")
    expect(page.locator("#field-notes")).to_be_focused()
    page.keyboard.type("話")
    expect(page.locator("#field-notes")).to_have_value("一人目の話")
    telephone.says(*ends(call="w-2"))
    expect(chip).to_have_count(0)
    expect(page.locator("#lists")).to_contain_text("応答前切断")
    expect(page.locator("#field-notes")).to_have_value("一人目の話")
    telephone.says(*ends(call="w-1"))
    expect(page.locator("#now .now-word")).to_contain_text("後処理")
    expect(page.locator("#field-notes")).to_have_value("一人目の話")


@pytest.mark.looks
def test_enter_never_resolves_and_escape_closes_only_what_is_open(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    page = seat(open_window, served)
    telephone.says(*rings(cast.sato, call="e-1", number=MOBILE), *answers(cast.sato, call="e-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    with served.inside():
        before = Ticket.objects.count()
    page.locator("#field-subject").fill("件名")
    page.keyboard.press("Enter")
    page.locator("#category-typed").click()
    expect(page.locator("#category-list")).to_be_visible()
    # An Enter that confirms a conversion belongs to the IME.
    page.locator("#category-typed").dispatch_event("keydown", {"key": "Enter", "isComposing": True, "keyCode": 229})
    expect(page.locator("#category-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#category-list")).to_be_hidden()
    expect(page.locator("#field-subject")).to_have_value("件名")
    page.keyboard.press("Alt+b")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    with served.inside():
        assert Ticket.objects.count() == before
    telephone.says(*ends(call="e-1"))


@pytest.mark.looks
@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "ja")])
def test_the_empty_seat_is_complete_and_accessible(
    served: Desk, open_window: OpenWindow, width: int, language: str
) -> None:
    page = open_window(served.cast.suzuki, "/workbench/", width=width, language=language)
    expect(page.locator("#now")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.looks
def test_on_a_phone_the_call_appears_in_its_own_column(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    page = open_window(served.cast.sato, "/workbench/", width=390)
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    telephone.says(*rings(served.cast.sato, call="p-1", number=MOBILE))
    expect(page.locator("#now .now-word")).to_contain_text("入電中")
    expect(page.locator("#now")).to_be_visible()
    expect(page.locator("#intake")).to_be_hidden()
    assert_accessible(page)
    page.locator("#tab-intake-button").click()
    expect(page.locator("#field-notes")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
