"""Who is away and who stands in: one's own, and for supervisors everybody's with the duty rota."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.waiting import tallies
from madoguchi.people import actions
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Absence, Duty, Staff, Team
from madoguchi.web.shell.guard import StaffRequest, guard, signed_in
from madoguchi.web.shell.inputs import HoursField, day, moment
from madoguchi.web.shell.render import go, page

ROWS = 200


class AbsenceForm(forms.Form):
    staff = forms.ModelChoiceField(
        Staff.objects.none(), label=gettext_lazy("who is away"), empty_label=gettext_lazy("choose")
    )
    starts_at = forms.DateTimeField(label=gettext_lazy("away from"), widget=moment())
    ends_at = forms.DateTimeField(
        label=gettext_lazy("back at"),
        widget=moment(),
        required=False,
        help_text=gettext_lazy("Empty: until further notice."),
    )
    substitute = forms.ChoiceField(
        label=gettext_lazy("stands in"),
        required=False,
        help_text=gettext_lazy(
            "A person gets new hand-offs, assignments and call-backs. A team gets the call-backs; tickets stay with "
            "the team that has them. Empty: the team."
        ),
    )
    note = forms.CharField(label=gettext_lazy("note"), max_length=200, required=False)

    def __init__(self, data: Any, *, access: Access, everybody: bool, **options: Any) -> None:
        super().__init__(data, **options)
        people = _colleagues(access)
        if everybody:
            self.fields["staff"].queryset = people  # type: ignore[attr-defined]
        else:
            del self.fields["staff"]
        teams = Team.objects.filter(is_active=True)
        if access.is_partner or not access.memberships:
            teams = teams.filter(pk__in=access.team_ids)
        self.fields["substitute"].choices = [  # type: ignore[attr-defined]
            ("", _("(nobody: the team)")),
            *((f"staff:{person.pk}", person.name) for person in people if person.pk != access.staff.pk or everybody),
            *((f"team:{team.pk}", team.label) for team in teams),
        ]

    @property
    def substitutes(self) -> dict[str, Staff | Team | None]:
        kind, _colon, pk = self.cleaned_data["substitute"].partition(":")
        return {
            "substitute": Staff.objects.get(pk=pk) if kind == "staff" else None,
            "substitute_team": Team.objects.get(pk=pk) if kind == "team" else None,
        }


class DutyForm(forms.Form):
    team = forms.ModelChoiceField(Team.objects.none(), label=gettext_lazy("team"), empty_label=gettext_lazy("choose"))
    staff = forms.ModelChoiceField(
        Staff.objects.none(), label=gettext_lazy("on duty"), empty_label=gettext_lazy("choose")
    )
    first = forms.DateField(label=gettext_lazy("first day"), widget=day())
    last = forms.DateField(
        label=gettext_lazy("last day"), widget=day(), required=False, help_text=gettext_lazy("Empty: one day.")
    )
    periods = HoursField(
        label=gettext_lazy("hours of each day"),
        help_text=gettext_lazy("Like 9:00-18:00; 18:00-9:00 ends the next morning."),
    )

    def __init__(self, data: Any, *, access: Access) -> None:
        super().__init__(data)
        self.fields["team"].queryset = Team.objects.filter(pk__in=[team.pk for team in _planned(access)])  # type: ignore[attr-defined]
        self.fields["staff"].queryset = _colleagues(access)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["last"] = cleaned.get("last") or cleaned.get("first")
        return cleaned


@signed_in
@require_http_methods(["GET", "POST"])
def own(request: StaffRequest) -> HttpResponse:
    """One's own absences, those to come and the one that holds; for whom one stands in, and when one is on duty."""
    form = _absence_form(request, everybody=False)
    if form.is_bound and form.is_valid() and _noted(request, form, request.user):
        return _done(request, _("Your absence is noted."), "own_absences")
    mine = Q(substitute=request.user) | Q(substitute_team__in=request.access.team_ids)
    duties = Duty.objects.filter(ends_at__gt=timezone.now(), staff=request.user)
    context = {
        "form": form,
        "absences": _ahead(Absence.objects.filter(staff=request.user)),
        "stood_in_for": _ahead(Absence.objects.filter(mine).exclude(staff=request.user)),
        "duties": list(duties.select_related("team", "staff").order_by("starts_at", "id")[:ROWS]),
        "open": sum(part.total for part in tallies(request.access, [request.user.pk]).values()),
        "everybody": False,
        "now_at": timezone.now(),
    }
    return page(request, "people/away.html", context, status=422 if form.errors else 200)


