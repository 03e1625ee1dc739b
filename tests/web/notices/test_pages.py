"""Notices on their pages: in force, planned, past; who posts, who reads; the line over every page."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.journal.models import Entry
from madoguchi.notices.actions import post_notice
from madoguchi.notices.models import Notice
from tests.cast import Cast

SignIn = Callable[..., Client]
STRIP = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#notices"}


def posted(cast: Cast, title: str, *, begins: float = -1, ends: float | None = None, gravity: int = 3) -> Notice:
    """A notice whose times are hours from now."""
    now = timezone.now()
    return post_notice(
        title=title,
        body="本文",
        gravity=gravity,
        starts_at=now + timedelta(hours=begins),
        ends_at=now + timedelta(hours=ends) if ends is not None else None,
        by=cast.hayashi,
    )


def titles(page: Any) -> list[tuple[str, str]]:
    return re.findall(r'<h2>([^<\s]+)|notice-title" data-open href="[^"]+">([^<]+)<', page.content.decode())


def test_notices_stand_by_their_time(cast: Cast, sign_in: SignIn) -> None:
    posted(cast, "終わった障害", begins=-5, ends=-2)
    posted(cast, "連絡", gravity=1)
    posted(cast, "障害", begins=-3)
    posted(cast, "明後日の保守", begins=48, ends=50, gravity=2)
    posted(cast, "明日の保守", begins=24, ends=26, gravity=2)
    found = [head or title for head, title in titles(sign_in(cast.sato).get("/notices/"))]
    assert [word for word in found if word != "キーボード"] == [
        "掲示中",
        "障害",
        "連絡",
        "予定",
        "明日の保守",
        "明後日の保守",
        "終了",
        "終わった障害",
    ]


def test_an_empty_list_says_what_will_stand_there(cast: Cast, sign_in: SignIn) -> None:
    assert "お知らせはまだありません" in sign_in(cast.sato).get("/notices/").content.decode()


@pytest.mark.parametrize(("who", "status"), [("sato", 200), ("watanabe", 200), ("ogawa", 200), ("outsider", 403)])
def test_whoever_reads_tickets_reads_notices_partners_too(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    notice = posted(cast, "障害")
    client = sign_in(getattr(cast, who))
    for path in ("/notices/", "/notices/strip/", f"/notices/{notice.pk}/"):
        assert client.get(path).status_code == status


def test_the_line_tells_outages_and_maintenance_in_force_and_nothing_else(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ogawa)
    posted(cast, "連絡だけ", gravity=1)
    posted(cast, "まだ先", begins=1)
    posted(cast, "もう済んだ", begins=-3, ends=-1)
    assert client.get("/notices/strip/", headers=STRIP).content.strip() == b""
    posted(cast, "保守中", gravity=2)
    posted(cast, "メール障害<b>")
    line = client.get("/notices/strip/", headers=STRIP).content.decode()
    assert re.findall(r'<a href="/notices/\d+/">([^<]+)</a>', line) == ["メール障害&lt;b&gt;", "保守中"]


FORM = {
    "title": "メール障害",
    "body": "復旧作業中",
    "gravity": "3",
    "starts_at": "2026-11-30T14:05",
    "ends_at": "2026-11-30T18:00",
}


def test_a_supervisor_posts_corrects_and_ends_a_notice(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    answer = client.post(
        "/notices/new/", {**FORM, "starts_at": "", "ends_at": "", "categories": [cast.mail_trouble.pk]}
    )
    notice = Notice.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/notices/{notice.pk}/"
    assert (notice.title, notice.gravity, notice.posted_by) == ("メール障害", 3, cast.hayashi)
    assert list(notice.categories.all()) == [cast.mail_trouble]
    client.post(f"/notices/{notice.pk}/edit/", {**FORM, "title": "直した"})
    notice.refresh_from_db()
    assert notice.title == "直した"
    assert timezone.localtime(notice.starts_at).strftime("%Y-%m-%d %H:%M") == "2026-11-30 14:05"
    assert not notice.categories.exists()
    Notice.objects.update(starts_at=timezone.now() - timedelta(hours=1))
    assert client.post(f"/notices/{notice.pk}/end/").status_code == 302
    assert client.post(f"/notices/{notice.pk}/end/").status_code == 409
    assert not Notice.objects.in_force().exists()
    assert list(Entry.objects.order_by("id").values_list("kind", flat=True)) == [
        "notice.posted",
        "notice.changed",
        "notice.ended",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"gravity": "9"},
        {"gravity": ""},
        {"starts_at": "tomorrow"},
        {"ends_at": "2026-11-30T14:05"},
        {"ends_at": "2026-13-45T99:00"},
    ],
)
def test_what_a_notice_cannot_be_is_refused(cast: Cast, sign_in: SignIn, wrong: dict[str, str]) -> None:
    answer = sign_in(cast.hayashi).post("/notices/new/", {**FORM, **wrong})
    assert answer.status_code == 422
    assert not Notice.objects.exists()


@pytest.mark.parametrize("who", ["sato", "watanabe", "mori", "outsider"])
def test_only_supervisors_post(cast: Cast, sign_in: SignIn, who: str) -> None:
    notice = posted(cast, "障害")
    client = sign_in(getattr(cast, who))
    for path in ("/notices/new/", f"/notices/{notice.pk}/edit/", f"/notices/{notice.pk}/end/"):
        assert client.post(path, FORM).status_code == 403
    assert Notice.objects.get().title == "障害"
    assert Notice.objects.in_force().exists()


def test_many_notices_cost_no_more_queries_and_page_without_gap(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("madoguchi.web.notices.views.PAST", 2)
    client, spent = sign_in(cast.sato), []
    for number in range(5):
        posted(cast, f"済{number}", begins=-9 + number, ends=-1)
        posted(cast, f"中{number}")
        client.get("/notices/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/notices/")
        spent.append(len(queries))
    assert len(set(spent[1:])) == 1
    seen, address = [], "/notices/"
    while address:
        answer = client.get(address)
        seen += [title for _head, title in titles(answer) if title.startswith("済")]
        following = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        address = following.group(1) if following else ""
    assert seen == ["済4", "済3", "済2", "済1", "済0"]
