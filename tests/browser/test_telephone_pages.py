"""The telephone's pages, full of data, in either language and theme: nothing is cut or covered, on a phone neither."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.models import BypassDraft, CallBack
from madoguchi.mail.actions.take_in import take_in
from madoguchi.telephony.models import Call, Reconciliation
from tests.desk import Desk
from tests.web.board.day import answered, gave_up
from tests.windows import OpenWindow, assert_accessible

# Fields whose text does not fit, filters outside the window, buttons over what they are about, a 様 on its own line,
# tables that must be scrolled, heads that break within words.
CUT = """() => {
  const fields = [...document.querySelectorAll("main :is(input, select)")];
  const cut = fields.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.offsetParent).map((one) => one.value);
  const filters = [...document.querySelectorAll(".filters .filter")];
  const away = filters.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.innerText);
  const covered = [...document.querySelectorAll("form.panel")].filter((form) => {
    const facts = form.querySelector("dl")?.getBoundingClientRect().bottom ?? 0;
    return form.querySelector("button").getBoundingClientRect().top < facts;
  });
  const alone = [...document.querySelectorAll(".honorific")].filter((one) => one.offsetParent).filter((one) => {
    const name = one.previousElementSibling?.getBoundingClientRect();
    return name && one.getBoundingClientRect().top > name.bottom;
  });
  const wide = [...document.querySelectorAll(".table-wrap")].filter((one) => one.scrollWidth > one.clientWidth + 1);
  const tall = [...document.querySelectorAll(".report thead th")].filter((one) => {
    return one.offsetHeight > 70 && one.closest("thead").offsetWidth > 1; // on a phone the heads are hidden for the eye
  });
  const wrong = [...tall, ...alone.map((one) => one.parentElement), ...wide, ...covered];
  return [...cut, ...away, ...wrong.map((one) => one.innerText)];
}"""

# What of the head's menu is cut off, and a search field that does not even show its one word.
HEAD = """() => {
  const menu = document.querySelector(".top .menu"), search = document.querySelector("#search");
  const style = getComputedStyle(search);
  const room = search.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const tool = document.createElement("canvas").getContext("2d");
  tool.font = style.font;
  const word = Math.ceil(tool.measureText(search.placeholder).width);
  return [menu.scrollWidth - menu.clientWidth, word - room].filter((much) => much > 1); // a pixel is rounding
}"""


@pytest.fixture(scope="module")
def busy(served: Desk) -> int:
    """Calls in vain, owed or not, contacts past the desk, mails to confirm; the comparison that found differences."""
    now, cast = timezone.now(), served.cast
    with served.inside():
        answered(now - timedelta(minutes=50), 9, agent="1001")
        for minutes, wait, number in ((40, 30, "0312340001"), (35, 30, "0312340002"), (30, 2, "0312340003")):
            gave_up(now - timedelta(minutes=minutes), wait, number=number)
        gave_up(now - timedelta(minutes=20), 40, number=None)
        call_back = CallBack.objects.earliest("id")
        CallBack.objects.filter(pk=call_back.pk).update(
            done_at=now, done_by=cast.sato, result="reached", person=cast.yamada
        )
        for place in range(3):
            record_bypass(who="山田 花子", what="VPN", reached=cast.takahashi, person=cast.yamada, by=cast.hayashi)
            mail = f"From: {cast.hayashi.email}\r\nSubject: VPN {place}\r\n\r\n{uuid.uuid4()}\n{'x' * 200}".encode()
            took = take_in(mail, source="smtp", envelope_from="", envelope_to=["desk@x.example"], by=cast.sato)
            BypassDraft.objects.create(mail=took, staff=cast.hayashi)
        known = Call.objects.earliest("id")
        differences: list[dict[str, Any]] = [
            {"kind": "recovered", "call_id": known.call_id, "at": now.isoformat(), "place": 7},
            {"kind": "refused", "call_id": "", "at": None, "place": 8},
        ]
        said = {"why": "There was no record of it; it was recovered.", "written": ""}
        run = Reconciliation.objects.create(
            source="/var/log/asterisk/cdr-csv/Master.csv",
            ended_at=now,
            rows=13,
            matched=8,
            recovered=2,
            refused=3,
            differences=[{**one, **said} for one in differences],
        )
    return run.pk


@pytest.mark.looks
@pytest.mark.parametrize(
    ("width", "language", "theme"),
    [(390, "ja", "light"), (390, "en", "dark"), (1280, "en", "light"), (1440, "ja", "dark"), (1440, "en", "light")],
)
def test_every_page_of_the_telephone_fits_and_is_accessible(
    served: Desk, open_window: OpenWindow, busy: int, width: int, language: str, theme: str
) -> None:
    def seen(page: Page, *paths: str) -> None:
        page.context.add_cookies([{"name": "madoguchi_theme", "value": theme, "url": served.url}])
        for path in paths:
            page.goto(path)
            expect(page.locator("main h1")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            assert page.evaluate(CUT) == [], path
            assert page.evaluate(HEAD) == [], path
            assert_accessible(page)

    lists = [f"/workbench/call-backs/?show={show}" for show in ("owed", "done", "not_owed")]
    reports = [
        "/insight/bypasses/?by=month",
        "/insight/operators/",
        "/insight/operators/?by=half_hour",
        "/insight/calls/",
    ]
    reports.append("/insight/bypasses/contacts/?by=customer&figure=contacts")
    leader = open_window(served.cast.hayashi, "/profile/", width=width, language=language)
    seen(leader, *lists, "/workbench/call-backs/policy/", "/workbench/bypass/drafts/", *reports)
    leader.goto(lists[0])
    leader.locator("td.main a[data-open]").first.click()
    expect(leader.locator("#sheet .verbs button").first).to_be_visible()
    apart = """() => ["#sheet .verbs button", "#sheet legend"]
        .map((what) => document.querySelector(what).getBoundingClientRect().x).reduce((one, other) => one - other)"""
    assert leader.evaluate(apart) == 0, "what one does stands below what one chose"
    if width > 900:
        leader.goto("/workbench/")
        leader.set_viewport_size({"width": width, "height": 240})
        expect(leader.locator("main .column .due").first).to_be_attached()
        leader.evaluate("document.scrollingElement.scrollTo(0, 300)")  # as a browser does that looks for a word
        assert leader.evaluate("scrollY") == 0, "the columns of the seat scroll, the page never"
    admin = open_window(served.cast.admin, "/profile/", width=width, language=language)
    team = f"/administration/teams/{served.cast.call_centre.pk}/"
    comparison = f"/administration/telephones/comparisons/{busy}/"
    seen(admin, "/administration/telephones/", comparison, "/administration/no-ticket-reasons/", team)
    expect(admin.locator("main a:has(code)")).to_have_count(0)
    admin.goto(comparison)
    expect(admin.locator("main a:has(code)")).to_have_count(1)
