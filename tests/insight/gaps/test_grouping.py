"""Texts that belong together, whatever order they come in."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.insight.gaps.grouping import Text, nearness, stars, words_of
from madoguchi.search import meaning

SUBJECTS = [
    "メールが送信できない",
    "メールの送信ができない",
    "ﾒｰﾙを送信できません",
    "VPNに接続できない",
    "ＶＰＮ接続ができない",
    "VPN エラー691",
    "VPN エラー 691 が出る",
    "印刷できない",
    "請求書の再発行",
    "請求書を再発行してほしい",
]
TEXTS = [Text(f"ticket:{place:03}", words_of(subject)) for place, subject in enumerate(SUBJECTS)]


def grouped(texts: list[Text]) -> set[tuple[str, frozenset[str]]]:
    return {
        (texts[star.centre].key, frozenset(texts[place].key for place, _near in star.members)) for star in stars(texts)
    }


def test_what_means_the_same_stands_together() -> None:
    places = [sorted(int(key[-3:]) for key in members) for _centre, members in grouped(TEXTS)]
    assert sorted(places) == [[0, 1, 2], [3, 4], [5, 6], [7], [8, 9]]


def test_what_the_encoder_calls_alike_needs_no_word_in_common() -> None:
    one, other = np.zeros(meaning.DIMENSIONS, np.float32), np.zeros(meaning.DIMENSIONS, np.float32)
    one[0], other[:2] = 1, (0.9, 0.436)
    texts = [Text("a", ["送る"], one), Text("b", ["送信"], other), Text("c", ["届く"])]
    assert grouped(texts) == {("a", frozenset("ab")), ("c", frozenset("c"))}


@settings(max_examples=60, deadline=None)
@given(st.permutations(TEXTS + [Text(f"search:{place}", text.words) for place, text in enumerate(TEXTS[::2])]))
def test_the_order_in_which_they_came_changes_nothing(texts: list[Text]) -> None:
    assert grouped(texts) == grouped(sorted(texts, key=lambda text: text.key))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("アイウエオカ"), min_size=1, max_size=4, unique=True), max_size=25))
def test_every_text_is_in_one_group_and_near_its_middle(words: list[list[str]]) -> None:
    texts = [Text(f"{place:03}", row) for place, row in enumerate(words)]
    found = stars(texts)
    assert sorted(place for star in found for place, _near in star.members) == list(range(len(texts)))
    for star in found:
        near = next(nearness([texts[star.centre]], texts))
        assert all(near[place] >= 0.999 for place, _value in star.members)
