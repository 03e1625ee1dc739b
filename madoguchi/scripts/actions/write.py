"""A script is written as a draft, switched on from a moment on, or ended: who did what stays on record."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.actions import add_item, change_item
from madoguchi.catalog.models import Category
from madoguchi.foundation.kept import one_line
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.written import accepted
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.scripts.checking import check
from madoguchi.scripts.definition import Definition
from madoguchi.scripts.models import Script, ScriptVersion
from madoguchi.scripts.queries import offered, own_items, surroundings_of
from madoguchi.scripts.words import sentence

DRAFT, ON = ScriptVersion.State.DRAFT, ScriptVersion.State.ON
# Planned and ended before it came, or replaced in the moment it began.
_NEVER = Q(effective_until__isnull=False, effective_until__lte=F("effective_from"))


@transaction.atomic
def save_draft(
    category: Category, *, definition: dict[str, Any], by: Actor, note: str = "", if_revision: int | None = None
) -> ScriptVersion:
    """The draft of the category's script, whatever is still wrong with it; the first one makes the script.

    Refuses (409) when somebody saved the draft since ``if_revision`` of it was read (0: there was none).
    """
    _require_writer(by)
    checked = _parsed(definition)
    script, _created = Script.objects.get_or_create(category=category)
    script = Script.objects.select_for_update().get(pk=script.pk)
    draft = script.versions.filter(state=DRAFT).first()
    if if_revision is not None and if_revision != (draft.revision if draft else 0):
        raise Refused(
            _("Somebody saved this draft meanwhile. Look at it before you save yours."), code="version", status=409
        )
    fields = {
        "definition": checked.written,
        "note": one_line(note)[:300],
        "staff": by if isinstance(by, Staff) else None,
        "at": timezone.now(),
    }
    if draft is None:
        last = script.versions.aggregate(last=Max("number"))["last"] or 0
        draft = ScriptVersion.objects.create(script=script, number=last + 1, **fields)
    else:
        for name, value in fields.items():
            setattr(draft, name, value)
        draft.revision += 1
        draft.save(update_fields=[*fields, "revision"])
    record("script.saved", by=by, about=[script, category], data={"name": category.name, "number": draft.number})
    return draft


@transaction.atomic
def switch_on(version: ScriptVersion, *, by: Actor, since: datetime | None = None) -> ScriptVersion:
    """The draft is in force from ``since`` (now, unless later) until the next version begins.

    Refuses what the checks find fault with; what is only good to know keeps nothing back. What the script itself asks
    and verifies becomes known in the catalogue, so that tickets name the answers; it is asked by the script alone.
    """
    _require_writer(by)
    script = (
        Script.objects.select_for_update(of=("self",)).select_related("category__destination").get(pk=version.script_id)
    )
    version = ScriptVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.state != DRAFT:
        raise Refused(_("This version is not a draft any more."), code="not_draft", status=409)
    definition = _parsed(version.definition)
    now = timezone.now()
    moment = max(since or now, now)
    found = check(definition, surroundings_of(definition, script.category, moment))
    if faults := [fault for fault in found if fault.blocks]:
        labels = {key: item.label for key, item in offered(definition, script.category, moment).items()}
        said = [sentence(definition, fault, labels) for fault in faults]
        raise Refused(
            _("The script cannot be switched on yet: %(fault)s") % {"fault": said[0]}, code="faults", faults=said
        )
    on = script.versions.filter(state=ON)
    on.filter(effective_from__lt=moment).filter(Q(effective_until__isnull=True) | Q(effective_until__gt=moment)).update(
        effective_until=moment
    )
    # What was planned for the very moment, or has begun in it, gives way.
    on.filter(effective_from=moment).update(effective_until=moment)
    later = on.filter(effective_from__gt=moment).exclude(_NEVER).order_by("effective_from").first()
    version.state, version.effective_from = ON, moment
    version.effective_until = later.effective_from if later else None
    version.save(update_fields=["state", "effective_from", "effective_until"])
    _enter_items(script.category, definition, by=by)
    record(
        "script.switched_on",
        by=by,
        about=[script, script.category],
        data={"name": script.category.name, "number": version.number, "from": moment.isoformat()},
    )
    return version


@transaction.atomic
def end(version: ScriptVersion, *, by: Actor) -> ScriptVersion:
    """No call begins by this version any more. Walks that began go on.

    A planned version that does not come leaves the one before it in force, until the next that is planned.
    """
    _require_writer(by)
    script = Script.objects.select_for_update(of=("self",)).select_related("category").get(pk=version.script_id)
    version = ScriptVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    now = timezone.now()
    if version.effective_from is None or (version.effective_until is not None and version.effective_until <= now):
        raise Refused(_("This version is not in force."), code="not_in_force", status=409)
    if version.effective_from > now:
        before = script.versions.filter(state=ON, effective_until=version.effective_from).exclude(_NEVER)
        before.update(effective_until=version.effective_until)
    version.effective_until = max(now, version.effective_from)
    version.save(update_fields=["effective_until"])
    record(
        "script.ended",
        by=by,
        about=[script, script.category],
        data={"name": script.category.name, "number": version.number},
    )
    return version


@transaction.atomic
def discard(version: ScriptVersion, *, by: Staff) -> None:
    """The draft is thrown away. Refuses what was switched on."""
    _require_writer(by)
    script = Script.objects.select_for_update(of=("self",)).select_related("category").get(pk=version.script_id)
    if not ScriptVersion.objects.filter(pk=version.pk, state=DRAFT).delete()[0]:
        raise Refused(_("This version is not a draft any more."), code="not_draft", status=409)
    record(
        "script.discarded",
        by=by,
        about=[script, script.category],
        data={"name": script.category.name, "number": version.number},
    )


def _enter_items(category: Category, definition: Definition, *, by: Actor) -> None:
    known = {item.key: item for item in category.items.all()}
    for key, wanted in own_items(definition).items():
        fields = {name: getattr(wanted, name) for name in ("name", "name_en", "kind", "choices")}
        if key in known:
            change_item(known[key], by=by, **fields)
        else:
            add_item(category, by=by, key=key, is_required=False, is_active=False, **fields)


def _parsed(definition: Any) -> Definition:
    return accepted(Definition, definition, otherwise=_("The script cannot be read."))


def _require_writer(by: Actor) -> None:
    if isinstance(by, Staff) and not access_of(by).can(Capability.WRITE_SCRIPTS):
        raise Refused(
            _("Only supervisors, knowledge keepers and administrators write scripts."), code="not_writer", status=403
        )
