"""部署に聞く by keyboard alone: asked, answered by telephone, told to the requester; each page of it is accessible."""

import re

import pytest
from playwright.sync_api import Page, expect

from madoguchi.consultations.models import Consultation
from madoguchi.people.models import Contact, Department, Topic
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

WORDS = {
    "ja": ("回答待ちの照会はありません", "03-5000-1234 をかけてください", "電話が必要", "連絡者へ回答済み"),
    "en": (
        "No question to a department is open",
        "to be called at 03-5000-1234",
        "To be called",
        "told to the requester",
    ),
}


def fits(page: Page) -> None:
    """Accessible, and nothing stands out of the page on a telephone."""
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1440, "height": 900})


def reached_by_telephone(cast: Cast) -> None:
    """The department is proposed for the category, answers within two of its days, and takes calls first."""
    topic, _made = Topic.objects.get_or_create(department=cast.accounting, key="bill", defaults={"name": "請求書"})
    cast.mail_trouble.topics.add(topic)
    # Sixteen hours end elsewhere by the department's hours than by the wall clock, whenever the test runs.
    Department.objects.filter(pk=cast.accounting.pk).update(answer_within_s=16 * 3600)
    Contact.objects.filter(pk=cast.accounting_first.pk).update(channels=["phone"], phone="+81350001234")


@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.looks)])
def test_a_department_is_asked_and_its_answer_told_by_keyboard_alone(
    served: Desk, open_window: OpenWindow, language: str
) -> None:
    cast = served.cast
    nothing, to_call, called, told = WORDS[language]
    listed = open_window(cast.hayashi, "/consultations/", language=language)
    expect(listed.locator("#rows")).to_contain_text(nothing)
    fits(listed)
    served.run(reached_by_telephone, cast)
    ticket = served.run(
        open_ticket,
        subject="請求書が届かない",
        body="みなと商事の山田です。8月分がまだ届きません",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        by=cast.sato,
    )

    page = open_window(cast.sato, f"/tickets/{ticket.number_shown}/", language=language)
    sheet, panel = page.locator("#sheet"), page.locator("#questions")
    page.keyboard.press("Alt+k")
    proposed = sheet.locator("#ask-choices [type=radio]").first
    expect(proposed).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("経理")
    department = sheet.locator(f'#ask-choices [value="{cast.accounting.pk}.."]')
    expect(department).to_be_visible()
    page.keyboard.press("Enter")
    expect(department).to_be_focused()
    expect(sheet.locator("[name=for]")).to_have_value(f"{cast.accounting.pk}..")
    question = sheet.locator("#field-question")
    expect(question).to_have_value(re.compile("8月分がまだ届きません"))
    expect(question).not_to_have_value(re.compile("山田"))
    expect(sheet.locator("#ask-plan")).to_contain_text(to_call)
    page.keyboard.press("Tab")
    expect(question).to_be_focused()
    usual = sheet.locator("#field-due_at").input_value()
    sheet.locator("[name=urgent]").press("Space")
    expect(sheet.locator("#field-due_at")).not_to_have_value(usual)
    expect(sheet.locator("[name=urgent]")).to_be_focused()
    fits(page)
    page.keyboard.press("Alt+k")
    expect(sheet).to_be_hidden()
    expect(panel).to_contain_text(called)
    expect(panel.locator("[data-key='Alt+Q']")).to_be_visible()

    page.keyboard.press("Alt+q")
    answer = sheet.locator(".note-said [name=kind][value=answer]")
    expect(answer).to_be_focused()
    expect(answer).not_to_be_checked()
    fits(page)
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("8月31日に発行済みです")
    page.keyboard.press("Alt+n")
    expect(sheet).to_be_hidden()
    expect(panel).to_contain_text("8月31日に発行済みです")
    fits(page)
    listed.goto("/consultations/?show=needs")
    expect(listed.locator("tbody tr")).to_have_count(1)
    fits(listed)

    page.keyboard.press("Alt+u")
    reply = page.locator("message-composer [name=body]")
    expect(reply).to_be_focused()
    expect(reply).to_have_value(re.compile("担当部署に確認しました.*8月31日に発行済みです", re.DOTALL))
    page.keyboard.press("Control+Enter")
    expect(panel).to_contain_text(told)
    expect(reply).to_have_value("")
    consultation = served.run(Consultation.objects.select_related("used_in").get, ticket=ticket)
    assert consultation.used_in is not None
    assert "経理" not in consultation.used_in.body

    for path in ("/consultations/policies/", "/consultations/policies/default/"):
        listed.goto(path)
        fits(listed)
