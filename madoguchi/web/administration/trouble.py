"""What went wrong: errors, mails that were set aside, mails that did not leave."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.mail.actions import retry as retry_mail
from madoguchi.mail.actions import send_again
from madoguchi.mail.compose import build
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.mail.queries import mails_aside, mails_unsent
from madoguchi.people.access import Capability
from madoguchi.people.models import Staff
from madoguchi.problems.models import Problem
from madoguchi.problems.set_aside import resolve
from madoguchi.web.administration.page import done, show
from madoguchi.web.shell import files
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset

PAGE = 50


@guard(Capability.ADMINISTER)
@require_GET
def problems(request: StaffRequest) -> HttpResponse:
    """Errors, the newest first; those resolved only when asked for."""
    state = "resolved" if request.GET.get("state") == "resolved" else ""
    rows = Problem.objects.filter(resolved_at__isnull=not state).defer("traceback")
    found, cursor = keyset(rows, ("at", "id"), after=request.GET.get("after", ""), size=PAGE, descending=True)
    address = reverse("administration:problems")
    context = {
        "problems": found,
        "next": f"?{urlencode({'state': state, 'after': cursor})}" if cursor else "",
        "state": state,
        "views": [
            (_("Open"), address, not state, None),
            (_("Resolved"), f"{address}?state=resolved", bool(state), None),
        ],
    }
    return show(request, "problems.html", _("Problems"), context)


@guard(Capability.ADMINISTER)
@require_GET
def problem(request: StaffRequest, problem_id: str) -> HttpResponse:
    """One error with everything that is known about it."""
    row = get_object_or_404(Problem, pk=problem_id)
    context = {
        "problem": row,
        "mail": _mail_of(row),
        "who": Staff.objects.filter(pk=row.staff_id).first() if row.staff_id else None,
    }
    return show(request, "problem.html", row.pk, context)


@guard(Capability.ADMINISTER)
@require_POST
def resolve_problem(request: StaffRequest, problem_id: str) -> HttpResponse:
    """Off the list."""
    resolve(get_object_or_404(Problem, pk=problem_id))
    return done(request, _("The problem is marked as resolved."), "problems")


@guard(Capability.ADMINISTER)
@require_GET
def mails(request: StaffRequest) -> HttpResponse:
    """Mails that wait for somebody: set aside on the way in, or not sent on the way out."""
    outgoing = request.GET.get("box") == "out"
    after = request.GET.get("after", "")
    rows: list[IncomingMail] | list[OutgoingMail]
    if outgoing:
        unsent = mails_unsent().defer("body", "html")
        rows, cursor = keyset(unsent, ("id",), after=after, size=PAGE, descending=True)
    else:
        aside = mails_aside().select_related("raw")
        rows, cursor = keyset(aside, ("id",), after=after, size=PAGE, descending=True)
    address = reverse("administration:mails")
    context = {
        "mails": rows,
        "outgoing": outgoing,
        "next": f"?{urlencode({'box': 'out' if outgoing else '', 'after': cursor})}" if cursor else "",
        "views": [
            (_("Set aside"), address, not outgoing, None),
            (_("Unsent"), f"{address}?box=out", outgoing, None),
        ],
    }
    return show(request, "mails.html", _("Mail"), context)


@guard(Capability.ADMINISTER)
@require_POST
def retry(request: StaffRequest, mail_id: int) -> HttpResponse:
    """Give a mail that was set aside to the desk again; its old problems are settled by that."""
    mail = retry_mail(get_object_or_404(IncomingMail, pk=mail_id), by=request.user)
    if mail.state == IncomingMail.State.SET_ASIDE:
        messages.warning(request, _("It failed again, for the reason shown."))
        return done(request, _("The mail is still set aside."), "mails")
    for row in Problem.objects.filter(where="mail.incoming", resolved_at__isnull=True, facts__mail=mail.pk):
        resolve(row)
    return done(request, _("The mail is taken in."), "mails")


@guard(Capability.ADMINISTER)
@require_POST
def again(request: StaffRequest, mail_id: int) -> HttpResponse:
    """Send a mail that did not leave once more."""
    send_again(get_object_or_404(OutgoingMail.objects.select_related("thread"), pk=mail_id), by=request.user)
    return done(request, _("The mail is queued again."), "mails")


@guard(Capability.ADMINISTER)
@require_GET
def original(request: StaffRequest, mail_id: int) -> FileResponse:
    """The bytes as they came; a file to keep, never a page to show."""
    mail = get_object_or_404(IncomingMail.objects.select_related("raw"), pk=mail_id)
    return files.original(mail.raw, name=f"mail-{mail.pk}.eml")


@guard(Capability.ADMINISTER)
@require_GET
def written(request: StaffRequest, mail_id: int) -> HttpResponse:
    """An outgoing mail as it is, or would be, sent."""
    mail = get_object_or_404(OutgoingMail.objects.select_related("thread"), pk=mail_id)
    answer = HttpResponse(build(mail), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="mail-out-{mail.pk}.eml"'
    return files.harmless(answer)


def _mail_of(row: Problem) -> IncomingMail | None:
    """The mail that the problem is about, while it is still set aside."""
    number = row.facts.get("mail") if row.where == "mail.incoming" else None
    if not isinstance(number, int):
        return None
    return IncomingMail.objects.filter(pk=number, state=IncomingMail.State.SET_ASIDE).first()
