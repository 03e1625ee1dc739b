"""The living style page: every component in its states, for the eye and for the tests."""

from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from madoguchi.people.access import Capability
from madoguchi.web.shell import icons
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page


@guard(Capability.ADMINISTER)
@require_GET
def components(request: StaffRequest) -> HttpResponse:
    """Fixed examples, no data of the desk."""
    now = timezone.now()
    return page(
        request,
        "shell/components.html",
        {
            "icon_names": icons.NAMES,
            "minutes_ago": now - timedelta(minutes=7),
            "seconds_ago": now - timedelta(seconds=42),
            "yesterday": now - timedelta(days=1, hours=3),
            "soon": now + timedelta(minutes=42, seconds=30),
            "later": now + timedelta(hours=5, minutes=10, seconds=30),
            "late": now - timedelta(hours=2, minutes=10),
        },
    )
