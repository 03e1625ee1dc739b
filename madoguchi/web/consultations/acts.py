"""One question: its page, which is a sheet over the ticket, and what one does about it; each calls one act."""

from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.consultations.actions.hear import answer, ask_back, decline, need_time
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import SAID, note, read_as, review
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.consultations.queries import in_full, ways_of
from madoguchi.files.models import Attachment
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.people.models import Contact
from madoguchi.web.consultations.panel import Shown, draft_of, remark_files, shown
from madoguchi.web.shell import files
from madoguchi.web.shell.done import done
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page

OTHERS = 50  # contacts of the department to choose from


@guard(Capability.READ_TICKETS)
@require_GET
def consultation_page(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """What stands, what was said, and what one can do about it."""
    (one,) = shown([get_object_or_404(in_full(Consultation.objects.visible_to(request.access)), pk=consultation_id)])
    ticket, access = one.row.ticket, request.access
    works = access.can(Capability.WORK_TICKETS)
    team = one.row.department.team
    return page(
        request,
        "consultations/consultation.html",
        {
            "one": one,
            "works": works,
            "approaches": [(row.pk, row.name) for row in one.approaches],
            "said_kinds": said_kinds(),
            "others": _others(one) if works else [],
            "gives": works
            and team is not None
            and team.is_active
            and ticket.offered_to_id is None
            and team.pk != ticket.holder_team_id
            and access.acts_for(ticket.holder_team),
            "remark_files": remark_files,
            "draft_of": draft_of,
        },
    )


@guard(Capability.WORK_TICKETS)
@require_POST
def heard(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """What somebody of the department told an operator, by telephone for instance; or a note of one's own."""
    consultation, form = _consultation_or_404(request, consultation_id), request.POST
    chosen = row_number(form.get("approach", ""))
    rows = Approach.objects.filter(consultation=consultation)
    who = get_object_or_404(rows, pk=chosen) if chosen is not None else None
    body = form.get("body", "")
    match form.get("kind", ""):
        case Remark.Kind.DECLINE:
            decline(consultation, approach=who, note=body, named=_named(form), by=request.user)
        case Remark.Kind.NEEDS_TIME:
            need_time(consultation, until=_until(form.get("until", "")), note=body, approach=who, by=request.user)
        case Remark.Kind.ASK_BACK:
            ask_back(consultation, body=body, approach=who, by=request.user)
        case Remark.Kind.NOTE:
            note(consultation, body=body, by=request.user)
        case Remark.Kind.ANSWER:
            answer(consultation, body=body, approach=who, by=request.user)
        case _:
            raise Refused(_("Choose what it says."), code="kind", missing=[{"key": "kind", "label": _("It is")}])
    return _done(request, consultation, _("What %(department)s said is noted."))


@guard(Capability.WORK_TICKETS)
@require_POST
def reread(request: StaffRequest, remark_id: int) -> HttpResponse:
    """What was said is read anew; the question goes on, or ends, as if it had been taken so from the beginning."""
    remark, form = _remark_or_404(request, remark_id), request.POST
    kind = form.get("kind", "")
    until = _until(form.get("until", "")) if kind == Remark.Kind.NEEDS_TIME else None
    read_as(remark, kind, named=_named(form), until=until, by=request.user)
    return _done(request, remark.consultation, _("What %(department)s said is read anew."))


@guard(Capability.WORK_TICKETS)
@require_POST
def reply_to_department(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The desk answers a question back."""
    consultation = _consultation_or_404(request, consultation_id)
    replied = reply(consultation, body=request.POST.get("body", "").replace("\r\n", "\n"), by=request.user)
    if replied.to_call:
        return _done(request, consultation, _("Nothing is sent by telephone: please call %(department)s."))
    return _done(request, consultation, _("The reply goes to %(department)s."))


@guard(Capability.WORK_TICKETS)
@require_POST
def go_on(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """Wait no longer: the next in the chain is asked, or whoever was chosen."""
    consultation = _consultation_or_404(request, consultation_id)
    chosen = row_number(request.POST.get("contact", ""))
    contacts = Contact.objects.filter(department=consultation.department)
    contact = get_object_or_404(contacts, pk=chosen) if chosen is not None else None
    seen = row_number(request.POST.get("after", ""))
    next_contact(consultation, contact=contact, after=seen, by=request.user)
    return _done(request, consultation, _("Somebody else of %(department)s is asked."))


@guard(Capability.WORK_TICKETS)
@require_POST
def take_back(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """No answer is needed any more."""
    consultation = _consultation_or_404(request, consultation_id)
    withdraw(consultation, note=request.POST.get("note", ""), by=request.user)
    return _done(request, consultation, _("The question to %(department)s is withdrawn."))


@guard(Capability.WORK_TICKETS)
@require_POST
def reviewed(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """Somebody has read what came after it was settled."""
    consultation = _consultation_or_404(request, consultation_id)
    review(consultation, by=request.user)
    return _done(request, consultation, _("Off the list: %(department)s."))


@guard(Capability.READ_TICKETS)
@require_GET
def original(request: StaffRequest, remark_id: int) -> FileResponse:
    """The mail behind a remark, as it came."""
    mail = _remark_or_404(request, remark_id).incoming
    if mail is None:
        raise Http404
    return files.original(mail.raw, name=f"mail-{mail.pk}.eml")


@guard(Capability.READ_TICKETS)
@require_GET
def file(request: StaffRequest, attachment_id: int) -> FileResponse:
    """A file that came with an answer, for those who see the question."""
    visible = Consultation.objects.visible_to(request.access)
    rows = Attachment.objects.filter(remarks__consultation__in=visible).select_related("file").distinct()
    return files.attachment(get_object_or_404(rows, pk=attachment_id))


def said_kinds() -> list[tuple[str, Any]]:
    """What a remark can be: said by somebody of the department, or noted by the desk."""
    return [(kind.value, kind.label) for kind in SAID]


def _done(request: StaffRequest, consultation: Consultation, sentence: str) -> HttpResponse:
    return done(request, sentence % {"department": consultation.department.label}, ticket=consultation.ticket)


def _consultation_or_404(request: StaffRequest, consultation_id: int) -> Consultation:
    rows = Consultation.objects.visible_to(request.access).select_related("ticket", "department")
    return get_object_or_404(rows, pk=consultation_id)


def _remark_or_404(request: StaffRequest, remark_id: int) -> Remark:
    visible = Consultation.objects.visible_to(request.access)
    rows = Remark.objects.filter(consultation__in=visible).select_related(
        "consultation__ticket", "consultation__department", "incoming__raw"
    )
    return get_object_or_404(rows, pk=remark_id)


def _others(one: Shown) -> list[tuple[int, str]]:
    """Contacts of the department who were not asked yet and can be reached, those of its chain first."""
    asked = {approach.contact_id for approach in one.approaches}
    rows = Contact.objects.filter(department=one.row.department, is_active=True)
    in_order = rows.exclude(pk__in=[key for key in asked if key]).order_by("position", "id")[:OTHERS]
    return [(row.pk, f"{row.name} {row.title}".strip()) for row in in_order if ways_of(row)]


def _named(form: QueryDict) -> Named | None:
    """Whom a contact named as the right person, by name or mail address."""
    named = form.get("named", "").strip()
    if not named:
        return None
    return Named(email=named) if "@" in named else Named(name=named)


def _until(written: str) -> datetime:
    until = moment_of(written)
    if until is None:
        raise Refused(
            _("Say by when they answer."), code="until", missing=[{"key": "until", "label": _("They answer by")}]
        )
    return until
