"""申し送り on the page: per team, unread first, ticked by name, settled."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from madoguchi.handoffs.actions.shift_notes import acknowledge_shift_note, post_shift_note
from madoguchi.handoffs.models import ShiftNote
from tests.cast import Cast
from tests.web.handoffs.test_inbox import HTMX

SignIn = Callable[..., Client]
BOX = {**HTMX, "HX-Target": "div#note-box"}
LIST = {**HTMX, "HX-Target": "div#notes-list"}


def test_notes_of_the_own_teams_stand_there_unread_first(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    post_shift_note(team=cast.call_centre, body="他の人の話", by=cast.suzuki)
    post_shift_note(team=cast.call_centre, body="自分の話", by=cast.sato)
    post_shift_note(team=cast.service_desk, body="よその話", by=cast.takahashi)
    client = sign_in(cast.sato)
    with django_assert_num_queries(9):
        html = client.get("/handoffs/notes/").content.decode()
    assert html.index("他の人の話") < html.index("自分の話")
    assert "よその話" not in html
    for note in ShiftNote.objects.filter(team=cast.call_centre):
        acknowledge_shift_note(note, by=cast.sato)
    post_shift_note(team=cast.call_centre, body="さらに", by=cast.suzuki)
    with django_assert_num_queries(9):
        client.get("/handoffs/notes/")


def test_a_note_is_written_ticked_and_settled(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    answer = client.post("/handoffs/notes/", {"body": "明朝<b>停止</b>"}, headers=BOX)
    assert answer.status_code == 200
    assert "明朝" not in answer.content.decode()
    note = ShiftNote.objects.get()
    html = sign_in(cast.suzuki).get("/handoffs/notes/", headers=LIST).content.decode()
    assert "明朝&lt;b&gt;停止&lt;/b&gt;" in html
    assert "未読" in html
    ticked = client.post(f"/handoffs/notes/{note.pk}/acknowledge/", headers=LIST).content.decode()
    assert "確認済み: 鈴木 大輔" in ticked
    assert "申し送りはありません" in client.post(f"/handoffs/notes/{note.pk}/settle/", headers=LIST).content.decode()


def test_without_a_text_or_a_team_nothing_is_written(cast: Cast, sign_in: SignIn) -> None:
    refusal = sign_in(cast.sato).post("/handoffs/notes/", {"body": " "}, headers=BOX)
    assert 'data-missing="body"' in refusal.content.decode()
    refusal = sign_in(cast.hayashi).post("/handoffs/notes/", {"body": "どこへ"}, headers=BOX)
    assert 'data-missing="team"' in refusal.content.decode()
    refusal = sign_in(cast.sato).post("/handoffs/notes/", {"body": "よそへ", "team": str(cast.network.pk)}, headers=BOX)
    assert refusal.status_code == 422
    assert not ShiftNote.objects.exists()


def test_another_teams_notes_are_not_there(cast: Cast, sign_in: SignIn) -> None:
    note = post_shift_note(team=cast.call_centre, body="社内の話", by=cast.sato)
    for stranger in (cast.ogawa, cast.takahashi):
        client = sign_in(stranger)
        assert "社内の話" not in client.get("/handoffs/notes/").content.decode()
        for act in ("acknowledge", "settle"):
            assert client.post(f"/handoffs/notes/{note.pk}/{act}/").status_code == 404
    assert sign_in(cast.watanabe).get("/handoffs/notes/").status_code == 403
