"""Administration and people in a browser: accessible, and nothing wider than the window."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from madoguchi.calendars.actions import ensure_defaults, set_special_days
from madoguchi.calendars.models import Calendar
from madoguchi.journal.record import SYSTEM
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

PAGES = [
    "/administration/",
    "/administration/staff/",
    "/administration/staff/{sato}/",
    "/administration/categories/{mail}/",
    "/administration/organizations/{minato}/",
    "/administration/organizations/contracts/{contract}/",
    "/administration/settings/",
    "/administration/directory-sync/",
    "/administration/telephones/",
    "/administration/policies/",
    "/administration/policies/new/",
    "/administration/calendars/",
    "/administration/calendars/new/",
    "/administration/calendars/holidays/",
    "/administration/calendars/{calendar}/?start=2026-11-20T17:00&hours=40&minutes=0",
    "/people/",
    "/people/{yamada}/",
    "/people/new/",
    "/people/away/",
]


@pytest.mark.looks
@pytest.mark.parametrize(("width", "language"), [(1440, "ja"), (390, "en")])
def test_the_pages_are_accessible_and_fit(served: Desk, open_window: OpenWindow, width: int, language: str) -> None:
    cast = served.cast
    calendar = served.run(calendars)
    window = open_window(cast.admin, "/profile/", width=width, language=language)
    for page in PAGES:
        window.goto(
            page.format(
                sato=cast.sato.pk,
                mail=cast.mail_trouble.pk,
                minato=cast.minato.pk,
                contract=cast.contract.pk,
                yamada=cast.yamada.pk,
                calendar=calendar,
            )
        )
        assert window.evaluate("document.documentElement.scrollWidth") == width, page
        assert_accessible(window)


def calendars() -> int:
    """Office hours, and a closing at the end of the year; the id of the former."""
    ensure_defaults(by=SYSTEM)
    ahead = timezone.localdate() + timedelta(days=34)
    set_special_days(None, first=ahead, last=ahead + timedelta(days=5), name="年末年始休業", by=SYSTEM)
    return Calendar.objects.get(key="standard").pk


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ("営業時間を変更", "2030/4/1(月) から", "2030年4月1日(月) 17:30:00", "内容を確認", "取り込む")),
        pytest.param(
            "en",
            ("Change the hours", "From", "17:30:00", "Look at it first", "Take it in"),
            marks=pytest.mark.looks,
        ),
    ],
)
def test_hours_change_from_a_day_on_a_deadline_is_tried_and_the_official_list_is_taken_in(
    served: Desk, open_window: OpenWindow, language: str, words: tuple[str, ...]
) -> None:
    change, begins, due, look, take = words
    calendar = served.run(calendars)
    page = open_window(served.cast.admin, f"/administration/calendars/{calendar}/", language=language)
    page.get_by_role("link", name=change).click()
    page.locator("#field-day_0").fill("９時〜正午")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#field-day_0-error")).not_to_be_empty()
    page.locator("#field-day_0").fill("9:00〜12:00、13:00〜17:30")
    page.locator("#field-valid_from").fill("2030-04-01")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=begins).first).to_be_visible()
    page.locator("#field-start").fill("2030-04-01T16:30")
    page.locator("#field-hours").fill("1")
    page.locator("#try button").click()
    expect(page.locator(".tried")).to_contain_text(due)

    page.goto("/administration/calendars/holidays/")
    official = "国民の祝日・休日月日,国民の祝日・休日名称\r\n2031/1/1,元日\r\n2031/1/13,成人の日\r\n"
    file = {"name": "syukujitsu.csv", "mimeType": "text/csv", "buffer": official.encode("cp932")}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name=look).click()
    expect(page.locator(".preview")).to_contain_text("syukujitsu.csv")
    assert_accessible(page)
    page.get_by_role("button", name=take).click()
    expect(page.locator("main")).to_contain_text("syukujitsu.csv")


@pytest.mark.looks
def test_a_policy_is_written_in_english_too(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/administration/policies/", language="en")
    page.keyboard.press("Alt+c")
    expect(page.locator("h1")).to_have_text("New policy")
    page.locator("#field-kind").select_option(label="First response")
    page.locator("#field-name").fill("初回応答")
    page.locator("#field-amount").fill("30")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("The policy is made")
    assert_accessible(page)


@pytest.mark.looks
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ("登録する", "現在より後", "代理：伊藤 翔", "終了する", "不在のスタッフはいません")),
        ("en", ("Note it", "", "伊藤 翔", "End", "Nobody is away.")),
    ],
)
def test_a_supervisor_notes_an_absence_and_ends_it(
    served: Desk, open_window: OpenWindow, language: str, words: tuple[str, ...]
) -> None:
    note, wrong, stands_in, end, nobody = words
    page = open_window(served.cast.hayashi, "/people/away/", language=language)
    page.locator("#field-staff").select_option(label="高橋 健")
    page.locator("#field-ends_at").fill("2020-01-01T09:00")
    page.get_by_role("button", name=note, exact=True).click()
    expect(page.locator("#field-ends_at-error")).to_contain_text(wrong)
    page.locator("#field-ends_at").fill("")
    page.locator("#field-substitute").select_option(label="伊藤 翔")
    page.get_by_role("button", name=note, exact=True).click()
    expect(page.locator(".order-list")).to_contain_text(stands_in)
    page.get_by_role("button", name=end).click()
    expect(page.locator("#main")).to_contain_text(nobody)


@pytest.mark.looks
def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/administration/staff/new/")
    page.locator("#field-family_name").fill("西田")
    page.locator("#field-email").fill("suzuki@example.jp")
    page.locator("#main .verbs button").click()
    expect(page.locator("#field-email-error")).to_be_visible()
    expect(page.locator("#field-family_name")).to_have_value("西田")
    page.locator("#field-email").fill("nishida@example.jp")
    page.locator("#main .verbs button").click()
    expect(page.locator("h1")).to_have_text("西田")
    page.get_by_role("button", name="パスワードを設定する").click()
    expect(page.locator("#secret")).to_be_visible()


@pytest.mark.looks
def test_the_last_administrator_is_refused_in_the_dialog(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, f"/administration/staff/{served.cast.admin.pk}/")
    page.locator("[data-opens=deactivate]").click()
    page.locator("#deactivate button.danger").click()
    expect(page.locator("#deactivate [data-refusal]")).to_contain_text("最後の管理者")


@pytest.mark.looks
def test_people_are_found_while_typing(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/people/")
    page.locator("#main input[name=q]").press_sequentially("ナカガワ")
    expect(page.locator("#rows td.main")).to_have_count(1)
    expect(page.locator("#rows td.main")).to_contain_text("中川 太郎")
