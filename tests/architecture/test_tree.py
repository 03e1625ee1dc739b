import re
from pathlib import Path

from tests.architecture.source import PACKAGE, files, name

LONGEST = 500
TEXT = {".py", ".html", ".md", ".toml", ".css", ".js", ".po", ".json", ".jsonl", ".csv", ".txt", ".yml", ".yaml", ""}
# Written in pieces, or this file would be its own first finding.
MACHINE = re.compile(
    "|".join([r"(?<![\w.$}/])/" + place + r"/\w" for place in ("wo" + "rk", "ro" + "ot", "ho" + "me", "t" + "mp")])
)
WORKSHOP = re.compile("cl" + "aude|anth" + "ropic|co" + "dex|chat" + "gpt|cop" + "ilot", re.IGNORECASE)

INLINE = {
    "script with content": re.compile(r"<script\b(?![^>]*(\bsrc=|application/json))[^>]*>", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_no_python_file_is_longer_than_can_be_read() -> None:
    long = {name(path): lines for path in files(".py") if (lines := read(path).count("\n")) > LONGEST}
    assert {path: lines for path, lines in long.items() if not path.endswith("migrations/0001_initial.py")} == {}


def test_no_file_names_a_place_on_one_machine_or_the_workshop() -> None:
    found = [
        f"{name(path)}:{number}: {line.strip()[:120]}"
        for path in files()
        if path.suffix in TEXT and name(path) not in {"uv.lock", ".git"}
        for number, line in enumerate(read(path).splitlines(), start=1)
        if MACHINE.search(line) or WORKSHOP.search(line)
    ]
    assert found == []


def test_pages_have_no_inline_script_or_style() -> None:
    """The content security policy would drop it."""
    found = [
        f"{name(path)}: {what}: {match.group()[:80]}"
        for path in files(".html", under=("madoguchi/web",))
        for what, pattern in INLINE.items()
        for match in pattern.finditer(re.sub(r"{#.*?#}", "", read(path), flags=re.DOTALL))
    ]
    assert found == []


def test_no_act_hides_in_save_or_in_a_signal() -> None:
    signals = re.compile(r"django\.(db\.models\.signals|dispatch)|^\s+def save\(self", re.MULTILINE)
    assert [name(path) for path in files(".py", under=("madoguchi",)) if signals.search(read(path))] == []


def test_every_package_of_the_house_is_one() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
