"""Who called in vain is owed a call, in one row a caller, until they were called or called again by themselves.

Reactions to what the telephone tells, in whatever order it tells it: a row is owed exactly when the last call of that
caller that counts was in vain.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars.working_time import NeverOpen
from madoguchi.foundation.prepared import Prepared
from madoguchi.foundation.refusal import Refused, done_already
from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import dismiss
from madoguchi.interactions.models import (
    WARN_AHEAD,
    Attempt,
    CallBack,
    CallBackPolicy,
    CallBackQuerySet,
    Interaction,
    InteractionQuerySet,
    VainCall,
)
from madoguchi.interactions.reasons import CALLED_AGAIN, CALLED_BACK, HUNG_UP
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, Actor, NamedActor, record, subject_of
from madoguchi.people.models import PhoneNumber, Team
from madoguchi.people.queries import first_line_team, working_time_of
from madoguchi.telephony.models import Call, Direction, Outcome

_policies = Prepared(lambda: CallBackPolicy.objects.select_related("team").order_by("id"))
_teams = Prepared(lambda key: Team.objects.filter(key=key, is_active=True))
_UNCERTAIN = {"started", "answered", "outcome", "queue", "wait_s", "ended", "order"}
_LONGEST_WAIT = timedelta(hours=4)
_LONGEST_MIN = 7 * 24 * 60
_IN_VAIN = (Outcome.ABANDONED, Outcome.OVERFLOW, Outcome.MISSED)
_TRIED = {
    Outcome.NO_ANSWER: Attempt.Result.NO_ANSWER,
    Outcome.BUSY: Attempt.Result.BUSY,
    Outcome.FAILED: Attempt.Result.FAILED,
}


class Owed(NamedTuple):
    """The team that owes a call, and by which policy."""

    team: Team
    policy: CallBackPolicy


def policy_of(team: int | None) -> CallBackPolicy:
    """The team's policy, else the one for all others, else what holds before anybody set one."""
    rows = {row.team_id: row for row in _policies.all()}
    return rows.get(team) or rows.get(None) or CallBackPolicy()


@transaction.atomic
def set_policy(
    team: Team | None,
    *,
    queues: list[str],
    is_on: bool,
    within_min: int,
    escalate_min: int,
    owes_missed: bool = True,
    settles_short: bool = False,
    by: Actor,
) -> CallBackPolicy:
    """How callers of a team (None: of every other) are called back from now on; rows keep their time.

    Refuses minutes out of 1 to 10,080 (seven days), and a queue that another team has.
    """
    for minutes, field in ((within_min, "within_min"), (escalate_min, "escalate_min")):
        if not 1 <= minutes <= _LONGEST_MIN:
            raise Refused(_("Write minutes from 1 to 10,080."), code="minutes", field=field)
    named = list(dict.fromkeys(queue.strip()[:80] for queue in queues if queue.strip())) if team else []
    for other in CallBackPolicy.objects.exclude(team=team).select_related("team"):
        if other.team is not None and (taken := next((queue for queue in named if queue in other.queues), None)):
            raise Refused(
                _("Queue %(queue)s already belongs to %(team)s.") % {"queue": taken, "team": other.team.label},
                code="queue",
                field="queues",
            )
    said = {
        "queues": named,
        "is_on": is_on,
        "within_min": within_min,
        "escalate_min": escalate_min,
        "owes_missed": owes_missed,
        "settles_short": settles_short,
    }
    row, _made_now = CallBackPolicy.objects.update_or_create(team=team, defaults=said)
    record("call_back_policy.set", by=by, about=[row, team], data=said)
    return row


def owed_by(queue: str, otherwise: Team | None) -> Owed | None:
    """Which team calls back whom nobody answered in ``queue``: the one that names it or is called so, else
    ``otherwise``, else the first line.
    """
    named = next((row.team for row in _policies.all() if row.team is not None and queue and queue in row.queues), None)
    team = named or (_teams.first(queue) if queue else None) or otherwise or first_line_team()
    return Owed(team, policy_of(team.pk)) if team else None


def is_short(call: Call) -> bool:
    """Hung up before anybody could have answered (SHORT_ABANDON_SECONDS): not owed. Who was sent away never is."""
    short = call.wait_s is not None and call.wait_s < settings.SHORT_ABANDON_SECONDS
    return short and call.outcome != Outcome.OVERFLOW


