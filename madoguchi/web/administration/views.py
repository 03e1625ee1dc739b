"""The overview: what needs an administrator; and the settings in force."""

from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from madoguchi.mail.models import OutgoingMail
from madoguchi.mail.queries import mails_aside, mails_unsent, mails_waiting
from madoguchi.people.access import Capability
from madoguchi.people.models import Membership, Staff
from madoguchi.problems.models import Problem
from madoguchi.search.models import Pending
from madoguchi.telephony.queries import skewed_senders
from madoguchi.web.administration.page import show
from madoguchi.web.shell.guard import StaffRequest, guard


@guard(Capability.ADMINISTER)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """What needs attention; every figure counts a short list of open rows."""
    sending = OutgoingMail.State
    queue = mails_waiting()
    waiting = queue.aggregate(oldest=Min("queued_at"))["oldest"]
    context = {
        "problems": Problem.objects.filter(resolved_at__isnull=True).count(),
        "aside": mails_aside().count(),
        "failed": mails_unsent().filter(state=sending.FAILED).count(),
        "written": mails_unsent().filter(state=sending.WRITTEN).count(),
        "outbox": queue.count(),
        "outbox_since": waiting,
        "outbox_late": waiting is not None and (timezone.now() - waiting).total_seconds() > 900,
        "indexing": Pending.objects.filter(error="").count(),
        "not_indexed": Pending.objects.exclude(error="").count(),
        "size": _database_size(),
        "engine": "PostgreSQL" if connection.vendor == "postgresql" else "SQLite",
        "latest": list(Problem.objects.filter(resolved_at__isnull=True).defer("traceback").order_by("-at")[:5]),
        "idle": list(Staff.objects.filter(is_active=True).exclude(pk__in=Membership.objects.values("staff"))[:10]),
        "skewed": list(skewed_senders()),
    }
    return show(request, "index.html", _("Administration"), context)


@guard(Capability.ADMINISTER)
@require_GET
def in_force(request: StaffRequest) -> HttpResponse:
    """Every setting with the value it has; secrets never reach this page."""
    rows = [
        (name, *settings.MADOGUCHI_IN_FORCE.get(name, ("", "default")), _(doc))
        for name, doc in sorted(settings.MADOGUCHI_SETTINGS.items())
    ]
    return show(request, "settings.html", _("Settings"), {"rows": rows})


def _database_size() -> int:
    """Bytes of the database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    path = Path(connection.settings_dict["NAME"])
    return sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
