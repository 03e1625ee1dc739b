"""What a rule proposed is followed, or put away."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff
from madoguchi.rules.models import Proposal


@transaction.atomic
def put_away(proposal: Proposal, *, by: Staff) -> None:
    """It does not help here; the rule may propose again for another cause. Twice is once."""
    if not access_of(by).acts_for(proposal.ticket.holder_team):
        raise Refused(
            _("Only members of %(team)s can do this.") % {"team": proposal.ticket.holder_team.label},
            code="not_member",
            status=403,
        )
    if Proposal.objects.open().filter(pk=proposal.pk).update(settled_at=timezone.now(), settled_by=by):
        record("proposal.put_away", by=by, about=[proposal.ticket, proposal.rule], data={"text": proposal.text})
