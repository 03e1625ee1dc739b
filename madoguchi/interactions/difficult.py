"""Difficult calls: marked as complaint or harassment, with the steps the company requires, and a quiet alarm."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Difficulty, DifficultyKind, Interaction, ListeningNote, RequiredStep
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff

# カスタマーハラスメント: what the ministry's guideline asks of an employer in the call itself.
DEFAULT_STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    DifficultyKind.HARASSMENT: (
        ("複数名で対応する", "Take it with a colleague"),
        ("記録する", "Record what is said"),
        ("警告する", "Warn the caller"),
        ("通話を終える", "End the call"),
    ),
    DifficultyKind.COMPLAINT: (
        ("事実を記録する", "Write down the facts"),
        ("上席に報告する", "Report it to the supervisor"),
    ),
    DifficultyKind.HELP: (),
}
MOST_STEPS, LONGEST_STEP = 12, 100


def steps_for(kind: str) -> list[tuple[str, str]]:
    """(name, English name) of what is required in a call of this kind."""
    rows = list(RequiredStep.objects.filter(kind=kind).values_list("name", "name_en"))
    return rows or list(DEFAULT_STEPS[kind])


@transaction.atomic
def set_required_steps(kind: str, steps: Iterable[tuple[str, str]], *, by: Actor) -> None:
    """Replace the steps of a kind, for calls that are marked from now on; none: the guideline's defaults again."""
    wanted = [(name.strip(), name_en.strip()) for name, name_en in steps if name.strip()]
    if kind not in DEFAULT_STEPS or kind == DifficultyKind.HELP:
        raise Refused(_("There are no steps for this kind of call."), code="kind")
    if len(wanted) > MOST_STEPS or any(len(word) > LONGEST_STEP for step in wanted for word in step):
        raise Refused(
            _("At most %(steps)s steps of %(letters)s letters each.") % {"steps": MOST_STEPS, "letters": LONGEST_STEP},
            code="too_long",
        )
    RequiredStep.objects.filter(kind=kind).delete()
    RequiredStep.objects.bulk_create(
        RequiredStep(kind=kind, position=place, name=name, name_en=name_en)
        for place, (name, name_en) in enumerate(wanted)
    )
    record(
        "call.required_steps_set", by=by, about=[], data={"kind": kind, "steps": [name for name, _name_en in wanted]}
    )


@transaction.atomic
def mark(contact: Interaction, *, kind: str, by: Staff) -> Difficulty:
    """This contact is difficult, during it or afterwards; twice is once, and what was withdrawn stands again."""
    if kind not in DifficultyKind.values:
        raise Refused(_("Say what kind of difficult call it is."), code="kind")
    steps = [{"name": name, "name_en": name_en, "at": None, "by": ""} for name, name_en in steps_for(kind)]
    difficulty, created = Difficulty.objects.get_or_create(
        interaction=contact, kind=kind, defaults={"staff": by, "at": timezone.now(), "steps": steps}
    )
    again = not created and Difficulty.objects.filter(pk=difficulty.pk, withdrawn_at__isnull=False).update(
        withdrawn_at=None, staff=by, at=timezone.now()
    )
    if created or again:
        difficulty.refresh_from_db()
        record("call.marked_difficult", by=by, about=_about(difficulty), data={"kind": kind})
    return difficulty


@transaction.atomic
def withdraw(difficulty: Difficulty, *, by: Staff) -> Difficulty:
    """It was not, after all; an alarm of it is over."""
    if Difficulty.objects.filter(pk=difficulty.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now()):
        difficulty.refresh_from_db()
        record("call.difficulty_withdrawn", by=by, about=_about(difficulty), data={"kind": difficulty.kind})
    return difficulty


@transaction.atomic
def take_step(difficulty: Difficulty, place: int, *, done: bool = True, by: Staff) -> Difficulty:
    """A required step was taken (or was not, after all); ``place`` counts from 0."""
    held = Difficulty.objects.select_for_update().get(pk=difficulty.pk)
    if not 0 <= place < len(held.steps):
        raise Refused(_("There is no such step."), code="step", status=404)
    step: dict[str, Any] = held.steps[place]
    if bool(step["at"]) != done:
        step["at"], step["by"] = (timezone.now().isoformat(), by.name) if done else (None, "")
        held.save(update_fields=["steps"])
        data = {"kind": held.kind, "step": step["name"], "done": done}
        record("call.step_taken", by=by, about=_about(held), data=data)
    return held


@transaction.atomic
def raise_alarm(contact: Interaction, *, by: Staff) -> Difficulty:
    """Call the supervisor quietly: what the contact is marked as, or that help is wanted. Twice is once."""
    standing = Difficulty.objects.standing().filter(interaction=contact)
    difficulty = standing.order_by("id").last() or mark(contact, kind=DifficultyKind.HELP, by=by)
    alarmed = Difficulty.objects.filter(pk=difficulty.pk).exclude(alarmed_at__isnull=False, answered_at__isnull=True)
    if alarmed.update(alarmed_at=timezone.now(), answered_at=None, answered_by=None):
        difficulty.refresh_from_db()
        data = {"kind": difficulty.kind, "team": contact.team_id}
        record("call.alarm_raised", by=by, about=_about(difficulty), data=data)
    return difficulty


@transaction.atomic
def answer_alarm(difficulty: Difficulty, *, by: Staff) -> Difficulty:
    """A supervisor has seen it and takes care; the operator's screen says so without a word to read aloud."""
    if Difficulty.objects.alarms().filter(pk=difficulty.pk).update(answered_at=timezone.now(), answered_by=by):
        difficulty.refresh_from_db()
        record("call.alarm_answered", by=by, about=_about(difficulty), data={"kind": difficulty.kind})
    return difficulty


@transaction.atomic
def note_listening(difficulty: Difficulty, *, text: str, by: Staff) -> ListeningNote:
    """What the supervisor heard or said; an alarm that stands is thereby answered."""
    if not text.strip():
        raise Refused(_("Write what you heard or said."), code="empty", missing=[{"key": "text", "label": _("Note")}])
    note = ListeningNote.objects.create(difficulty=difficulty, staff=by, text=text.strip()[:4000], at=timezone.now())
    answer_alarm(difficulty, by=by)
    record("call.listened", by=by, about=_about(difficulty), data={"kind": difficulty.kind})
    return note


def _about(difficulty: Difficulty) -> list[Any]:
    contact = difficulty.interaction
    return [contact, contact.call, contact.person, contact.staff]