@guard(Capability.DECIDE_ROUTING)
@require_http_methods(["GET", "POST"])
def everybody(request: StaffRequest) -> HttpResponse:
    """All absences to come, and who is on duty for which team."""
    form = _absence_form(request, everybody=True)
    if form.is_bound and form.is_valid() and _noted(request, form, form.cleaned_data["staff"]):
        return _done(request, _("The absence is noted."), "absences")
    return _overview(request, form, DutyForm(None, access=request.access))


@guard(Capability.DECIDE_ROUTING)
@require_POST
def duty(request: StaffRequest) -> HttpResponse:
    """Somebody is on duty on these days."""
    form = DutyForm(request.POST, access=request.access)
    if form.is_valid():
        try:
            actions.set_duty(by=request.user, **form.cleaned_data)
        except Refused as refused:
            _refused(form, refused)
        else:
            return _done(request, _("The duty is saved."), "absences")
    return _overview(request, _blank(request, everybody=True), form)


@signed_in
@require_POST
def end(request: StaffRequest, absence_id: int) -> HttpResponse:
    """Back again, or not away after all."""
    absence = get_object_or_404(Absence.objects.select_related("staff"), pk=absence_id)
    actions.end_absence(absence, by=request.user)
    return _done(request, _("The absence is ended."), "own_absences" if absence.staff == request.user else "absences")


@guard(Capability.DECIDE_ROUTING)
@require_POST
def remove_duty(request: StaffRequest, duty_id: int) -> HttpResponse:
    """Not on duty then."""
    actions.remove_duty(get_object_or_404(Duty.objects.select_related("team", "staff"), pk=duty_id), by=request.user)
    return _done(request, _("The duty is removed."), "absences")


def _overview(request: StaffRequest, form: AbsenceForm, duty_form: DutyForm) -> HttpResponse:
    now = timezone.now()
    duties = Duty.objects.filter(ends_at__gt=now, team__in=[team.pk for team in _planned(request.access)])
    wrong = bool(form.errors or duty_form.errors)
    absences = _ahead(Absence.objects.filter(staff__is_active=True))
    waiting: Counter[int] = Counter()
    for (staff, _team), part in tallies(request.access, {row.staff_id for row in absences}).items():
        waiting[staff] += part.total
    context = {
        "form": form,
        "duty_form": duty_form,
        "absences": absences,
        "waiting": waiting,
        "duties": list(duties.select_related("team", "staff").order_by("team__line", "team_id", "starts_at")[:ROWS]),
        "everybody": True,
        "now_at": now,
    }
    return page(request, "people/away.html", context, status=422 if wrong else 200)


def _ahead(rows: Any) -> list[Absence]:
    rows = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()))
    return list(rows.select_related("staff", "substitute", "substitute_team").order_by("starts_at", "id")[:ROWS])


def _absence_form(request: StaffRequest, *, everybody: bool) -> AbsenceForm:
    if request.method == "POST":
        return AbsenceForm(request.POST, access=request.access, everybody=everybody)
    return _blank(request, everybody=everybody)


def _blank(request: StaffRequest, *, everybody: bool) -> AbsenceForm:
    today = timezone.localdate()
    tomorrow = timezone.make_aware(datetime.combine(today + timedelta(days=1), datetime.min.time()))
    return AbsenceForm(None, access=request.access, everybody=everybody, initial={"starts_at": tomorrow})


def _noted(request: StaffRequest, form: AbsenceForm, staff: Staff) -> bool:
    given = form.cleaned_data
    try:
        actions.note_absence(
            staff,
            starts_at=given["starts_at"],
            ends_at=given["ends_at"],
            note=given["note"],
            by=request.user,
            **form.substitutes,  # type: ignore[arg-type]
        )
    except Refused as refused:
        _refused(form, refused)
        return False
    return True


def _refused(form: forms.Form, refused: Refused) -> None:
    """Say it beside the field that it is about."""
    field = str(refused.details.get("field", ""))
    form.add_error(field if field in form.fields else None, str(refused))


def _colleagues(access: Access) -> Any:
    people = Staff.objects.filter(is_active=True) if access.memberships else Staff.objects.none()
    return people.filter(memberships__team__in=access.team_ids).distinct() if access.is_partner else people


def _planned(access: Access) -> list[Team]:
    return [team for team in Team.objects.filter(is_active=True) if access.acts_for(team)]


def _done(request: StaffRequest, sentence: str, name: str) -> HttpResponse:
    messages.success(request, sentence)
    address = reverse(f"people:{name}")
    return go(request, address)
