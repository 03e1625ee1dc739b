"""What differs between two texts: all of both is there, whatever they say, and no text takes long."""

import random
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.knowledge import difference as room
from madoguchi.knowledge.difference import Line, difference

TEXTS = st.text("あい漢 a1\n", max_size=60)


def side(lines: list[Line], kind: str, whole: str) -> list[str]:
    """The lines of one text as the difference tells them; what it skips is taken from the text itself."""
    told: list[str] = []
    for line in lines:
        if line.kind == "skipped":
            told += whole.split("\n")[len(told) : len(told) + line.count]
        elif line.kind in {"same", kind}:
            told.append("".join(text for text, _differs in line.pieces))
    return told


@pytest.mark.parametrize("most", [4_000_000, 30, 0])
@given(former=TEXTS, latter=TEXTS)
def test_both_texts_can_be_read_from_it(former: str, latter: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_MOST", most)
        lines = difference(former, latter)
    assert side(lines, "gone", former) == former.split("\n")
    assert side(lines, "came", latter) == latter.split("\n")
    assert (former == latter) == all(line.kind in {"same", "skipped"} for line in lines)


def test_a_word_that_changed_is_marked_within_its_line() -> None:
    gone, came = difference("ポートは 25 です", "ポートは 587 です")
    assert [text for text, differs in gone.pieces if differs] == ["25"]
    assert [text for text, differs in came.pieces if differs] == ["587"]


def test_how_much_is_compared_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = count()
    by_word: Callable[[str, str], object] = room._by_word
    monkeypatch.setattr(room, "_by_word", lambda gone, came: (next(compared), by_word(gone, came))[1])
    dice = random.Random(1)
    texts = ["\n".join("".join(dice.choices("あい", k=1_000)) for _line in range(40)) for _text in range(2)]
    assert len(difference(*texts)) == 80
    assert next(compared) == 4  # of a million pairs each
