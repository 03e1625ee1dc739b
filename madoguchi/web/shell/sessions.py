"""Who asks: the session and its member of staff, read at every request by prepared queries.

Nothing is kept between requests: a session that ended, a role that changed, somebody who left count at once.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Staff

_session = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now).values_list("session_data")
)
_staff = Prepared(lambda key: Staff.objects.filter(pk=key))


class SessionStore(db.SessionStore):
    """Django's sessions in the database; ``settings.SESSION_ENGINE`` names this module."""

    def load(self) -> dict[str, Any]:
        found = _session.first(self.session_key or "", timezone.now())
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found[0])


class StaffBackend(AuthenticationBackend):
    """Sign-in by allauth; ``get_user`` gives nobody who has left."""

    def get_user(self, user_id: Any) -> Staff | None:
        staff = _staff.first(user_id)
        return staff if staff is not None and self.user_can_authenticate(staff) else None
