"""What the work after a call is for a team."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Team
from madoguchi.telephony.models import WrapupPolicy

SHORTEST_S, LONGEST_S = 5, 3600


@transaction.atomic
def set_wrapup_policy(team: Team, *, mode: str, seconds: int | None, by: Actor) -> WrapupPolicy:
    """``seconds`` (5 to 3600) belong to the time-boxed kind only. Counts from the next wrap-up on."""
    if mode not in WrapupPolicy.Mode.values:
        raise Refused(_("Choose what the wrap-up is like."), code="mode", field="mode")
    if mode != WrapupPolicy.Mode.TIMED:
        seconds = None
    elif seconds is None or not SHORTEST_S <= seconds <= LONGEST_S:
        raise Refused(
            _("A time-boxed wrap-up lasts from %(shortest)s to %(longest)s seconds.")
            % {"shortest": SHORTEST_S, "longest": LONGEST_S},
            code="seconds",
            field="seconds",
        )
    policy, _created = WrapupPolicy.objects.update_or_create(team=team, defaults={"mode": mode, "seconds": seconds})
    record("team.wrapup_policy_set", by=by, about=[team], data={"mode": mode, "seconds": seconds})
    return policy