def follow(contact: Interaction, call: Call, *, gave_up_before: bool, is_news: bool, by: Actor) -> None:
    """Bring what is owed up to date with a call; ``is_news``: it was just answered, or its facts were corrected."""
    if contact.direction == Interaction.Direction.OUTBOUND:
        if call.ended_at is not None:
            _note_outbound(contact, call, by)
        return
    if call.direction != Direction.INBOUND:
        return
    gave_up = contact.is_abandoned and call.outcome in _IN_VAIN
    if gave_up_before and contact.dismissed_reason in (untrue := _no_longer_true(contact, call)):
        _reopen(contact, call, untrue, by)
    if gave_up and contact.address and not is_short(call):
        _owe(contact, call, by)
    elif gave_up_before and not (gave_up and _is_taken(contact)):
        withdraw(contact, by=by)
    if gave_up and is_short(call):
        _settle_short(contact, call, by)
    if call.answered_at is not None and is_news:
        _came_again(contact, call.answered_at, by)


def follow_identified(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: who it is was said afterwards, and may be somebody who is owed a call."""
    contact = next((subject for subject in subjects if isinstance(subject, Interaction)), None)
    if contact is None or contact.direction == Interaction.Direction.OUTBOUND:
        return
    if contact.is_abandoned:
        rows = CallBack.objects.waiting().filter(calls__interaction=contact, reason=CallBack.Reason.ABANDONED)
        name = contact.person.name if contact.person else ""
        rows.order_by().update(person=contact.person, name=name)
    elif contact.call is not None and contact.call.answered_at is not None:
        # What follows from a name is the desk's own: nobody chose to settle what was owed.
        _came_again(contact, contact.call.answered_at, SYSTEM)


def follow_settled(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: somebody settled a call in vain by hand; with the last of them nothing is owed any more."""
    contact = next((subject for subject in subjects if isinstance(subject, Interaction)), None)
    if contact is None or not contact.is_abandoned:
        return
    row = CallBack.objects.waiting().filter(calls__interaction=contact, reason=CallBack.Reason.ABANDONED).first()
    if row is None or row.calls.filter(interaction__state=Interaction.State.OPEN).exists():
        return
    by = NamedActor(entry.actor_kind, entry.actor_name, entry.actor_id)
    called = entry.data.get("reason") == CALLED_BACK
    with done_already("done"):
        finish_call_back(row, result=CallBack.Result.REACHED if called else CallBack.Result.WITHDRAWN, by=by)


def follow_merged(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: what looked like a call in vain was a part of another call."""
    part = next((subject for subject in subjects if isinstance(subject, Call)), None)
    contact = Interaction.objects.filter(call=part, owed__isnull=False).first() if part is not None else None
    if contact is not None:
        withdraw(contact, by=NamedActor(entry.actor_kind, entry.actor_name, entry.actor_id))


def withdraw(contact: Interaction, *, by: Actor) -> None:
    """This call was not in vain after all."""
    vain = VainCall.objects.select_related("call_back").filter(interaction=contact).first()
    if vain is None:
        return
    row = vain.call_back
    vain.delete()
    if not _refresh(row) and row.done_at is None and row.reason == CallBack.Reason.ABANDONED:
        with done_already("done"):
            finish_call_back(row, result=CallBack.Result.ANSWERED, outbound=contact, by=by)


def not_owed(contacts: InteractionQuerySet) -> InteractionQuerySet:
    """Without those whose caller is owed a call: they are settled with it."""
    vain = VainCall.objects.filter(interaction=OuterRef("pk"), call_back__done_at__isnull=True)
    return contacts.exclude(Exists(vain))


def open_rows_of(contact: Interaction) -> CallBackQuerySet:
    """What is owed to this caller: by the number, or to the person; never to somebody else on a shared number."""
    fits = Q(pk__in=[])
    if contact.address:
        own = Q(number=contact.address)
        fits |= own & (Q(person__isnull=True) | Q(person=contact.person_id)) if contact.person_id else own
    if contact.person_id:
        fits |= Q(person=contact.person_id)
    return CallBack.objects.waiting().filter(fits).select_related("team", "staff", "person")


@transaction.atomic
def _owe(contact: Interaction, call: Call, by: Actor) -> None:
    """A call in vain joins the caller's open row, or makes one; none when they were answered since."""
    if VainCall.objects.filter(interaction=contact).exists():
        return
    found = owed_by(call.queue, contact.team)
    at = call.ended_at or timezone.now()
    if found is None or not found.policy.owes(call.outcome):
        return
    team, policy = found
    if contact.team_id is None:
        contact.team = team
        contact.save(update_fields=["team"])
    if _answered_since(contact, at):
        if contact.state == Interaction.State.OPEN:
            with done_already("settled"):
                dismiss(contact, reason=CALLED_AGAIN, by=by)
        return
    row = _joined(contact, team) or _made(contact, at, team, policy)
    VainCall.objects.create(call_back=row, interaction=contact)
    _refresh(row)
    _tell_owed(row, contact, by)


@transaction.atomic
def owe_by_choice(contact: Interaction, *, team: Team, by: Actor) -> CallBack:
    """Somebody calls a caller back to whom nothing was owed: now it is, so that it is known what comes of it.

    Due as if they had called just now. Refuses (409) a contact that is settled or was answered.
    """
    if not contact.is_abandoned or not contact.address or contact.state != Interaction.State.OPEN:
        raise Refused(_("This contact is already settled."), code="settled", status=409)
    row = _joined(contact, team) or _made(contact, timezone.now(), team, policy_of(team.pk))
    VainCall.objects.update_or_create(interaction=contact, defaults={"call_back": row})
    row.called_at = max(filter(None, (row.called_at, contact.ended_at)), default=None)
    row.save(update_fields=["called_at"])
    _tell_owed(row, contact, by)
    return row


def _is_taken(contact: Interaction) -> bool:
    """Whether somebody makes the call for this one, though by its facts none is owed."""
    return VainCall.objects.filter(interaction=contact, call_back__staff__isnull=False).exists()


def _tell_owed(row: CallBack, contact: Interaction, by: Actor) -> None:
    record(
        "call_back.owed",
        by=by,
        about=[row, contact, contact.call, contact.person, row.team],
        data={"call_back": row.pk, "number": row.number, "due_at": row.due_at.isoformat()},
    )


def _settle_short(contact: Interaction, call: Call, by: Actor) -> None:
    """Who hung up at once is settled, where the team wants it so and it is certain that nobody answered."""
    certain = not _UNCERTAIN & set(call.record["incomplete"])
    found = owed_by(call.queue, contact.team)
    if certain and found and found.policy.settles_short and contact.state == Interaction.State.OPEN:
        with done_already("settled"):
            dismiss(contact, reason=HUNG_UP, by=by)


def _no_longer_true(contact: Interaction, call: Call) -> tuple[str, ...]:
    """Why the desk itself settles a contact, as far as it does not hold for the call as it is known now."""
    if not contact.is_abandoned:
        return (HUNG_UP, CALLED_AGAIN)
    return () if is_short(call) else (HUNG_UP,)


def _reopen(contact: Interaction, call: Call, untrue: tuple[str, ...], by: Actor) -> None:
    """They were spoken to, or waited, after all: what the desk itself said no longer holds, what people said does."""
    kind, ref = subject_of(contact)
    told = Entry.objects.filter(kind="interaction.dismissed", mentions__kind=kind, mentions__ref=ref)
    last = told.order_by("-id").first()
    if last is None or last.actor_kind == "staff":
        return
    state = Interaction.State
    settled = Interaction.objects.filter(pk=ref, state=state.DISMISSED, dismissed_reason__in=untrue)
    if settled.update(state=state.OPEN, dismissed_reason="", dismissed_note=""):
        contact.refresh_from_db(fields=["state", "dismissed_reason", "dismissed_note"])
        record("interaction.reopened", by=by, about=[contact, call, contact.staff])


def _joined(contact: Interaction, team: Team) -> CallBack | None:
    rows = open_rows_of(contact).filter(team=team).select_for_update(of=("self",))
    return rows.exclude(reason=CallBack.Reason.ANSWER_READY).first()


def _made(contact: Interaction, at: datetime, team: Team, policy: CallBackPolicy) -> CallBack:
    due_at = _due(team, at, policy.within_min)
    try:
        with transaction.atomic():
            return CallBack.objects.create(
                reason=CallBack.Reason.ABANDONED,
                due_at=due_at,
                number=contact.address,
                name=contact.person.name if contact.person else contact.contact_name,
                person=contact.person,
                team=team,
                interaction=contact,
                next_at=due_at - WARN_AHEAD,
            )
    except IntegrityError:  # another telephone system told of the same caller this very moment
        return CallBack.objects.waiting().get(number=contact.address, team=team, reason=CallBack.Reason.ABANDONED)


def _refresh(row: CallBack) -> bool:
    """Due by the first call in vain, unless it was put off since; whether there is a call in vain at all."""
    found = row.calls.aggregate(first=Min("interaction__ended_at"), last=Max("interaction__ended_at"))
    row.called_at = found["last"]
    fields = ["called_at"]
    if found["first"] and row.reason == CallBack.Reason.ABANDONED and not row.attempts:
        due_at = _due(row.team, found["first"], policy_of(row.team_id).within_min)
        if due_at != row.due_at:
            row.due_at, row.told, row.next_at = due_at, CallBack.Told.NOTHING, due_at - WARN_AHEAD
            fields += ["due_at", "told", "next_at"]
    row.save(update_fields=fields)
    return row.called_at is not None


def escalation_of(row: CallBack) -> datetime:
    """When the supervisors hear of a call that is overdue."""
    return _due(row.team, row.due_at, policy_of(row.team_id).escalate_min)


def _due(team: Team, at: datetime, minutes: int) -> datetime:
    try:
        return working_time_of(team).add(at, minutes * 60)
    except NeverOpen:
        return at + timedelta(minutes=minutes)


def _answered_since(contact: Interaction, at: datetime) -> bool:
    """Whether this number, or this person, was answered after ``at``."""
    calls = Interaction.objects.filter(direction=Interaction.Direction.INBOUND, call__answered_at__gte=at)
    calls = calls.filter(call__direction=Direction.INBOUND)
    near = calls.filter(call__caller_number=contact.address, call__started_at__gte=at - _LONGEST_WAIT)
    if contact.person_id is None:
        return near.exists()
    theirs = near.filter(Q(person__isnull=True) | Q(person=contact.person_id))
    return theirs.exists() or calls.filter(person=contact.person_id, started_at__gte=at - _LONGEST_WAIT).exists()


def _came_again(contact: Interaction, answered_at: datetime, by: Actor) -> None:
    """They called by themselves and were answered: what was owed before is no more, but for an answer to be told."""
    rows = open_rows_of(contact).exclude(reason=CallBack.Reason.ANSWER_READY)
    for row in rows.select_for_update(of=("self",)):
        if row.reason == CallBack.Reason.PROMISED and (row.created_at > answered_at or not _is_theirs(row, contact)):
            continue
        if row.called_at is not None and row.called_at > answered_at:
            _forget_before(row, answered_at, by)
        else:
            with done_already("done"):
                finish_call_back(row, result=CallBack.Result.CALLED_AGAIN, outbound=contact, by=by)


def _forget_before(row: CallBack, answered_at: datetime, by: Actor) -> None:
    """They gave up once more after they were answered: only those calls are still owed."""
    earlier = row.calls.filter(interaction__ended_at__lte=answered_at).select_related("interaction")
    contacts = [vain.interaction for vain in earlier]
    if contacts:
        earlier.delete()
        _refresh(row)
    for contact in contacts:
        if contact.state == Interaction.State.OPEN:
            with done_already("settled"):
                dismiss(contact, reason=CALLED_AGAIN, by=by)


def _is_theirs(row: CallBack, contact: Interaction) -> bool:
    """On a number that many share, only the person themselves takes back what was promised."""
    same = row.person_id is not None and row.person_id == contact.person_id
    return same or not PhoneNumber.objects.filter(number=row.number, organization__isnull=False).exists()


def _note_outbound(contact: Interaction, call: Call, by: Actor) -> None:
    """The telephone says that a call to somebody who is owed one was in vain: an attempt, whoever made it."""
    result = _TRIED.get(Outcome(call.outcome)) if call.outcome else None
    known = Attempt.objects.filter(outbound=contact)
    if result is None or not contact.address:
        return
    for row in CallBack.objects.waiting().filter(number=contact.address).exclude(tries__in=known):
        row.tries.create(staff=contact.staff, at=call.ended_at or timezone.now(), result=result, outbound=contact)
        CallBack.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
        record("call_back.tried", by=by, about=[row, contact, row.person, row.team], data={"result": result.value})
