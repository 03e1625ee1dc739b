"""The telephone systems: how their lines stand, whose clock is off, and whether every call that they wrote is here."""

import os
import tempfile
import zoneinfo
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.telephony.failures import failure
from madoguchi.telephony.models import Call, Pbx, Reconciliation, Sender
from madoguchi.telephony.queries import skewed_senders
from madoguchi.telephony.reconcile.run import reconcile
from madoguchi.telephony.reconcile.sources import CdrSource, UnreadableSource
from madoguchi.web.administration.page import done, show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset

PAGE = 20
LARGEST = 1024 * 1024  # what is read while somebody waits; more by the command


@guard(Capability.ADMINISTER)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Lines, clocks, and the last reconciliations, the newest first."""
    now = timezone.now()
    runs = Reconciliation.objects.select_related("asked_by").defer("differences")
    found, cursor = keyset(runs, ("id",), after=request.GET.get("after", ""), size=PAGE, descending=True)
    configured = Pbx.objects.filter(key__in=[line.key for line in settings.ASTERISK])
    context = {
        "lines": [
            (pbx, pbx.is_connected(now), failure(pbx.error)) for pbx in configured.order_by("name").defer("memory")
        ],
        "skewed": list(skewed_senders()),
        "sources": settings.CDR,
        "runs": found,
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "systems": [(line.key, line.name) for line in settings.ASTERISK],
        "zone": settings.TIME_ZONE,
        "megabytes": LARGEST // 1024**2,
    }
    return show(request, "telephones.html", _("Telephone"), context)


@guard(Capability.ADMINISTER)
@require_POST
def upload(request: StaffRequest) -> HttpResponse:
    """Compare the calls with an uploaded file now."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused(_("Choose the CSV file first."), code="incomplete")
    if (sent.size or 0) > LARGEST:
        raise Refused(
            _("The file is too large for this page. Use the command madoguchi calls reconcile."), code="too_large"
        )
    zone = request.POST.get("time_zone", "").strip() or settings.TIME_ZONE
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(_("There is no such time zone; try Asia/Tokyo."), code="no_zone", field="time_zone") from None
    wanted = request.POST.get("pbx", "")
    line = next((line for line in settings.ASTERISK if line.key == wanted), None)
    source = CdrSource(kind="file", name=str(sent.name or "CSV")[:200], address="", time_zone=zone)
    if line is not None:
        source = replace(source, sender=line.naming.key, naming=line.naming)
    handle, path = tempfile.mkstemp(suffix=".csv")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(sent.chunks())
        run = reconcile(replace(source, address=path), by=request.user)
    except UnreadableSource as error:
        raise Refused(str(error), code="unreadable") from None
    finally:
        Path(path).unlink()
    sentence = _("%(percentage)s %% of %(rows)s rows have a record of their call.")
    told_as = {"percentage": f"{run.percentage:g}", "rows": f"{run.rows:,}"}
    return done(request, sentence % told_as, "reconciliation", run.pk)


@guard(Capability.ADMINISTER)
@require_GET
def reconciliation(request: StaffRequest, run_id: int) -> HttpResponse:
    """One comparison with its differences."""
    run = get_object_or_404(Reconciliation.objects.select_related("asked_by"), pk=run_id)
    context = {"run": run, "failure": failure(run.error), "pages": _pages_of(run)}
    return show(request, "reconciliation.html", _("Comparison with the call data records"), context)


def _pages_of(run: Reconciliation) -> dict[str, int]:
    """The calls that its differences name, by the telephone system's id; not those whose id two systems use."""
    named = {one["call_id"] for one in run.differences if one["call_id"]}
    senders = list(Sender.objects.values_list("key", flat=True))  # the index begins with them
    found = Call.objects.filter(sender__in=senders, call_id__in=named).values_list("call_id", "pk") if named else ()
    pages = defaultdict[str, list[int]](list)
    for call_id, pk in found:
        pages[call_id].append(pk)
    return {call_id: pks[0] for call_id, pks in pages.items() if len(pks) == 1}
