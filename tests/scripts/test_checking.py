"""The checker accepts exactly the scripts in which going every way by hand finds nothing wrong."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.scripts.checking import Code, Surroundings, check
from madoguchi.scripts.definition import ENDS, Branch, Definition, parse
from tests.scripts.writing import ITEMS, mail_script, yes

ALL = Surroundings(items=ITEMS, required={"": ITEMS, "network": ["impact"]}, articles=["mail-001"])
KEYS = ["a", "b", "c", "d", "e", "f"]


def codes(definition: dict[str, Any], around: Surroundings = ALL) -> dict[str, set[Code]]:
    found: dict[str, set[Code]] = {}
    for fault in check(parse(definition), around):
        found.setdefault(fault.step, set()).add(fault.code)
    return found


def changed(key: str, **fields: Any) -> dict[str, Any]:
    """The mail script with one step changed."""
    script = mail_script()
    return {"steps": [step | fields if step["key"] == key else step for step in script["steps"]]}


def without(key: str) -> dict[str, Any]:
    return {"steps": [step for step in mail_script()["steps"] if step["key"] != key]}


def test_a_good_script_has_no_fault() -> None:
    assert codes(mail_script()) == {}


def test_a_script_without_steps_is_none() -> None:
    assert codes({"steps": []}) == {"": {Code.EMPTY}}


@pytest.mark.parametrize(
    ("definition", "step", "code"),
    [
        (without("to-desk"), "number", Code.DEAD_END),
        (changed("hello", next="gone"), "hello", Code.NO_SUCH_STEP),
        (changed("hello", next="since"), "code", Code.UNREACHABLE),
        (changed("number", next="tried"), "tried", Code.LOOP),
        (without("tried"), "to-desk", Code.NOT_ASKED),
        (changed("hello", next="impact"), "to-desk", Code.NOT_ASKED),
        (changed("since", next="fork"), "fork", Code.NOT_ASKED_BEFORE),
        (changed("hello", text=" "), "hello", Code.NO_TEXT),
        (changed("hello", text="{customer}"), "hello", Code.UNKNOWN_PLACEHOLDER),
        (changed("code", item=""), "code", Code.NO_ITEM),
        (changed("code", item="colour"), "code", Code.UNKNOWN_ITEM),
        (changed("code", item="own", question={"name": "", "kind": "text"}), "code", Code.QUESTION_INCOMPLETE),
        (changed("code", expected={"shortest": 9, "longest": 3}), "code", Code.IMPOSSIBLE),
        (changed("fix", kind="article", article=""), "fix", Code.NO_ARTICLE),
        (changed("fix", kind="article", article="old"), "fix", Code.UNKNOWN_ARTICLE),
        (changed("to-desk", to="nobody"), "to-desk", Code.NO_DESTINATION),
        (changed("fork", ways=[]), "fork", Code.NO_WAY),
        (changed("fork", ways=[{"when": [], "next": "fix"}]), "fork", Code.NO_CONDITION),
        (changed("fork", ways=[{"when": [{"kind": "is", "item": "mail-web"}]}]), "fork", Code.CONDITION_INCOMPLETE),
    ],
)
def test_each_fault_is_found_at_its_step(definition: dict[str, Any], step: str, code: Code) -> None:
    assert code in codes(definition).get(step, set())


def test_a_hand_over_to_a_team_needs_what_that_team_requires() -> None:
    assert codes(changed("to-desk", to="network") | {}) == {}
    short = {"steps": [{"kind": "hand_over", "key": "end", "to": "network"}]}
    fault = check(parse(short), ALL)[0]
    assert (fault.code, fault.names) == (Code.NOT_ASKED, ("impact",))


def test_what_only_categories_below_require_names_them() -> None:
    heirs = [
        ("受信", {"": ["impact", "x"], "network": ["impact"]}),
        ("送信", {"": ["x"], "network": ["impact"]}),
        ("添付", {"": ["y"], "network": ["impact"]}),
    ]
    around = Surroundings(items=[*ITEMS, "x", "y"], required={"": ["impact"], "network": ["impact"]}, heirs=heirs)
    faults = check(parse({"steps": [{"kind": "hand_over", "key": "end"}]}), around)
    assert [(fault.blocks, fault.names, fault.categories) for fault in faults] == [
        (True, ("impact",), ()),
        (False, ("x",), ("受信", "送信")),
        (False, ("y",), ("添付",)),
    ]
    named = check(parse({"steps": [{"kind": "hand_over", "key": "end", "to": "network"}]}), around)
    assert [(fault.names, fault.categories) for fault in named] == [(("impact",), ())]


# --- random scripts ----------------------------------------------------------------------------------------------

NEXT = st.sampled_from(["", *KEYS, "gone"])
ITEM = st.sampled_from(["x", "y"])


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key in KEYS[: draw(st.integers(1, len(KEYS)))]:
        kind = draw(st.sampled_from(["say", "ask", "ask", "branch", "hand_over", "resolve"]))
        step: dict[str, Any] = {"kind": kind, "key": key}
        if kind in {"say", "ask", "branch"}:
            step["next"] = draw(st.one_of(st.just(""), NEXT))
        if kind == "say":
            step["text"] = "はい"
        if kind == "ask":
            step["item"] = draw(ITEM)
        if kind == "branch":
            ways = st.lists(st.tuples(ITEM, NEXT), min_size=1, max_size=2)
            step["ways"] = [{"when": [yes(item)], "next": to} for item, to in draw(ways)]
        found.append(step)
    return found


def walked_every_way(definition: Definition) -> bool:
    """Whether nothing is wrong, found by going every way from the beginning, step by step."""
    seen: set[str] = set()

    def go(key: str, been: list[str], asked: set[str]) -> bool:
        step = definition.step(key)
        if step is None or key in been:
            return False
        seen.add(key)
        if isinstance(step, Branch) and any(one.item not in asked for way in step.ways for one in way.when):
            return False
        if isinstance(step, ENDS):
            return step.kind != "hand_over" or asked >= {"x", "y"}
        asked = asked | ({step.item} if step.kind == "ask" else set())
        leads = [step.next, *(way.next for way in step.ways)] if isinstance(step, Branch) else [step.next]
        place = definition.steps.index(step)
        below = definition.steps[place + 1].key if place + 1 < len(definition.steps) else ""
        return all(go(one or below, [*been, key], asked) for one in leads)

    return go(definition.steps[0].key, [], set()) and seen == {step.key for step in definition.steps}


@given(steps())
@settings(max_examples=400, deadline=None)
def test_a_script_is_accepted_exactly_when_every_way_through_it_is_good(written: list[dict[str, Any]]) -> None:
    definition = parse({"steps": written})
    around = Surroundings(items=["x", "y"], required={"": ["x", "y"]})
    assert (check(definition, around) == []) is walked_every_way(definition)
    # The same, when only categories below require the second one: then it is told, and keeps nothing back.
    heirs = [("子", {"": ["x", "y"]}), ("孫", {"": ["y"]})]
    below = check(definition, Surroundings(items=["x", "y"], required={"": ["x"]}, heirs=heirs))
    assert (below == []) is walked_every_way(definition)
    own = check(definition, Surroundings(items=["x", "y"], required={"": ["x"]}))
    assert [fault for fault in below if fault.blocks] == own


@given(steps())
@settings(max_examples=100, deadline=None)
def test_what_was_written_is_read_again(written: list[dict[str, Any]]) -> None:
    definition = parse({"steps": written})
    assert parse(definition.written) == definition
