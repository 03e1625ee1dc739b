"""What is typed, ticked or pressed while a part of the form is drawn anew is not lost, and stands in its row."""

import pytest
from playwright.sync_api import Page, Route, expect

from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.scripts.writing import in_force
from tests.windows import PATIENCE, OpenWindow

pytestmark = pytest.mark.looks


class Held:
    """Requests of one address that wait until the test lets them go."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.waiting: list[Route] = []
        self.let_go = False
        page.route(address, self._came)

    def _came(self, route: Route) -> None:
        if self.let_go:
            route.continue_()
        else:
            self.waiting.append(route)

    def go_on(self) -> None:
        """The first goes on its way, and another is asked because of what came meanwhile."""
        with self.page.expect_request(self.address):
            self.next().continue_()

    def next(self) -> Route:
        """The request that waits; the browser tells of it a moment before it can be let go."""
        for _ in range(PATIENCE // 10):
            if self.waiting:
                break
            self.page.wait_for_timeout(10)
        return self.waiting.pop(0)

    def finish(self) -> None:
        """It goes on its way, and nothing is held any more."""
        self.let_go = True
        for route in self.waiting:
            route.continue_()

    def during(self, press: str) -> None:
        """Enter on a button, whose request then waits."""
        self.page.locator(f"[id='{press}']").focus()
        with self.page.expect_request(self.address):
            self.page.keyboard.press("Enter")


def test_a_rule_is_written_on_while_its_form_is_drawn_anew(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.hayashi, "/rules/new/")
    held = Held(page, "**/rules/builder/")
    held.during("add-condition")
    page.locator("input[name='c0.one_of'][value='high']").check()
    page.locator("[id='add-action']").click()
    page.locator("#length").fill("4")
    held.go_on()
    page.keyboard.type("5")
    held.go_on()
    held.go_on()  # it was drawn, and the turn of the button has come
    held.finish()
    expect(page.locator("[id='a1.kind']")).to_be_visible()
    expect(page.locator("#length")).to_be_focused()
    expect(page.locator("#length")).to_have_value("45")
    expect(page.locator("[id='c1.kind']")).to_be_visible()
    expect(page.locator("input[name='c0.one_of']:checked")).to_have_count(2)

    page.locator("[id='c1.kind']").select_option("words")
    page.locator("[id='c1.words']").wait_for()
    held = Held(page, "**/rules/builder/")
    held.during("remove-c0")
    page.locator("[id='c1.words']").focus()
    page.keyboard.type("返金")
    held.go_on()
    held.finish()
    expect(page.locator("[id='c0.kind']")).to_have_count(0)
    expect(page.locator("[id='c1.words']")).to_be_focused()
    page.keyboard.type("、例外")
    expect(page.locator("[id='c1.words']")).to_have_value("返金、例外")
    expect(page.locator("#sentence p")).to_contain_text("「返金」または「例外」")


def test_a_word_that_the_ime_composes_is_not_torn(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.hayashi, "/rules/new/")
    held = Held(page, "**/rules/builder/")
    held.during("add-condition")
    length = page.locator("#length")
    length.focus()
    page.keyboard.press("End")
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "へ", "selectionStart": 1, "selectionEnd": 1})
    with page.expect_response("**/rules/builder/"):
        held.next().continue_()
    keys.send("Input.imeSetComposition", {"text": "へん", "selectionStart": 2, "selectionEnd": 2})
    expect(page.locator("[id='c1.kind']")).to_have_count(0)
    with page.expect_request("**/rules/builder/"):
        keys.send("Input.insertText", {"text": "返"})
    held.finish()
    expect(page.locator("[id='c1.kind']")).to_be_visible()
    expect(length).to_have_value("30返")
    expect(length).to_be_focused()


def test_what_is_typed_into_a_step_follows_it_to_its_new_place(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    served.run(in_force, cast.mail_trouble, cast.kimura)
    page = open_window(cast.kimura, f"/knowledge/scripts/{cast.mail_trouble.pk}/edit/")
    held = Held(page, "**/builder/")
    held.during("add--1")
    page.locator("[id='s0.text']").fill("はい")
    held.go_on()
    held.finish()
    expect(page.locator("[id='s1.text']")).to_be_focused()
    page.keyboard.type("、どうぞ")
    expect(page.locator("[id='s1.text']")).to_have_value("はい、どうぞ")
    expect(page.locator("[id='s0.text']")).to_have_value("")


def raised(desk: Desk) -> Ticket:
    """Somebody cannot send mail; what that category asks is not answered yet."""
    cast = desk.cast
    return open_ticket(
        subject="送れない",
        body="",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        by=cast.takahashi,
    )


def test_a_choice_is_followed_though_another_was_on_its_way(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    ticket = served.run(raised, served)
    page = open_window(cast.takahashi, f"/tickets/{ticket.number_shown}/correct/")
    held = Held(page, "**/correct/")
    with page.expect_request("**/correct/"):
        page.locator("#field-category").select_option(str(cast.wiring.pk))
    page.locator("#field-category").select_option(str(cast.mail_trouble.pk))
    page.locator("[id='field-item.error_code']").fill("0x")
    held.go_on()
    with page.expect_response("**/correct/"):
        held.finish()
    page.keyboard.type("9")
    expect(page.locator("[id='field-item.error_code']")).to_have_value("0x9")
