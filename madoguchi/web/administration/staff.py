"""Who works here: found by reading, with roles, password, second factor and tokens."""

from datetime import datetime, time

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.db.models.functions import Substr
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.foundation.japanese import to_hiragana
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.waiting import shares
from madoguchi.people import actions
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import ApiToken, Membership, Role, Staff, Team
from madoguchi.people.tokens import SCOPES
from madoguchi.web.administration.forms import StaffForm
from madoguchi.web.administration.page import ask, done, fill, show, show_secret
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go

PAGE = 100
# The rows of the syllabary, as an address book has them at its side; what begins otherwise stands under 他.
ROWS = {
    "あ": "ぁあぃいぅうぇえぉおゔ",
    "か": "かがきぎくぐけげこご",
    "さ": "さざしじすずせぜそぞ",
    "た": "ただちぢっつづてでとど",
    "な": "なにぬねの",
    "は": "はばぱひびぴふぶぷへべぺほぼぽ",
    "ま": "まみむめも",
    "や": "ゃやゅゆょよ",
    "ら": "らりるれろ",
    "わ": "ゎわゐゑをん",
}


@guard(Capability.ADMINISTER)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Everybody by reading; those who left only when asked for."""
    address = {name: request.GET.get(name, "").strip().replace("\0", "") for name in ("q", "row", "team", "state")}
    chosen = _chosen(address).prefetch_related("memberships__team")
    found, cursor = keyset(chosen, ("kana", "id"), after=request.GET.get("after", ""), size=PAGE)
    told = {name: value for name, value in address.items() if value}
    context = {
        "people": [(person, _roles_of(person)) for person in found],
        "next": f"?{urlencode({**told, 'after': cursor})}" if cursor else "",
        "address": address,
        "filtered": bool(told),
        "rows": [
            (row, f"?{urlencode({**told, 'row': row})}" if row else f"?{urlencode({**told, 'row': ''})}", word)
            for row, word in [("", _("All")), *((row, row) for row in ROWS), ("他", _("Other"))]
        ],
        "teams": [(team.pk, team.label) for team in Team.objects.all()],
        "states": [("inactive", _("No longer here"))],
    }
    return show(request, "staff.html", _("Staff"), context)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Somebody new; roles and password follow on their page."""
    form = fill(StaffForm, request)
    if request.method == "POST" and form.is_valid():
        person = actions.add_staff(by=request.user, **form.cleaned_data)
        return done(request, _("Added. Now give roles and a password."), "staff_page", person.pk)
    return ask(request, form, _("New member of staff"), back=reverse("administration:staff"))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def staff_page(request: StaffRequest, staff_id: int) -> HttpResponse:
    """One member of staff, and everything that can be changed about them."""
    person = get_object_or_404(Staff, pk=staff_id)
    form = fill(StaffForm, request, person)
    if request.method == "POST" and form.is_valid():
        actions.change_staff(person, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "staff_page", person.pk)
    held = {(row.role, row.team_id) for row in Membership.objects.filter(staff=person)}
    teams = Team.objects.filter(Q(is_active=True) | Q(memberships__staff=person)).distinct()
    context = {
        "person": person,
        "held": held,
        "desk_roles": Role.choices,
        "team_roles": [(key, label) for key, label in Role.choices if key != Role.ADMINISTRATOR],
        "teams": list(teams),
        "factors": Authenticator.objects.filter(user_id=person.pk).exclude(type="recovery_codes").count(),
        "tokens": list(person.tokens.order_by("-pk")[:50]),
        "scopes": SCOPES,
        "has_password": person.has_usable_password(),
        "waiting": sum(share.tally.total for share in shares(person, request.access)),
    }
    return ask(request, form, person.name, back=reverse("administration:staff"), template="staff_page.html", **context)


@guard(Capability.ADMINISTER)
@require_POST
def roles(request: StaffRequest, staff_id: int) -> HttpResponse:
    """All roles at once: ``role:team id``, the team empty for the whole desk."""
    person = get_object_or_404(Staff, pk=staff_id)
    teams = {str(team.pk): team for team in Team.objects.all()}
    chosen: list[tuple[str, Team | None]] = []
    for written in request.POST.getlist("roles"):
        role, _colon, team = written.partition(":")
        if team and team not in teams:
            raise Refused(_("This team does not exist any more. Load the page again."), code="unknown_team")
        chosen.append((role, teams[team] if team else None))
    actions.set_roles(person, chosen, by=request.user)
    return _done_unless_waited_for(request, person, _("The roles are saved."))


