"""What can happen to a call that is owed."""

from collections.abc import Mapping
from datetime import datetime

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.refusal import Refused, done_already
from madoguchi.interactions.actions.contacts import dismiss
from madoguchi.interactions.models import WARN_AHEAD, Attempt, CallBack, Interaction
from madoguchi.interactions.reasons import CALLED_AGAIN, CALLED_BACK, NO_CALL
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import access_of
from madoguchi.people.models import Person, Staff, Team
from madoguchi.people.standing_in import substitute_of


@transaction.atomic
def promise_call_back(
    *,
    number: str,
    due_at: datetime,
    team: Team,
    by: Actor,
    name: str = "",
    person: Person | None = None,
    staff: Staff | None = None,
    interaction: Interaction | None = None,
    note: str = "",
    reason: str = CallBack.Reason.PROMISED,
) -> CallBack:
    """Owe somebody a call (折り返し): date, number and the name to ask for.

    Whoever will be away then is stood in for: by the substitute, or by the team, so that the call is not forgotten.
    """
    normalised = phone.normalise(number)
    if not normalised:
        raise Refused(_("A call-back needs a telephone number."), code="number_missing")
    if reason == CallBack.Reason.PROMISED and due_at <= timezone.now():
        raise Refused(_("A call-back is promised for a time to come."), code="past")
    stand_in = substitute_of(staff, due_at) if staff else None
    if stand_in:
        staff, team = stand_in.staff, stand_in.team or team
    call_back = CallBack.objects.create(
        number=normalised,
        due_at=due_at,
        team=team,
        name=name or (person.name if person else ""),
        person=person,
        staff=staff,
        interaction=interaction,
        note=note,
        reason=reason,
        next_at=due_at - WARN_AHEAD,
    )
    record(
        "call_back.promised",
        by=by,
        about=[call_back, interaction, person, staff, team],
        data={
            "due_at": due_at.isoformat(),
            "number": normalised,
            "name": call_back.name,
            "reason": reason,
            **({"cover": stand_in.told()} if stand_in else {}),
        },
    )
    return call_back


_SETTLES = {
    CallBack.Result.WITHDRAWN: NO_CALL,
    CallBack.Result.CALLED_AGAIN: CALLED_AGAIN,
}

_MADE = (CallBack.Result.REACHED, CallBack.Result.LEFT_MESSAGE)


@transaction.atomic
def finish_call_back(call_back: CallBack, *, result: str, outbound: Interaction | None = None, by: Actor) -> CallBack:
    """The requester was reached (or no longer needs the call, or called again); the calls in vain are settled with it.

    ``outbound`` is the contact in which they were spoken to.
    """
    if result not in CallBack.Result.values:
        raise Refused(_("Say how the call-back ended."), code="result_missing")
    now = timezone.now()
    staff = by if isinstance(by, Staff) else outbound.staff if outbound else None
    done = CallBack.objects.filter(pk=call_back.pk, done_at__isnull=True).update(
        done_at=now, done_by=staff, result=result, outbound=outbound, next_at=None
    )
    if not done:
        raise Refused(_("Somebody has already made this call."), code="done", status=409)
    call_back.refresh_from_db()
    if result in _MADE:
        _note_attempt(call_back, result=result, outbound=outbound, staff=staff, at=now)
    if reason := _SETTLES.get(CallBack.Result(result), CALLED_BACK if result in _MADE else None):
        for contact in Interaction.objects.open().filter(owed__call_back=call_back).order_by("pk"):
            with done_already("settled"):
                dismiss(contact, reason=reason, by=by)
    record(
        "call_back.done",
        by=by,
        about=[call_back, outbound, call_back.person, call_back.staff, call_back.team],
        data={"result": result, "call_back": call_back.pk},
    )
    return call_back


