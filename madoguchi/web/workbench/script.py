"""The script that walks along with a contact: which walk it is, where it stands, how it ended."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.queries import path_of
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Access
from madoguchi.people.models import Staff
from madoguchi.scripts import walk as walking
from madoguchi.scripts.actions.walk import begin, finish
from madoguchi.scripts.definition import Definition, ValidationError, parse
from madoguchi.scripts.expected import Wrong
from madoguchi.scripts.models import ScriptVersion, Walk
from madoguchi.scripts.queries import in_force
from madoguchi.web.knowledge.scripts.walking import Shown, shown, team_of
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench.intake import Intake


def walk_of(contact: Interaction, intake: Intake, data: dict[str, Any]) -> Walk | None:
    """The walk of this inquiry along its category's script; the last one begun, on the version that it began with.

    A walk along the script of a category above counts if that one led this category when the walk began.
    """
    if intake.category is None or intake.ticket is not None:
        return None
    place = {node.pk: depth for depth, node in enumerate(path_of(intake.category))}
    rows = Walk.objects.filter(
        interaction=contact, round=data.get("round", 0), version__script__category__in=place
    ).select_related("version__script")
    for walk in sorted(rows.order_by("-id"), key=lambda row: -place[row.version.script.category_id]):
        script = walk.version.script
        if script.category_id == intake.category.pk:
            return walk
        led = in_force(intake.category, walk.started_at)
        if led is None or led.script_id == script.pk:
            return walk
    return None


def follow(contact: Interaction, intake: Intake, data: dict[str, Any], *, by: Staff) -> None:
    """A category was chosen: its script begins, and walks of this inquiry along other scripts are left."""
    walk = walk_of(contact, intake, data)
    others = Walk.objects.filter(interaction=contact, round=data.get("round", 0), outcome="")
    for other in others.exclude(pk=walk.pk) if walk is not None else others:
        finish(other, outcome=Walk.Outcome.LEFT, by=by)
    if walk is None and intake.category is not None and intake.ticket is None:
        version = in_force(intake.category, timezone.now())
        definition = read(version)
        if version is not None and definition is not None:
            here = walking.position(definition, intake.details, (), timezone.localdate())
            begin(contact, version=version, here=here, round=data.get("round", 0), by=by)


def settle(contact: Interaction, *, outcome: str, by: Staff) -> None:
    """The inquiry has its outcome; called before its round is over."""
    data = form.draft_of(contact)
    for walk in Walk.objects.filter(interaction=contact, round=data.get("round", 0), outcome=""):
        finish(walk, outcome=outcome, by=by)


def script_of(
    contact: Interaction, intake: Intake, data: dict[str, Any], access: Access, *, wrong: Wrong | None = None
) -> Shown | None:
    """What the middle column shows of the script; None when the category has none in force."""
    walk = walk_of(contact, intake, data)
    if walk is None and (intake.category is None or intake.ticket is not None):
        return None
    assert intake.category is not None
    version = walk.version if walk is not None else in_force(intake.category, timezone.now())
    definition = read(version)
    if version is None or definition is None:
        return None
    return shown(
        definition,
        intake.category,
        here=walk.here if walk is not None else "",
        answers=intake.details,
        passed=walk.passed if walk is not None else (),
        names=names_of(contact, intake, access),
        today=timezone.localdate(),
        access=access,
        wrong=wrong,
        left=walk is None or walk.outcome == Walk.Outcome.LEFT,
        number=version.number,
    )


def names_of(contact: Interaction, intake: Intake, access: Access) -> dict[str, str]:
    """What is put into the texts of a script beside answers."""
    person = contact.person
    return {
        "requester": person.polite_name if person else contact.contact_name or _("the caller"),
        "organization": contact.organization.name if contact.organization else "",
        "operator": access.staff.family_name or access.staff.name,
        "team": team_of(access),
        "category": intake.category.label if intake.category else "",
    }


def read(version: ScriptVersion | None) -> Definition | None:
    """What a version says; None when it cannot be read any more."""
    try:
        return parse(version.definition) if version is not None else None
    except ValidationError:
        return None
