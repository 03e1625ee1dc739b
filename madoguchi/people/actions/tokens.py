"""Keys for programs: made, shown once, revoked."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
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


FEED = ["feeds:read"]


def feed_tokens(staff: Staff) -> QuerySet[ApiToken]:
    """The key with which a feed reader reads as this person, if there is one: it opens feeds and nothing else."""
    return ApiToken.objects.filter(staff=staff, scopes=FEED, revoked_at__isnull=True)


@transaction.atomic
def renew_feed_token(staff: Staff) -> str:
    """A new key for one's own feed reader, returned this once; the one before opens nothing any more."""
    end_feed(staff)
    return create_token(staff, name=_("Feed"), scopes=FEED, by=staff)


@transaction.atomic
def end_feed(staff: Staff) -> None:
    """No feed reader reads as this person any more."""
    for token in feed_tokens(staff):
        revoke_token(token, by=staff)