@guard(Capability.ADMINISTER)
@require_POST
def password(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Set the password that was typed, or generate one; shown once."""
    person = get_object_or_404(Staff, pk=staff_id)
    text = actions.set_password(person, password=request.POST.get("password", ""), by=request.user)
    return show_secret(
        request,
        _("New password"),
        lead=_("%(name)s signs in as %(email)s.") % {"name": person.name, "email": person.email},
        label=_("Password"),
        secret=text,
        back=reverse("administration:staff_page", args=[person.pk]),
    )


@guard(Capability.ADMINISTER)
@require_POST
def mfa(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Take the second factor away."""
    person = get_object_or_404(Staff, pk=staff_id)
    actions.reset_mfa(person, by=request.user)
    return done(
        request, _("The second factor is taken away. The password alone signs in now."), "staff_page", person.pk
    )


@guard(Capability.ADMINISTER)
@require_POST
def deactivate(request: StaffRequest, staff_id: int) -> HttpResponse:
    """No longer works here."""
    person = get_object_or_404(Staff, pk=staff_id)
    actions.deactivate_staff(person, by=request.user)
    return _done_unless_waited_for(request, person, _("%(name)s can no longer sign in.") % {"name": person.name})


@guard(Capability.ADMINISTER)
@require_POST
def activate(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Works here again."""
    person = get_object_or_404(Staff, pk=staff_id)
    actions.activate_staff(person, by=request.user)
    return done(request, _("%(name)s can sign in again.") % {"name": person.name}, "staff_page", person.pk)


@guard(Capability.ADMINISTER)
@require_POST
def create_token(request: StaffRequest, staff_id: int) -> HttpResponse:
    """A key for a program that acts as this person; shown once."""
    person = get_object_or_404(Staff, pk=staff_id)
    name = request.POST.get("name", "").replace("\0", "")
    text = actions.create_token(
        person,
        name=name,
        scopes=request.POST.getlist("scopes"),
        expires_at=_end_of(request.POST.get("expires_on", "")),
        by=request.user,
    )
    return show_secret(
        request,
        _("New API token"),
        lead=_("It acts as %(name)s.") % {"name": person.name},
        label=name or _("Token"),
        secret=text,
        back=reverse("administration:staff_page", args=[person.pk]),
    )


@guard(Capability.ADMINISTER)
@require_POST
def revoke_token(request: StaffRequest, token_id: int) -> HttpResponse:
    """The token opens nothing any more."""
    token = get_object_or_404(ApiToken.objects.select_related("staff"), pk=token_id)
    actions.revoke_token(token, by=request.user)
    return done(request, _("The token is revoked."), "staff_page", token.staff_id)


def _done_unless_waited_for(request: StaffRequest, person: Staff, sentence: str) -> HttpResponse:
    """Back to their page; or, when something waits that they will not do any more, on to where it is reassigned."""
    person = Staff.objects.get(pk=person.pk)  # with the rights as they are now
    rights = access_of(person)
    stranded = [one for one in shares(person, request.access) if not person.is_active or not rights.acts_for(one.team)]
    if not stranded:
        return done(request, sentence, "staff_page", person.pk)
    messages.success(request, sentence)
    messages.warning(
        request, _("Something still waits on %(name)s. Give it to somebody who is there.") % {"name": person.name}
    )
    return go(request, reverse("people:waiting", args=[person.pk]))


def _chosen(address: dict[str, str]) -> QuerySet[Staff]:
    rows = Staff.objects.filter(is_active=address["state"] != "inactive")
    if address["q"]:
        word = address["q"]
        rows = rows.filter(
            Q(kana__contains=to_hiragana(word))
            | Q(family_name__contains=word)
            | Q(given_name__contains=word)
            | Q(email__icontains=word)
            | Q(extension=word)
        )
    if address["row"]:
        rows = rows.annotate(initial=Substr("kana", 1, 1))
        known = ROWS.get(address["row"])
        rows = rows.filter(initial__in=known) if known else rows.exclude(initial__in="".join(ROWS.values()))
    if row_number(address["team"]) is not None:
        rows = rows.filter(memberships__team=int(address["team"])).distinct()
    return rows


def _roles_of(person: Staff) -> list[str]:
    """``Operator (Call centre)``; without a team the role alone."""
    labels = dict(Role.choices)
    return [
        _("%(role)s (%(team)s)") % {"role": labels[row.role], "team": row.team.label}
        if row.team
        else str(labels[row.role])
        for row in person.memberships.all()
    ]


def _end_of(written: str) -> datetime | None:
    """The end of the day that was typed; None when none was."""
    if not written:
        return None
    try:
        chosen = parse_date(written)
    except ValueError:
        chosen = None
    if chosen is None:
        raise Refused(_("The date must be written like 2026-11-30."), code="bad_date", field="expires_on")
    return timezone.make_aware(datetime.combine(chosen, time.max))
