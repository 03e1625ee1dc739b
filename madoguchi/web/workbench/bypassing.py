"""迂回: somebody asked a colleague past the desk, in three fields; the letters to those who are reached most."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.files.models import Attachment
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.bypasses import confirm_draft, disown_draft, read
from madoguchi.interactions.letters import example, policy, recent_letters, set_letters
from madoguchi.interactions.models import BypassDraft, Interaction
from madoguchi.people.access import Capability
from madoguchi.people.meant import find_colleagues, staff_meant_by
from madoguchi.people.models import Organization, Person, Staff
from madoguchi.people.queries import colleagues, find_people
from madoguchi.tickets.requesters import meant_and_visible, organizations_visible_to, people_visible_to
from madoguchi.web.shell import files
from madoguchi.web.shell.guard import StaffRequest, guard, signed_in
from madoguchi.web.shell.render import go, page

FOUND = 6
MOST_DRAFTS = 50
MOST_TEXT = 4000  # enough to know one's own mail again
OPTIONS = "workbench/options.html"


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def bypass(request: StaffRequest) -> HttpResponse:
    """Somebody went round the desk: who, whom did they reach, about what."""
    if request.method == "POST":
        who = request.POST.get("who", "")
        person, organization = _chosen(request)
        record_bypass(
            who=who,
            what=request.POST.get("what", ""),
            reached=_reached(request),
            person=person,
            organization=organization,
            by=request.user,
        )
        messages.success(request, _("Recorded."))
        return go(request, reverse("workbench:index"))
    drafts = BypassDraft.objects.to_settle(request.access, timezone.now()).count()
    return page(request, "workbench/bypass.html", {"drafts": drafts})


@signed_in
@require_http_methods(["GET", "POST"])
def drafts(request: StaffRequest) -> HttpResponse:
    """Mails to the record address that nobody vouches for, in one's own name or of those one leads: are they theirs?"""
    found = BypassDraft.objects.to_settle(request.access, timezone.now())
    waiting = found.select_related("mail__raw", "staff").order_by("-id")
    if request.method == "POST":
        draft = get_object_or_404(waiting, pk=row_number(request.POST.get("draft", "")))
        if request.POST.get("mine") == "yes":
            confirm_draft(draft, by=request.user)
            messages.success(request, _("Recorded."))
        else:
            disown_draft(draft, by=request.user)
            messages.success(request, _("Nothing was recorded."))
        return go(request, reverse("workbench:bypass_drafts"))
    texts = [(draft, draft.mail.parsed.text.strip()) for draft in waiting[:MOST_DRAFTS]]
    rows = [(draft, read(draft.mail.subject, text), text[:MOST_TEXT]) for draft, text in texts]
    return page(request, "workbench/bypass_drafts.html", {"rows": rows})


@guard(Capability.TAKE_CALLS)
@require_GET
def who(request: StaffRequest) -> HttpResponse:
    """Requesters and customers whom the typed text fits."""
    typed = _typed(request, "who")
    people = find_people(typed, limit=FOUND, among=people_visible_to(request.access)) if typed else []
    key = search_key(typed)
    units: QuerySet[Organization] | list[Organization] = []
    if key:
        units = organizations_visible_to(request.access).filter(search__contains=key)[:3]
    options = [
        (f"person:{row.pk}", row.name, row.kana, row.organization.name if row.organization else "") for row in people
    ]
    options += [(f"organization:{row.pk}", row.name, "", _("Organization")) for row in units]
    return page(request, OPTIONS, {"options": options, "name": "who"})


@guard(Capability.TAKE_CALLS)
@require_GET
def whom(request: StaffRequest) -> HttpResponse:
    """Colleagues whom the typed text fits."""
    among = colleagues(request.access).prefetch_related("teams")
    found = find_colleagues(_typed(request, "reached_name"), among=among, limit=FOUND)
    options = [
        (str(row.pk), row.name, row.kana, ", ".join(team.label for team in row.teams.all()[:2])) for row in found
    ]
    return page(request, OPTIONS, {"options": options, "name": "reached"})


@guard(Capability.TAKE_CALLS)
@require_GET
def download(request: StaffRequest, attachment_id: int) -> HttpResponse:
    """What came with a mail that recorded a contact: a voicemail's sound."""
    contacts = Interaction.objects.visible_to(request.access)
    rows = Attachment.objects.filter(interactions__in=contacts).select_related("file").distinct()
    return files.attachment(get_object_or_404(rows, pk=attachment_id))  # type: ignore[return-value]


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def letters(request: StaffRequest) -> HttpResponse:
    """Whether those who are reached most are told each month, from how many contacts on; the letter; those sent."""
    if request.method == "POST":
        set_letters(
            sends=request.POST.get("sends") == "yes",
            at_least=row_number(request.POST.get("at_least", "")) or 0,
            by=request.user,
        )
        messages.success(request, _("Saved."))
        return go(request, reverse("workbench:bypass_letters"))
    context = {"policy": policy(), "letter": example(request.user), "sent": recent_letters()}
    return page(request, "workbench/bypass_letters.html", context)


def _typed(request: StaffRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:100]


def _chosen(request: StaffRequest) -> tuple[Person | None, Organization | None]:
    """Whom was chosen from the list, else the only one whom the text can mean; free text may mean nobody we know."""
    kind, _colon, written = request.POST.get("who_ref", "").partition(":")
    key = row_number(written)
    if key is not None and kind == "person":
        chosen = get_object_or_404(people_visible_to(request.access).select_related("organization"), pk=key)
        return chosen, chosen.organization
    if key is not None and kind == "organization":
        return None, get_object_or_404(organizations_visible_to(request.access), pk=key)
    return meant_and_visible(request.POST.get("who", "")[:200], request.access)


def _reached(request: StaffRequest) -> Staff:
    named = colleagues(request.access)
    key = row_number(request.POST.get("reached", ""))
    reached = named.filter(pk=key).first() if key is not None else None
    reached = reached or staff_meant_by(request.POST.get("reached_name", "")[:100], among=named)
    if reached is None:
        raise Refused(
            _("Say whom they reached."),
            code="reached",
            missing=[{"key": "reached_name", "label": _("Whom they reached")}],
        )
    return reached
