"""Keys for programs: made, shown once, revoked."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import ApiToken, Staff
from madoguchi.people.tokens import SCOPES, issue


@transaction.atomic
def create_token(
    staff: Staff, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None, by: Actor
) -> str:
    """A token of ``staff``; the text is returned this once."""
    if not staff.is_active:
        raise Refused(_("Somebody who no longer works here gets no token."), code="inactive", status=409)
    chosen = sorted(set(scopes))
    if not chosen or set(chosen) - set(SCOPES):
        raise Refused(_("Choose what the token may do."), code="scopes", field="scopes")
    if expires_at is not None and expires_at <= timezone.now():
        raise Refused(_("The token would already have expired."), code="expired", field="expires_at")
    text = issue(staff=staff, scopes=chosen, name=name.strip()[:100], expires_at=expires_at)
    record("staff.token_created", by=by, about=[staff], data={"name": name.strip()[:100], "scopes": chosen})
    return text


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """The token opens nothing from now on; twice is once."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record("staff.token_revoked", by=by, about=[token.staff], data={"name": token.name})
