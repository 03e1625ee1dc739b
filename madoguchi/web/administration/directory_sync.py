"""The synchronization with the directory server: its last runs, what each changed or would change, and going on."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.directory.changes import Kind
from madoguchi.directory.models import Run, RunChange
from madoguchi.directory.sync import ask_for_run
from madoguchi.directory.words import field_label, kind_label
from madoguchi.foundation.phone import display
from madoguchi.people.access import Capability
from madoguchi.web.administration.page import done, show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset

PAGE = 50
_KINDS = (Kind.REMOVED, Kind.ADDED, Kind.RENAMED, Kind.MOVED, Kind.RETURNED, Kind.CHANGED)


@guard(Capability.ADMINISTER)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The last runs, the newest first."""
    runs = Run.objects.select_related("asked_by")
    found, cursor = keyset(runs, ("id",), after=request.GET.get("after", ""), size=PAGE, descending=True)
    context = {
        "server": settings.LDAP,
        "runs": [(run, _counted(run)) for run in found],
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "running": any(run.next_at is not None for run in found),
        "is_first": not Run.objects.filter(state=Run.State.DONE).exists(),
    }
    return show(request, "directory_sync.html", _("Directory synchronization"), context)


@guard(Capability.ADMINISTER)
@require_POST
def start(request: StaffRequest) -> HttpResponse:
    """Read the server: to look at what would change, or to take it over."""
    preview = request.POST.get("preview") == "on"
    run = ask_for_run(preview=preview, by=request.user)
    return done(request, _("The directory server will be read in a moment."), "directory_run", run.pk)


@guard(Capability.ADMINISTER)
@require_GET
def run_page(request: StaffRequest, run_id: int) -> HttpResponse:
    """One run: how far it is, or what it changed or would change."""
    run = get_object_or_404(Run.objects.select_related("asked_by"), pk=run_id)
    kind = request.GET.get("kind", "")
    rows = RunChange.objects.filter(run=run, **({"kind": kind} if kind else {}))
    found, cursor = keyset(rows, ("id",), after=request.GET.get("after", ""), size=PAGE)
    address = reverse("administration:directory_run", args=[run.pk])
    present = [one for one in (*_KINDS, RunChange.REFUSED) if _number(run, one)]
    context = {
        "run": run,
        "is_open": run.next_at is not None,
        "changes": [(row, kind_label(row.kind), _fields(row)) for row in found],
        "next": f"?{urlencode({'kind': kind, 'after': cursor})}" if cursor else "",
        "views": [
            (_("Everything"), address, not kind, None),
            *((kind_label(one), f"{address}?kind={one}", kind == one, _number(run, one)) for one in present),
        ],
        "may_go_on": run.state in {Run.State.PREVIEWED, Run.State.HELD}
        and not Run.objects.filter(id__gt=run.pk).exists(),
    }
    return show(request, "directory_run.html", _("Synchronization %(number)s") % {"number": run.pk}, context)


@guard(Capability.ADMINISTER)
@require_POST
def take_over(request: StaffRequest, run_id: int) -> HttpResponse:
    """Do what the run showed; as many as it showed may vanish, and no more."""
    shown = get_object_or_404(Run, pk=run_id, state__in=[Run.State.PREVIEWED, Run.State.HELD])
    run = ask_for_run(preview=False, by=request.user, after=shown)
    return done(request, _("The directory server will be read in a moment."), "directory_run", run.pk)


def _number(run: Run, kind: str) -> int:
    return run.refused if kind == RunChange.REFUSED else int(run.counts.get(kind, 0))


def _counted(run: Run) -> list[tuple[str, int]]:
    """(what happened, to how many), for one line."""
    return [(kind_label(kind), run.counts[kind]) for kind in _KINDS if run.counts.get(kind)]


def _fields(row: RunChange) -> list[tuple[str, object, object]]:
    return [
        (field_label(name, of_department=row.is_department), _shown(name, before), _shown(name, after))
        for name, before, after in row.fields
    ]


def _shown(name: str, value: object) -> object:
    if name in {"phone", "mobile"}:
        return display(str(value))
    return {True: _("Yes"), False: _("No")}[value] if isinstance(value, bool) else value
