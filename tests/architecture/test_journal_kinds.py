import ast
import re
from pathlib import Path

from madoguchi.reactions import REACTIONS
from tests.architecture.source import PACKAGE, files, name, parsed

TIMELINE = PACKAGE / "web" / "tickets" / "timeline.html"
KIND = re.compile(r"[a-z_]+\.[a-z_]+")
ABOUT_A_TICKET = re.compile(r"\bticket\b")


def recorded() -> dict[str, tuple[str, bool]]:
    """Every kind that the code records: where, and whether a ticket is among its subjects."""
    found: dict[str, tuple[str, bool]] = {}
    for path in files(".py", under=("madoguchi",)):
        if path == PACKAGE / "journal" / "record.py":
            continue
        for call in ast.walk(parsed(path)):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "record"
                and call.args
            ):
                kinds = kinds_in(call.args[0], path)
                assert kinds, f"{name(path)}:{call.lineno}: the kind must be written out"
                about = next((ast.unparse(word.value) for word in call.keywords if word.arg == "about"), "")
                for kind in kinds:
                    ticket = bool(ABOUT_A_TICKET.search(about)) or kind.startswith("ticket.")
                    found[kind] = (f"{name(path)}:{call.lineno}", ticket or found.get(kind, ("", False))[1])
    return found


def kinds_in(expression: ast.expr, path: Path) -> set[str]:
    """The kinds an expression can be: its own strings, those of the module's constants that it names, and,
    when it is a parameter, those of the calls to the function around it."""
    named = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    sources: list[ast.AST] = [expression]
    for statement in parsed(path).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id in named for target in targets):
            sources.append(statement)
    for around in ast.walk(parsed(path)):
        if isinstance(around, ast.FunctionDef) and expression in ast.walk(around):
            parameters = {argument.arg for argument in (*around.args.args, *around.args.kwonlyargs)}
            if parameters & named:
                sources += calls_to(around.name, path)
    strings = {node.value for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant)}
    return {text for text in strings if isinstance(text, str) and KIND.fullmatch(text)}


def calls_to(function: str, path: Path) -> list[ast.AST]:
    """The calls in a module to a function, or to a method, of this name."""
    return [
        node
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and function in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}
    ]


def test_every_kind_about_a_ticket_has_its_fragment_in_the_timeline() -> None:
    if not TIMELINE.parent.exists():
        return
    macros = set(re.findall(r"{%-?\s*macro\s+(\w+)\s*\(", TIMELINE.read_text(encoding="utf-8")))
    missing = {
        kind: where for kind, (where, ticket) in recorded().items() if ticket and kind.replace(".", "_") not in macros
    }
    assert missing == {}


def test_every_reaction_listens_to_something_that_is_recorded() -> None:
    assert REACTIONS.keys() - recorded().keys() == set()


def test_kinds_are_short_enough_for_the_journal() -> None:
    assert [kind for kind in recorded() if len(kind) > 64] == []
