"""The documentation stays true: its links lead somewhere, its commands and make targets exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import Choices
from django.utils import translation

from madoguchi.cli.commands import COMMANDS
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.interactions.models import Interaction
from madoguchi.knowledge.models import State as ArticleState
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.models import Role
from madoguchi.people.tokens import SCOPES
from madoguchi.telephony.models import CallState, OperatorState, Outcome
from madoguchi.tickets.models import Priority, Status, WaitingFor
from madoguchi.worker.schedule import QUEUES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = ROOT / "docs" / "operations.md"

STATES: tuple[type[Choices], ...] = (
    Status, WaitingFor, Priority, Handoff.State, Handoff.ReturnReason, RoutingDecision.Kind, Interaction.State,
    CallState, Outcome, OperatorState.State, ArticleState, OutgoingMail.State, Role,
)  # fmt: skip

_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_WORDS = re.compile(r"(?:`|^|bin/|; |\S=\S+ )madoguchi ((?:[a-z][a-z-]*)(?: [a-z]+)?)", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_TARGET = re.compile(r"(?:`|^|&& )make ([a-z]+)", re.MULTILINE)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings answer to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_named(page: Path) -> Iterator[str]:
    """``serve``, ``token create``: of two words both when there is such a command, else the first."""
    known = {command.name for command in COMMANDS}
    for words in _WORDS.findall(page.read_text(encoding="utf-8")):
        yield words if words in known else words.split()[0]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    known = {command.name for command in COMMANDS}
    assert sorted(set(commands_named(page)) - known) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for code in _CODE.findall(page.read_text(encoding="utf-8")) for target in _TARGET.findall(code)}
    assert sorted(named - known) == []


def test_every_command_is_documented() -> None:
    assert sorted({command.name for command in COMMANDS} - set(commands_named(OPERATIONS))) == []


def test_every_scope_and_every_queue_is_documented() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert [scope for scope in SCOPES if f"`{scope}`" not in text] == []
    assert [queue for queue in QUEUES if f'queue="{queue}"' not in text] == []


@pytest.mark.parametrize("states", STATES, ids=lambda states: states.__qualname__)
def test_every_state_has_its_words(states: type[Choices]) -> None:
    words = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    assert [value for value in states.values if f"`{value}`" not in words] == []
    with translation.override("ja"):
        assert [label for label in map(str, states.labels) if not label.isascii() and label not in words] == []


def test_every_decision_is_listed_and_numbered_once() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(page.name for page in folder.glob("[0-9]*.md"))
    assert [int(record[:4]) for record in records] == list(range(1, len(records) + 1))
    listed = _LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    assert listed == records


def test_every_room_stands_in_the_floor_plan() -> None:
    plan = _FENCE.search((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    assert plan is not None
    rooms = {path.parent.name for path in (ROOT / "madoguchi").glob("*/__init__.py")}
    assert sorted(rooms - set(re.findall(r"[a-z]+", plan[0]))) == []


def test_no_page_tells_where_it_was_written() -> None:
    assert [name(page) for page in PAGES if re.search(r"/work/|/tmp/|/root/\.", page.read_text(encoding="utf-8"))] == []
