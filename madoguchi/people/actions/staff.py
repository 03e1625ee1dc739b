"""Who works here, in which team, with which role. Nobody is ever deleted: what they did keeps their name."""

import secrets
from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import ApiToken, Membership, Role, Staff, Team

_FIELDS = frozenset({"email", "family_name", "given_name", "kana", "extension", "mobile", "language", "calendar"})


@transaction.atomic
def add_staff(*, by: Actor, **fields: Any) -> Staff:
    """A new member of staff, without role and password; ``fields`` as in ``change_staff``."""
    staff = Staff()
    apply(staff, _clean(fields), allowed=_FIELDS)
    if not staff.email or not staff.family_name:
        raise Refused(_("Somebody who works here needs a name and a mail address."), code="incomplete")
    staff.set_unusable_password()
    _save(staff, None)
    record("staff.added", by=by, about=[staff], data={"name": staff.name})
    return staff


@transaction.atomic
def change_staff(staff: Staff, *, by: Actor, **changes: Any) -> Staff:
    """Correct ``email family_name given_name kana extension mobile language calendar``.

    Nobody shares address or extension.
    """
    if changed := apply(staff, _clean(changes), allowed=_FIELDS):
        _save(staff, changed)
        record("staff.changed", by=by, about=[staff], data={"fields": changed})
    return staff


@transaction.atomic
def set_roles(staff: Staff, roles: Iterable[tuple[str, Team | None]], *, by: Actor) -> None:
    """The roles of ``staff`` from now on: (role, team), a team of None being the whole desk."""
    wanted = {(role, team.pk if team else None) for role, team in roles}
    if unknown := {role for role, _team in wanted} - set(Role.values):
        raise Refused(_("There is no role “%(role)s”.") % {"role": min(unknown)[:40]}, code="unknown_role")
    if any(role == Role.ADMINISTRATOR and team is not None for role, team in wanted):
        raise Refused(_("An administrator administers the whole desk, not one team."), code="administrator_of_team")
    if (Role.ADMINISTRATOR, None) not in wanted:
        _somebody_else_administers(staff)
    held = {(row.role, row.team_id): row for row in Membership.objects.filter(staff=staff)}
    added, removed = sorted(wanted - held.keys(), key=str), sorted(held.keys() - wanted, key=str)
    if not added and not removed:
        return
    Membership.objects.filter(pk__in=[held[key].pk for key in removed]).delete()
    Membership.objects.bulk_create(Membership(staff=staff, role=role, team_id=team) for role, team in added)
    record("staff.roles_changed", by=by, about=[staff], data={"added": added, "removed": removed})


@transaction.atomic
def deactivate_staff(staff: Staff, *, by: Actor) -> Staff:
    """No longer works here: signed out everywhere, tokens revoked, the extension free for somebody else."""
    if not staff.is_active:
        return staff
    _somebody_else_administers(staff)
    extension = staff.extension
    staff.is_active, staff.extension = False, ""
    staff.save(update_fields=["is_active", "extension"])
    revoked = ApiToken.objects.filter(staff=staff, revoked_at__isnull=True).update(revoked_at=timezone.now())
    record("staff.deactivated", by=by, about=[staff], data={"extension": extension, "tokens": revoked})
    return staff


@transaction.atomic
def activate_staff(staff: Staff, *, by: Actor) -> Staff:
    """Works here again, with the roles kept; tokens and extension are given anew."""
    if not staff.is_active:
        staff.is_active = True
        staff.save(update_fields=["is_active"])
        record("staff.activated", by=by, about=[staff])
    return staff


@transaction.atomic
def set_password(staff: Staff, *, password: str = "", by: Actor) -> str:
    """Give ``staff`` this password, or a generated one, and return it; whoever is signed in as them is signed out."""
    if password:
        try:
            validate_password(password, staff)
        except ValidationError as error:
            raise Refused(" ".join(error.messages), code="weak_password", field="password") from error
    password = password or secrets.token_urlsafe(12)
    staff.set_password(password)
    staff.save(update_fields=["password"])
    record("staff.password_set", by=by, about=[staff])
    return password


@transaction.atomic
def reset_mfa(staff: Staff, *, by: Actor) -> int:
    """Take away the second factor, for somebody who lost it; how many authenticators went."""
    removed, _rows = Authenticator.objects.filter(user_id=staff.pk).delete()
    if removed:
        record("staff.mfa_reset", by=by, about=[staff])
    return int(removed)


def _somebody_else_administers(staff: Staff) -> None:
    """Refuse to lose the last active administrator. Locks them, so that two who demote each other do not both pass."""
    rows = Membership.objects.select_for_update(of=("self",)).filter(role=Role.ADMINISTRATOR, team__isnull=True)
    administrators = {row.staff_id for row in rows.order_by("pk") if row.staff_id}
    active = set(Staff.objects.filter(pk__in=administrators, is_active=True).values_list("pk", flat=True))
    if active == {staff.pk}:
        raise Refused(
            _("%(name)s is the last administrator. Make somebody else administrator first.") % {"name": staff.name},
            code="last_administrator",
            status=409,
        )


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    clean = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    if "email" in clean:
        clean["email"] = clean["email"].lower()
    if "kana" in clean:
        clean["kana"] = to_hiragana(clean["kana"])
    return clean


def _save(staff: Staff, fields: list[str] | None) -> None:
    """Save, and say in words what the database will not hold twice."""
    others = Staff.objects.exclude(pk=staff.pk)
    if others.filter(email__iexact=staff.email).exists():
        raise Refused(_("Somebody already signs in with this address."), code="email_taken", status=409, field="email")
    if staff.extension and (holder := others.filter(extension=staff.extension).first()):
        raise Refused(
            _("Extension %(extension)s belongs to %(name)s.") % {"extension": staff.extension, "name": holder.name},
            code="extension_taken",
            status=409,
            field="extension",
        )
    try:
        with transaction.atomic():
            staff.save(update_fields=fields)
    except IntegrityError as error:
        raise Refused(_("Address or extension is already taken."), code="taken", status=409) from error
