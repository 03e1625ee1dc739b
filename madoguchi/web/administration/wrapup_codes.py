"""Which kinds of call the wrap-up offers."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from madoguchi.people.access import Capability
from madoguchi.telephony.actions.set_wrapup_codes import Written, set_wrapup_codes
from madoguchi.telephony.models import WrapupCode
from madoguchi.telephony.wrapups import PRODUCT_CODES
from madoguchi.web.administration.page import show
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def wrapup_codes(request: StaffRequest) -> HttpResponse:
    """All of them, one a row, and an empty row for another; a row without key or name goes."""
    if request.method == "POST":
        rows = zip(*(request.POST.getlist(field) for field in ("key", "name", "name_en")), strict=False)
        settling = set(request.POST.getlist("settles"))
        written = [
            Written(key.strip(), name, name_en, str(place) in settling)
            for place, (key, name, name_en) in enumerate(rows)
            if key.strip() and name.strip()
        ]
        set_wrapup_codes(written, by=request.user)
        messages.success(request, _("Saved."))
        return go(request, reverse("administration:wrapup_codes"))
    codes = list(WrapupCode.objects.filter(is_active=True)) or [
        WrapupCode(key=key, name=str(label)) for key, label in PRODUCT_CODES.items()
    ]
    return show(request, "wrapup_codes.html", _("Kinds of call"), {"codes": codes})
