"""Groups of conditions within groups: drawn, changed and kept by the form, as they were meant."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.rules.actions.write import write_rule
from madoguchi.rules.definition import parse
from madoguchi.rules.models import Rule
from madoguchi.web.rules.builder import of_rule
from tests.cast import Cast
from tests.rules.rules import TELL, on, rule

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
LEVELS = ("low", "normal", "high", "urgent")


class Controls(HTMLParser):
    """What a browser would send of a page's form, as it stands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._select: tuple[str, bool] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        name = told.get("name", "")
        if tag == "select":
            self._select = (name, "multiple" in told)
        elif tag == "option" and self._select:
            name, many = self._select
            if "selected" in told or (not many and name not in self.sent):
                self.sent[name] = ([*self.sent.get(name, [])] if many else []) + [told.get("value", "")]
        elif tag == "input" and name and (told.get("type") != "checkbox" or "checked" in told):
            self.sent.setdefault(name, []).append(told.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


def sent(page: Any) -> dict[str, Any]:
    form = page.content.decode().partition('id="rule-form"')[2].partition("</form>")[0]
    return {**Controls(form).sent}


def priority(level: str) -> dict[str, Any]:
    return {"kind": "priority", "one_of": [level]}


def holds(node: dict[str, Any], true: set[str]) -> bool:
    """A tree of priorities, each of which is said to hold or not."""
    if "all" in node:
        return all(holds(part, true) for part in node["all"])
    if "any" in node:
        return any(holds(part, true) for part in node["any"])
    return not holds(node["not"], true) if "not" in node else node["one_of"][0] in true


def trees(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    leaf = st.sampled_from(LEVELS).map(priority)
    if depth == 0:
        return leaf
    inner = trees(depth - 1)
    return st.one_of(
        leaf,
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    )


@settings(max_examples=200, deadline=None)
@given(trees(3), st.sets(st.sampled_from(LEVELS)))
def test_whatever_the_tree_the_form_says_the_same(where: dict[str, Any], true: set[str]) -> None:
    written = parse({"when": on("opened"), "where": where, "then": [TELL]}).written
    again = of_rule(Rule(name="規則", definition=written)).definition()
    assert parse(again).written["where"] == again["where"]
    assert holds(again["where"], true) == holds(where, true)


URGENT_OR_VIP = {
    "all": [
        {"kind": "line", "first": True},
        {"any": [priority("urgent"), {"all": [priority("high"), {"not": {"kind": "assigned", "yes": True}}]}]},
        {"not": {"any": [{"kind": "words", "any_of": ["試験"], "by": "anybody"}, {"kind": "hours", "open": False}]}},
    ]
}


@pytest.mark.django_db
def test_groups_within_groups_are_opened_and_saved_as_they_are(cast: Cast, sign_in: Any) -> None:
    written = rule(cast.hayashi, on("opened"), TELL, where=URGENT_OR_VIP)
    before = written.definition
    client: Client = sign_in(cast.hayashi)
    page = client.get(f"/rules/{written.pk}/edit/")
    said = "（優先度が「緊急」、または（優先度が「高」、かつ「担当者がいる」ではない））"
    assert said in page.content.decode()
    client.post(f"/rules/{written.pk}/edit/", sent(page) | {"c1-1-0.one_of": ["low"]})
    written.refresh_from_db()
    assert written.number == 2
    before["where"]["all"][1]["any"][1]["all"][0]["one_of"] = ["low"]
    assert written.definition == before


@pytest.mark.django_db
def test_groups_are_built_and_taken_away_by_buttons(cast: Cast, sign_in: Any) -> None:
    client: Client = sign_in(cast.hayashi)

    def press(verb: str, data: dict[str, Any]) -> dict[str, Any]:
        page = client.post("/rules/builder/", data | {"do": verb}, headers=FRAGMENT)
        html = page.content.decode()
        focused = html[: html.index(" autofocus")].rpartition('id="')[2].partition('"')[0]
        return {"name": "規則", **Controls(html).sent, "focused": focused}

    form = sent(client.get("/rules/new/"))
    form = press("add-group", form)
    assert (form["focused"], form["c1.match"]) == ("c1.match", ["any"])
    form = press("add-condition-c1", form | {"c1-0.one_of": ["high"]})
    assert form["focused"] == "c1-1.kind"
    form = press("add-group-c1", form | {"c1-1.one_of": ["low"]})
    assert (form["focused"], form["c1-2.match"]) == ("c1-2.match", ["all"])
    assert "add-group-c1-2" not in client.post("/rules/builder/", form).content.decode()
    lacking = client.post("/rules/sentence/", form, headers=FRAGMENT).content.decode()
    assert "条件2-3-1: 値を一つ以上" in lacking
    form = press("remove-c1-2-0", form)
    assert form["focused"] == "add-condition-c1"
    assert "c1-2.match" not in form
    client.post("/rules/new/", form)
    where = Rule.objects.get().definition["where"]
    assert where == {"all": [priority("urgent"), {"any": [priority("high"), priority("low")]}]}


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["add-condition-c9", "add-group-c0", "remove-c", "remove-c²", "remove-c0-0", "add-x"])
def test_buttons_that_are_not_there_do_nothing(cast: Cast, sign_in: Any, verb: str) -> None:
    client: Client = sign_in(cast.hayashi)
    form = sent(client.get("/rules/new/"))
    page = client.post("/rules/builder/", form | {"do": verb}, headers=FRAGMENT)
    assert {**Controls(page.content.decode()).sent, "name": form["name"], "name_en": form["name_en"]} == {
        name: value for name, value in form.items() if name != "csrfmiddlewaretoken"
    }


def test_deadlines_complaints_a_calendars_hours_and_a_teams_supervisors_stand_in_the_form(
    cast: Cast, sign_in: Any
) -> None:
    definition = {
        "when": {"kind": "event", "on": ["clock_warned", "complaint"]},
        "where": {
            "all": [
                {"kind": "clock", "one_of": ["resolution"], "percent": 80},
                {"kind": "hours", "open": False, "calendar": "always"},
                {"kind": "complaint", "yes": True},
            ]
        },
        "then": [{"kind": "notify", "whom": ["offered_to"], "teams": ["network"]}],
    }
    made = write_rule(name="期限", definition=definition, by=cast.hayashi)
    form = of_rule(made)
    assert form is not None
    assert form.checked().written == made.definition
    page = sign_in(cast.hayashi).get(f"/rules/{made.pk}/edit/").content.decode()
    assert 'name="c0.percent" id="c0.percent" value="80"' in page
    assert '<option value="network" selected>' in page
    assert 'id="add-condition"' in page
