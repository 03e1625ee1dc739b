"""Where one stands follows from the definition, the answers and what was passed, and nothing else."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.scripts.conditions import Amount, Answered, Contains, Is
from madoguchi.scripts.definition import ENDS, Ask, parse
from madoguchi.scripts.expected import Expected
from madoguchi.scripts.walk import ahead, beyond, lacking, position, way
from madoguchi.scripts.words import expected_said
from tests.scripts.writing import mail_script

TODAY = date(2026, 11, 26)
SCRIPT = parse(mail_script())
ANSWERS = {
    "error_code": "0x80042109",
    "since_when": "今朝",
    "mail-web": "いいえ",
    "impact": "自分",
    "steps_tried": "再起動",
}


def at(answers: dict[str, Any], *passed: str) -> str:
    return position(SCRIPT, answers, passed, TODAY)


def test_what_was_answered_before_is_skipped() -> None:
    assert at({}) == "hello"
    assert at({"error_code": "0x1"}, "hello") == "since"
    assert at({"since_when": "今朝"}, "hello") == "code"
    assert at(ANSWERS, "hello") == "number"
    assert at(ANSWERS | {"callback_number": "0312345678"}, "hello") == "to-desk"


@pytest.mark.parametrize("answer", ["はい", "Yes", "yes", "ﾊｲ"])
def test_a_branch_follows_what_was_verified_in_any_language(answer: str) -> None:
    assert at({"error_code": "x", "since_when": "x", "mail-web": answer}, "hello") == "fix"


def test_going_on_from_a_step_jumped_to_skips_what_is_known() -> None:
    assert beyond(SCRIPT, "code", ANSWERS, ["hello"], TODAY) == "number"
    assert beyond(SCRIPT, "to-desk", ANSWERS, ["hello"], TODAY) == "to-desk"


def test_a_step_that_is_required_cannot_be_passed_without_an_answer() -> None:
    assert at({}, "hello", "code") == "code"
    assert at({}, "hello", "code", "since") == "code"
    assert at({"error_code": "x"}, "hello", "since") == "web"


def test_an_answer_that_does_not_fit_is_come_back_to() -> None:
    steps = [
        {"kind": "ask", "key": "n", "item": "number", "expected": {"pattern": "9999-A"}},
        {"kind": "resolve", "key": "end"},
    ]
    script = parse({"steps": steps})
    assert position(script, {"number": "12-A"}, ["n"], TODAY) == "n"
    assert position(script, {"number": "１２３４-a"}, [], TODAY) == "end"


def test_an_item_is_required_only_when_its_condition_holds() -> None:
    when = [{"kind": "is", "item": "who", "one_of": ["全社"]}]
    steps = [{"kind": "ask", "key": "n", "item": "n", "required": True, "when": when}, {"kind": "resolve", "key": "e"}]
    step = parse({"steps": steps}).steps[0]
    assert lacking(step, {"who": "本人"}, TODAY) is None
    assert lacking(step, {"who": "全社"}, TODAY) is not None


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        ({"pattern": "0x????????"}, "0X800CCC0E", "800CCC0E"),
        ({"pattern": "K-*"}, "K-2026-01", "2026"),
        ({"shortest": 2, "longest": 4}, "今朝", "今"),
        ({"at_least": 1, "at_most": 500}, "１,０".replace(",", ""), "501"),
        ({"at_least": 1}, "3", "三"),
        ({"from_day": -30, "to_day": 0}, "2026-11-01", "2026-11-27"),
        ({"to_day": 0}, "2026-11-26", "昨日"),
    ],
)
def test_what_an_answer_has_to_look_like(expected: dict[str, Any], good: str, bad: str) -> None:
    assert Expected(**expected).wrong(good, TODAY) is None
    assert Expected(**expected).wrong(bad, TODAY) is not None


def test_a_pattern_is_never_slow() -> None:
    assert Expected(pattern="A*?9").wrong("a" * 20_000, TODAY) is not None
    assert not Expected(pattern="**").is_possible


@pytest.mark.parametrize(
    ("condition", "answer", "holds"),
    [
        (Is(item="i", one_of=["全社", "yes"]), "はい", True),
        (Is(item="i", one_of=["全社"]), "本人のみ", False),
        (Contains(item="i", words=["サーバー"]), "ｻｰﾊﾞｰが落ちた", True),
        (Contains(item="i", words=["サーバー"]), "", False),
        (Answered(item="i"), " ", False),
        (Answered(item="i", yes=False), None, True),
        (Amount(item="i", at_least=10), "１２", True),
        (Amount(item="i", at_most=10), "たくさん", False),
    ],
)
def test_a_condition_looks_at_one_answer(condition: Any, answer: Any, holds: bool) -> None:
    assert condition.holds({"i": answer}) is holds


VALUE = st.sampled_from(["", "はい", "いいえ", "0x1", "今朝"])
KEYS = [step.key for step in SCRIPT.steps]


@given(st.dictionaries(st.sampled_from(SCRIPT.items), VALUE), st.lists(st.sampled_from(KEYS)), st.sampled_from(KEYS))
@settings(max_examples=200, deadline=None)
def test_whoever_goes_on_and_answers_arrives_at_an_end_from_anywhere(
    answers: dict[str, str], passed: list[str], jumped_to: str
) -> None:
    """Jumping costs nothing: the place after it depends on answers and passed steps alone, and an end is near."""
    here, given_answers = jumped_to, dict(answers)
    for _ in range(len(KEYS) + 1):
        step = SCRIPT.step(here)
        if isinstance(step, ENDS):
            break
        if step.kind in {"ask", "check"} and lacking(step, given_answers, TODAY):
            given_answers[step.item] = "いいえ"
        passed = [*passed, here]
        moved = beyond(SCRIPT, here, given_answers, passed, TODAY)
        assert moved == beyond(SCRIPT, here, given_answers, set(passed), TODAY)
        here = moved
    assert isinstance(SCRIPT.step(here), ENDS)


@given(st.dictionaries(st.sampled_from(SCRIPT.items), VALUE), st.lists(st.sampled_from(KEYS)))
@settings(max_examples=200, deadline=None)
def test_the_way_shown_ends_where_one_stands(answers: dict[str, str], passed: list[str]) -> None:
    shown = way(SCRIPT, answers, passed, TODAY)
    assert [one.done for one in shown] == [True] * (len(shown) - 1) + [False]
    assert shown[-1].step.key == at(answers, *passed)
    assert all(one.key not in {seen.step.key for seen in shown} for one in ahead(SCRIPT, at(answers, *passed), answers))


def test_days_that_an_answer_may_have_are_said_as_people_say_them() -> None:
    ask = {"kind": "ask", "key": "n", "item": "n", "expected": {"from_day": -30, "to_day": 0}}
    step = parse({"steps": [ask, {"kind": "resolve", "key": "e"}]}).steps[0]
    assert isinstance(step, Ask)
    with override("ja"):
        assert expected_said(step) == "30日前〜、今日まで"
    with override("en"):
        assert expected_said(step) == "from 30 days ago, until today"
