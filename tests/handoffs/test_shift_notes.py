"""申し送り: left for the next shift, ticked by those who read it."""

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.shift_notes import acknowledge_shift_note, post_shift_note, settle_shift_note
from tests.cast import Cast


def test_a_note_is_acknowledged_once_by_each_reader(cast: Cast) -> None:
    note = post_shift_note(team=cast.call_centre, body="明朝サーバー停止あり", by=cast.sato)
    acknowledge_shift_note(note, by=cast.suzuki)
    acknowledge_shift_note(note, by=cast.suzuki)
    assert [read.staff for read in note.acknowledgements.order_by("id")] == [cast.sato, cast.suzuki]


def test_strangers_to_the_team_neither_write_nor_tick(cast: Cast) -> None:
    note = post_shift_note(team=cast.call_centre, body="明朝サーバー停止あり", by=cast.sato)
    for stranger in (cast.takahashi, cast.ogawa, cast.watanabe):
        with pytest.raises(Refused):
            post_shift_note(team=cast.call_centre, body="横から", by=stranger)
        with pytest.raises(Refused):
            acknowledge_shift_note(note, by=stranger)


def test_a_settled_note_is_settled_once(cast: Cast) -> None:
    note = settle_shift_note(post_shift_note(team=cast.call_centre, body="済み", by=cast.sato), by=cast.suzuki)
    first = note.settled_at
    assert settle_shift_note(note, by=cast.sato).settled_at == first


def test_an_empty_note_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused):
        post_shift_note(team=cast.call_centre, body="  ", by=cast.sato)
