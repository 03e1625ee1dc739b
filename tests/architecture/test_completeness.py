import re
from io import StringIO

import pytest
from django.core.management import call_command

from madoguchi.config.environment import PREFIX, SETTINGS
from tests.architecture.source import ROOT
from tools import catalogues

OPERATIONS = ROOT / "docs" / "operations.md"


def test_every_sentence_has_its_japanese() -> None:
    said = catalogues.extracted()
    assert said.unreadable == []
    assert sorted(said.messages.keys() - catalogues.current()) == []


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    assert sorted(catalogues.current() - catalogues.extracted().messages.keys()) == []


def test_translations_keep_the_placeholders() -> None:
    assert catalogues.mismatches(catalogues.extracted().messages, catalogues.stored()) == []


def test_japanese_sentences_have_full_width_brackets() -> None:
    assert catalogues.half_width_brackets(catalogues.stored()) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("担当(不在)", True),
        ("ファイル (CSV) を選ぶ", True),
        ("%(role)s(%(team)s)", True),
        ("担当（%(team)s）", False),
        ("[文字](アドレス)で書く", False),
        ("now()を使う", False),
        ("OAuth (beta)", False),
    ],
)
def test_half_width_brackets_are_found_in_japanese_text_alone(text: str, wrong: bool) -> None:
    assert bool(catalogues.half_width_brackets({("", "x"): text})) == wrong


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, stderr=out, skip_checks=True)
    except SystemExit:
        pytest.fail(out.getvalue())


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    if not OPERATIONS.parent.exists():
        return
    documented = set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+\b", OPERATIONS.read_text(encoding="utf-8")))
    assert sorted(SETTINGS.keys() - documented) == []
    assert sorted(name for name in documented if not {name, name.removesuffix("_FILE")} & SETTINGS.keys()) == []
