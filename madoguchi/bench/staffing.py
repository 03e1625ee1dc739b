"""Hundreds of operators for a bench, each with an extension and an open session, inside the desk."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from madoguchi.people.models import Membership, Role, Staff, Team
from madoguchi.telephony.actions.set_operator_state import set_operator_state

_FIRST = 70_000  # an extension that nobody of the sample company has


@transaction.atomic
def run(order: dict[str, Any]) -> list[dict[str, str]]:
    """``order``: ``operators``. Of each ``staff`` (id), ``extension``, ``cookie``; who was made before is kept."""
    team = Team.objects.get(key="call-centre")
    return [_operator(_FIRST + number, team) for number in range(order["operators"])]


def _operator(extension: int, team: Team) -> dict[str, str]:
    staff, made = Staff.objects.get_or_create(
        extension=str(extension),
        defaults={"email": f"bench-{extension}@localhost.example", "family_name": "計測", "given_name": str(extension)},
    )
    if made:
        Membership.objects.create(staff=staff, team=team, role=Role.OPERATOR)
    set_operator_state(staff, "available", by=staff)
    session = SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.create()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return {"staff": str(staff.pk), "extension": str(extension), "cookie": cookie}
