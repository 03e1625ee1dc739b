"""Setting an error aside never is one."""

import pytest
from django.db import DatabaseError

from madoguchi.problems.models import Problem
from madoguchi.problems.set_aside import resolve, set_aside


def test_an_error_is_kept_with_its_traceback_and_what_it_concerns(db: None) -> None:
    try:
        raise KeyError("colour")
    except KeyError as error:
        shown = set_aside("mail.outbox", error, path="/x", staff_id=3, mail=7)
    kept = Problem.objects.get(pk=shown.pk)
    assert (kept.where, kept.kind, kept.path, kept.staff_id, kept.facts) == (
        "mail.outbox",
        "KeyError",
        "/x",
        3,
        {"mail": 7},
    )
    assert "raise KeyError" in kept.traceback


@pytest.mark.parametrize("text", ["a\0b", "lone \udce3 surrogate", "長" * 50_000], ids=["nul", "surrogate", "long"])
def test_text_that_a_database_cannot_hold_is_kept_as_far_as_it_can(db: None, text: str) -> None:
    shown = set_aside("page", ValueError(text), path=text, raw=text, odd=object())
    kept = Problem.objects.get(pk=shown.pk)
    assert kept.message
    assert "\0" not in kept.message


def test_without_a_database_there_is_still_an_id_to_show(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(Problem, "save", away)
    assert len(set_aside("page", ValueError("x")).pk) == 8
    assert not Problem.objects.exists()


def test_a_resolved_problem_leaves_the_list(db: None) -> None:
    problem = set_aside("page", "something")
    resolve(problem)
    problem.refresh_from_db()
    assert problem.resolved_at is not None
