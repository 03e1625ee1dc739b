"""Keeping the directory true from a directory server: asked for or nightly, looked at first, taken over as a whole."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.directory.actions import apply
from madoguchi.directory.changes import Plan
from madoguchi.directory.ldap import Progress, UnreadableServer, read
from madoguchi.directory.models import Run, RunChange, Told
from madoguchi.directory.plan import plan as work_out
from madoguchi.directory.records import ContactRecord, Records
from madoguchi.directory.server import LdapServer
from madoguchi.directory.told import changes_of
from madoguchi.foundation.busy import Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import NamedActor, record
from madoguchi.people.models import Staff
from madoguchi.problems.models import Problem
from madoguchi.problems.set_aside import resolve, set_aside

SOURCE = "ldap"
BY = NamedActor("system", "LDAP")
ALARM_AT = 5
_WHERE = "directory.ldap"
_KEPT = timedelta(days=90)
_LONGEST_PAUSE = timedelta(hours=1)


class Lost(Exception):
    """Another worker has taken the run up in the meantime."""


def the_server() -> LdapServer:
    """The directory server of the settings; Refused when there is none."""
    server: LdapServer | None = settings.LDAP
    if server is None:
        raise Refused(_("No directory server is set: MADOGUCHI_LDAP_URL."), code="no_server")
    return server


@transaction.atomic
def ask_for_run(*, preview: bool, by: Staff, after: Run | None = None) -> Run:
    """A worker reads the server at once. ``after``: a run that showed what would vanish; as many may vanish now."""
    now = timezone.now()
    run = _new(is_preview=preview, may_vanish=after.vanishing if after else 0, asked_by=by, asked_at=now, next_at=now)
    record("directory.sync_asked", by=by, about=[run], data={"preview": preview, "may_vanish": run.may_vanish})
    return run


def run_here(*, preview: bool, any_may_vanish: bool, progress: Progress) -> Run:
    """Read the server in this process, without a worker; the run as it ended."""
    with transaction.atomic():
        now = timezone.now()
        run = _new(is_preview=preview, may_vanish=None if any_may_vanish else 0, asked_at=now, next_at=now)
        claim(run, now=now)
    return carry_out(run, progress=progress, patient=False)


def _new(**fields: Any) -> Run:
    """A run instead of one that waits for the server to come back; Refused while one is really under way."""
    the_server()
    if Run.objects.filter(state=Run.State.READING, next_at__gt=timezone.now()).exists():
        raise Refused(_("A synchronization is under way. Wait until it has ended."), code="under_way", status=409)
    Run.objects.filter(next_at__isnull=False).update(state=Run.State.FAILED, next_at=None, ended_at=timezone.now())
    return Run.objects.create(**fields)


def work_due(*, now: datetime | None = None) -> bool:
    """Carry out the run that is due, the schedule's included; whether there was one."""
    if settings.LDAP is None:
        return False
    moment = now or timezone.now()
    _enter_scheduled(moment)
    run = Run.objects.filter(next_at__lte=moment).order_by("next_at", "id").first()
    if run is None:
        return False
    if claim(run, now=moment):
        carry_out(run)
    return True


def claim(run: Run, *, now: datetime) -> bool:
    """Make the run this worker's own for a while; False when another was faster."""
    run.attempts, run.state, run.begun_at, mine = run.attempts + 1, Run.State.READING, run.begun_at or now, run.next_at
    run.next_at = now + Run.CLAIM
    return bool(
        Run.objects.filter(pk=run.pk, next_at=mine).update(
            state=run.state, begun_at=run.begun_at, attempts=run.attempts, next_at=run.next_at, read=0
        )
    )


def carry_out(run: Run, *, progress: Progress = lambda _read: None, patient: bool = True) -> Run:
    """Read the server and show or do what changes; the run as it ended, or (``patient``) waits for another attempt."""

    def go_on(count: int) -> None:
        _update(run, read=count, next_at=timezone.now() + Run.CLAIM)
        progress(count)

    try:
        server = the_server()
        _take_over(run, server, read(server, progress=go_on))
    except Lost:
        pass
    except (UnreadableServer, Refused) as error:
        passing = error.passing if isinstance(error, UnreadableServer) else error.status == 409
        _failed(run, error, passing=passing and patient)
    except Busy:  # the claim ends by itself, and the run has another turn
        raise
    except Exception as error:  # noqa: BLE001 (shown on the run's page; the next night has its run)
        _failed(run, error, passing=False)
    run.refresh_from_db()
    return run


