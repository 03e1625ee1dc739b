"""What must be done in a difficult call."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.interactions.difficult import set_required_steps, steps_for
from madoguchi.interactions.models import DifficultyKind
from madoguchi.people.access import Capability
from madoguchi.web.administration.page import show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go

_KINDS = (DifficultyKind.HARASSMENT, DifficultyKind.COMPLAINT)


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def difficult_calls(request: StaffRequest) -> HttpResponse:
    """The steps of each kind, one a line, the English name behind a bar."""
    if request.method == "POST":
        lines = request.POST.get("steps", "")[:10000].splitlines()
        steps = [(name, name_en) for name, _bar, name_en in (line.partition("|") for line in lines)]
        set_required_steps(request.POST.get("kind", ""), steps, by=request.user)
        messages.success(request, _("Saved."))
        return go(request, reverse("administration:difficult_calls"))
    written = [(kind.value, kind.label, "\n".join(map(_line, steps_for(kind)))) for kind in _KINDS]
    return show(request, "difficult.html", _("Difficult calls"), {"kinds": written})


def _line(step: tuple[str, str]) -> str:
    name, name_en = step
    return f"{name} | {name_en}" if name_en else name
