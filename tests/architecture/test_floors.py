import ast
import os
import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db import models

from tests.architecture.source import PACKAGE, ROOT, files, floors, name, parsed, room_of

RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}


def test_imports_point_down_and_there_are_no_circles() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_room_stands_on_a_floor() -> None:
    rooms = {
        path.stem if path.is_file() else path.name
        for path in PACKAGE.iterdir()
        if not path.name.startswith(("__", "."))
    }
    assert rooms - {"locale"} <= floors().keys()


def test_relations_between_rooms_point_down() -> None:
    heights = floors()
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        room = room_of(model.__module__)
        if room is None:
            continue
        for field in model._meta.get_fields():
            if not field.is_relation or (field.auto_created and not field.concrete) or field.related_model is None:
                continue
            target = field.related_model
            assert isinstance(target, type)
            assert issubclass(target, models.Model)
            below = room_of(target.__module__)
            if below not in {None, room} and heights[below or ""] >= heights[room]:
                wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert wrong == []


def test_relations_between_rooms_name_the_class() -> None:
    """A string slips past the linter."""
    wrong = []
    for path in files(".py", under=("madoguchi",)):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(parsed(path)):
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Attribute)
                or node.func.attr not in RELATIONS
            ):
                continue
            target = (
                node.args[0] if node.args else next((word.value for word in node.keywords if word.arg == "to"), None)
            )
            if isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value:
                wrong.append(f"{name(path)}:{node.lineno} {target.value}")
    assert wrong == []