def _enter_scheduled(now: datetime) -> None:
    """The nightly run, once however many workers there are; the first of all runs is somebody's who has looked."""
    at = the_server().at
    if at is None:
        return
    local = timezone.localtime(now)
    moment = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if moment > local:
        moment -= timedelta(days=1)
    done = Run.objects.filter(state=Run.State.DONE)
    if not done.exists() or done.filter(ended_at__gte=moment).exists():
        return
    if Run.objects.filter(scheduled_for__isnull=False, next_at__isnull=False).exists():
        return
    run = Run(scheduled_for=moment, asked_at=now, next_at=now)
    Run.objects.bulk_create([run], ignore_conflicts=True)  # scheduled_for is unique


def _update(run: Run, **values: object) -> None:
    """Write while the run is still ours; Lost when it is not."""
    if not Run.objects.filter(pk=run.pk, next_at=run.next_at).update(**values):
        raise Lost
    for name, value in values.items():
        setattr(run, name, value)


def _take_over(run: Run, server: LdapServer, records: Records) -> None:
    told = {row.origin: set(row.fields) for row in Told.objects.all()}
    now_told = {one.origin: sorted(one.fields.keys() - {"is_active"}) for one in records.contacts}
    records.contacts = [_with_emptied(one, told.get(one.origin, set())) for one in records.contacts]
    plan = work_out(records, source=SOURCE, complete=True)
    most = server.vanishing_percent / 100
    may = run.may_vanish is None or plan.vanishing <= run.may_vanish
    rows = changes_of(plan, run)
    if run.is_preview or (plan.stops(most) and not may):
        with transaction.atomic():
            _end(run, Run.State.PREVIEWED if run.is_preview else Run.State.HELD, server, plan, rows)
        if run.state == Run.State.HELD:
            sentence = _("%(gone)d of %(known)d contacts would vanish: nothing has been changed.")
            set_aside(_WHERE, sentence % {"gone": plan.vanishing, "known": plan.known}, run=run.pk)
        return
    with transaction.atomic():
        apply(plan, by=run.asked_by or BY, most_vanishing=most, confirmed=may)
        changed = [
            Told(origin=origin, fields=fields) for origin, fields in now_told.items() if told.get(origin) != set(fields)
        ]
        Told.objects.bulk_create(
            changed, batch_size=500, update_conflicts=True, unique_fields=["origin"], update_fields=["fields"]
        )
        _end(run, Run.State.DONE, server, plan, rows)
    for problem in Problem.objects.filter(where=_WHERE, resolved_at__isnull=True):
        resolve(problem)


def _with_emptied(record: ContactRecord, told: set[str]) -> ContactRecord:
    """What the entry had last time and has no longer is told as empty."""
    return replace(record, fields={**dict.fromkeys(told, ""), **record.fields})


def _end(run: Run, state: Run.State, server: LdapServer, plan: Plan, rows: list[RunChange]) -> None:
    RunChange.objects.filter(run=run).delete()
    RunChange.objects.bulk_create(rows, batch_size=500)
    now = timezone.now()
    _update(
        run,
        state=state,
        ended_at=now,
        next_at=None,
        server=server.name[:300],
        error="",
        known=plan.known,
        counts=plan.counts,
        refused=len(plan.refused),
    )
    Run.objects.filter(asked_at__lt=now - _KEPT).delete()


def _failed(run: Run, error: Exception, *, passing: bool) -> None:
    """Wait longer each time when that may help; the administrator hears of what does not pass, or not soon."""
    if not passing or run.attempts == ALARM_AT:
        set_aside(_WHERE, error, run=run.pk)
    now = timezone.now()
    pause = min(timedelta(minutes=2 ** min(run.attempts - 1, 10)), _LONGEST_PAUSE)
    Run.objects.filter(pk=run.pk, next_at=run.next_at).update(
        state=Run.State.WAITING if passing else Run.State.FAILED,
        error=str(error)[:2000] or type(error).__name__,
        next_at=now + pause if passing else None,
        ended_at=None if passing else now,
    )
