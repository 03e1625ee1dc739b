"""The directory as a file: out for a spreadsheet, in after a look at what would change."""

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.directory.actions import apply
from madoguchi.directory.changes import Plan
from madoguchi.directory.csv_read import LARGEST, read
from madoguchi.directory.csv_write import write
from madoguchi.directory.plan import plan
from madoguchi.files.models import StoredFile
from madoguchi.files.store import keep
from madoguchi.files.store import read as content_of
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

SHOWN = 200  # changes of a kind; the others are counted
_SALT = "departments.import"
_GOOD_FOR_S = 24 * 3600


@guard(Capability.EDIT_DIRECTORY)
@require_GET
def export_csv(request: StaffRequest) -> HttpResponseBase:
    """Departments, topics, contacts and chains, as they come in again."""
    answer = StreamingHttpResponse(write(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="directory-{timezone.localdate():%Y%m%d}.csv"'
    return answer


@guard(Capability.EDIT_DIRECTORY)
@require_http_methods(["GET", "POST"])
def start(request: StaffRequest) -> HttpResponse:
    """Choose a file; then what would change is shown, and nothing has changed yet."""
    if request.method != "POST":
        return page(request, "departments/import.html", {"plan": None})
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused(_("Choose a file."), code="file_missing", missing=[{"key": "file", "label": _("File")}])
    if (sent.size or 0) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 1_000_000}, code="too_large")
    content = sent.read()
    complete, requesters = bool(request.POST.get("complete")), bool(request.POST.get("requesters"))
    made = plan(read(content, requesters=requesters), complete=complete)
    kept = keep(content)
    ticket = {"file": kept.sha256, "complete": complete, "requesters": requesters, "fingerprint": made.fingerprint}
    return _show(request, made, signing.dumps(ticket, salt=_SALT))


@guard(Capability.EDIT_DIRECTORY)
@require_POST
def accept(request: StaffRequest) -> HttpResponse:
    """Take in what was shown, all of it or nothing; if it would be something else by now it is shown once more."""
    signed = request.POST.get("ticket", "")
    try:
        ticket = signing.loads(signed, salt=_SALT, max_age=_GOOD_FOR_S)
        content = content_of(StoredFile.objects.get(sha256=ticket["file"]))
    except (signing.BadSignature, StoredFile.DoesNotExist, OSError):
        raise Refused(_("This preview is too old. Choose the file again."), code="expired", status=409) from None
    made = plan(read(content, requesters=ticket["requesters"]), complete=ticket["complete"])
    if made.fingerprint != ticket["fingerprint"]:
        messages.warning(request, _("The directory has changed in the meantime. Look at the changes once more."))
        return _show(request, made, signing.dumps({**ticket, "fingerprint": made.fingerprint}, salt=_SALT))
    apply(made, by=request.user, confirmed=bool(request.POST.get("confirmed")))
    messages.success(request, _("The file is taken in."))
    return go(request, reverse("departments:index"))


def _show(request: StaffRequest, made: Plan, ticket: str) -> HttpResponse:
    return page(request, "departments/import.html", {"plan": made, "ticket": ticket, "shown": SHOWN})
