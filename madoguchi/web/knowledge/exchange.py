"""Articles as Markdown files: out as a zip, in after a look at what would change."""

import hashlib
import io
import tempfile

from django.contrib import messages
from django.core import signing
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.files.models import StoredFile
from madoguchi.files.store import keep, path_of
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.folder.give_out import to_zip
from madoguchi.knowledge.folder.source import Zip
from madoguchi.knowledge.folder.take_in import Outcome, plan, take_in
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

LARGEST = 50 * 1024 * 1024
MOST = 1_000  # files; more by the command, which has no browser that waits for it
SHOWN = 200  # of what would change; the others are counted
_SALT = "knowledge.import"
_GOOD_FOR_S = 24 * 3600
_IN_MEMORY = 5 * 1024 * 1024


@guard(Capability.EDIT_KNOWLEDGE)
@require_GET
def export_zip(request: StaffRequest) -> HttpResponseBase:
    """All articles that this person may read, archived ones too, with their pictures."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the answer closes it
    to_zip(Article.objects.visible_to(request.access), file)
    file.seek(0)
    name = f"articles-{timezone.localdate():%Y%m%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def start(request: StaffRequest) -> HttpResponse:
    """Choose a zip; then what would change is shown, and nothing has changed yet."""
    if request.method != "POST":
        return page(request, "knowledge/exchange.html", {"outcome": None})
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused(_("Choose a file."), code="file_missing", missing=[{"key": "file", "label": _("File")}])
    if (sent.size or 0) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 1024 // 1024}, code="too_large")
    content = sent.read()
    outcome = plan(_source(io.BytesIO(content)))
    return _show(request, outcome, keep(content).sha256)


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def accept(request: StaffRequest) -> HttpResponse:
    """Take in what was shown; if it would be something else by now it is shown once more."""
    try:
        ticket = signing.loads(request.POST.get("ticket", ""), salt=_SALT, max_age=_GOOD_FOR_S)
        digest = StoredFile.objects.get(sha256=ticket["file"]).sha256
        file = path_of(digest).open("rb")
    except (signing.BadSignature, StoredFile.DoesNotExist, OSError):
        raise Refused(_("This preview is too old. Choose the file again."), code="expired", status=409) from None
    with file:
        source = _source(file)
        outcome = plan(source)
        if _fingerprint(outcome) != ticket["fingerprint"]:
            messages.warning(request, _("The articles have changed in the meantime. Look at the changes once more."))
            return _show(request, outcome, digest)
        done = take_in(source, by=request.user)
    messages.success(
        request,
        _("%(new)s new and %(changed)s changed articles are taken in.")
        % {"new": done.count("new"), "changed": done.count("changed")},
    )
    return go(request, reverse("knowledge:index"))


def _source(file: io.IOBase) -> Zip:
    source = Zip(file)  # type: ignore[arg-type]
    if len(source.texts) > MOST:
        raise Refused(
            _("A zip of more than %(most)s articles is taken in by the command “madoguchi knowledge import”.")
            % {"most": MOST},
            code="too_many_files",
        )
    return source


def _show(request: StaffRequest, outcome: Outcome, digest: str) -> HttpResponse:
    ticket = signing.dumps({"file": digest, "fingerprint": _fingerprint(outcome)}, salt=_SALT)
    steps = [step for kind in ("refused", "changed", "new") for step in outcome.steps if step.kind == kind]
    context = {
        "outcome": outcome,
        "steps": steps[:SHOWN],
        "more": max(0, len(steps) - SHOWN),
        "ticket": ticket,
        "names": _names(),
    }
    return page(request, "knowledge/exchange.html", context)


def _names() -> dict[str, str]:
    return {
        "question": _("Question"),
        "answer": _("Answer"),
        "category": _("Category"),
        "category_text": _("Category as imported"),
        "state": _("State"),
        "audience": _("For whom"),
        "owner_team": _("Owner"),
        "review_on": _("Review on"),
        "governance": _("Who may improve it"),
    }


def _fingerprint(outcome: Outcome) -> str:
    return hashlib.sha256(repr(outcome.steps).encode("utf-8", "replace")).hexdigest()
