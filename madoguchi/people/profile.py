"""What members of staff change about themselves."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.models import Staff

_LIMITS = {"family_name": 100, "given_name": 100, "kana": 200, "language": 5}


@transaction.atomic
def change_own_profile(
    staff: Staff,
    *,
    family_name: str | None = None,
    given_name: str | None = None,
    kana: str | None = None,
    language: str | None = None,
) -> Staff:
    """Change the named fields of ``staff`` by themselves; None leaves a field, no ``language`` means none chosen."""
    given = {"family_name": family_name, "given_name": given_name, "kana": kana, "language": language}
    changes = {name: value.strip() for name, value in given.items() if value is not None}
    if changes.get("family_name") == "":
        raise Refused(
            _("Your family name is missing."),
            code="incomplete",
            missing=[{"key": "family_name", "label": _("Family name")}],
        )
    if "kana" in changes:
        changes["kana"] = to_hiragana(changes["kana"])
    if changes.get("language", "") not in {"", *dict(settings.LANGUAGES)}:
        raise Refused(_("This language is not offered."), code="unknown_language")
    for name, value in changes.items():
        limit = _LIMITS[name]
        if len(value) > limit:
            raise Refused(
                _("This is too long: at most %(limit)d characters.") % {"limit": limit}, code="too_long", field=name
            )
    changed = [name for name, value in changes.items() if getattr(staff, name) != value]
    if not changed:
        return staff
    for name in changed:
        setattr(staff, name, changes[name])
    staff.save(update_fields=changed)
    record("staff.profile_changed", by=staff, about=[staff], data={"fields": changed})
    return staff