@transaction.atomic
def try_call_back_again(
    call_back: CallBack,
    *,
    due_at: datetime,
    result: str = Attempt.Result.NO_ANSWER,
    outbound: Interaction | None = None,
    by: Staff,
) -> CallBack:
    """Nobody was reached: the attempt counts, and the call stays owed until ``due_at``.

    Refuses a time gone by, and one that was made.
    """
    if due_at <= timezone.now():
        raise Refused(_("A call-back is promised for a time to come."), code="past")
    if result not in (Attempt.Result.NO_ANSWER, Attempt.Result.BUSY, Attempt.Result.FAILED):
        raise Refused(_("Say how the call-back ended."), code="result_missing")
    owed = CallBack.objects.filter(pk=call_back.pk, done_at__isnull=True)
    if not owed.update(due_at=due_at, told=CallBack.Told.NOTHING, next_at=due_at - WARN_AHEAD):
        raise Refused(_("Somebody has already made this call."), code="done", status=409)
    if _note_attempt(call_back, result=result, outbound=outbound, staff=by, at=timezone.now()):
        owed.update(attempts=F("attempts") + 1)
    call_back.refresh_from_db(fields=["attempts", "due_at", "told", "next_at"])
    record(
        "call_back.attempted",
        by=by,
        about=[call_back, call_back.person, call_back.team],
        data={
            "attempts": call_back.attempts,
            "due_at": due_at.isoformat(),
            "call_back": call_back.pk,
            "result": result,
        },
    )
    return call_back


def _note_attempt(
    call_back: CallBack, *, result: str, outbound: Interaction | None, staff: Staff | None, at: datetime
) -> bool:
    """Whether it is a new attempt: the telephone may have told of the same call before."""
    if outbound is not None and call_back.tries.filter(outbound=outbound).update(result=result, staff=staff):
        return False
    Attempt.objects.create(call_back=call_back, result=result, outbound=outbound, staff=staff, at=at)
    return True


@transaction.atomic
def take_call_back(call_back: CallBack, *, by: Staff) -> CallBack:
    """I make this call. Of two who take it at once the first has it; the other is told who (409)."""
    _require_team(call_back, by)
    free = CallBack.objects.filter(pk=call_back.pk, done_at__isnull=True, staff__isnull=True)
    if not free.update(staff=by):
        call_back.refresh_from_db(fields=["staff", "done_at"])
        if call_back.done_at is not None:
            raise Refused(_("Somebody has already made this call."), code="done", status=409)
        if call_back.staff_id == by.pk:
            return call_back
        raise Refused(
            _("%(name)s has already taken this call.") % {"name": call_back.staff.name if call_back.staff else ""},
            code="taken",
            status=409,
        )
    call_back.staff = by
    record("call_back.taken", by=by, about=[call_back, call_back.person, by, call_back.team])
    return call_back


@transaction.atomic
def give_back_call_back(call_back: CallBack, *, by: Staff) -> CallBack:
    """I do not make this call after all: whoever of the team takes it next. Refuses another's (409)."""
    own = CallBack.objects.filter(pk=call_back.pk, done_at__isnull=True, staff=by)
    if not own.update(staff=None):
        raise Refused(_("This call is not yours to give back."), code="not_yours", status=409)
    call_back.staff = None
    record("call_back.given_back", by=by, about=[call_back, call_back.person, by, call_back.team])
    return call_back


def _require_team(call_back: CallBack, staff: Staff) -> None:
    if not access_of(staff).acts_for(call_back.team):
        raise Refused(
            _("%(name)s does not work for %(team)s.") % {"name": staff.name, "team": call_back.team.label},
            code="staff",
            field="staff",
        )


@transaction.atomic
def reassign_call_back(
    call_back: CallBack,
    *,
    staff: Staff | None,
    reassigned: Mapping[str, str],
    by: Staff,
    ticket: models.Model | None = None,
) -> CallBack:
    """Somebody else of the team makes this call; None: whoever of the team is free.

    ``reassigned`` is what the trail says of it, as in ``change``; ``ticket`` is the one it is owed for. Refuses (409) a
    call that was made.
    """
    former = call_back.staff
    if staff is not None:
        _require_team(call_back, staff)
    if not CallBack.objects.filter(pk=call_back.pk, done_at__isnull=True).update(staff=staff):
        raise Refused(_("Somebody has already made this call."), code="done", status=409)
    call_back.staff = staff
    record(
        "call_back.reassigned",
        by=by,
        about=[call_back, ticket, call_back.person, former, staff, call_back.team],
        data={
            "call_back": call_back.pk,
            "due_at": call_back.due_at.isoformat(),
            "from": former.name if former else "",
            "to": staff.name if staff else "",
            "reassigned": dict(reassigned),
        },
    )
    return call_back
