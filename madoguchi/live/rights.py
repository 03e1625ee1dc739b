"""Who may hear what. A topic that is not expressly allowed is refused."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from madoguchi.live.topics import Topic
from madoguchi.people.access import Access, Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.tickets.models import Ticket


@dataclass(frozen=True)
class Rights:
    """What one signed-in member of staff may hear of what they asked for."""

    staff_id: int
    granted: frozenset[str]


def session_key(cookies: str) -> str:
    """The session's key out of a Cookie header; empty when there is none."""
    jar = SimpleCookie()
    for part in cookies.split(";"):  # one by one: a cookie of somebody else's that is not well-formed spoils no other
        try:
            jar.load(part.strip())
        except CookieError:
            continue
    morsel = jar.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


def authorise(key: str, topics: list[Topic]) -> Rights | None:
    """What the session may hear; None when it has ended or its owner has left. Reads the database."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key or None)
    staff = get_user(request)
    if not isinstance(staff, Staff) or not staff.is_active:
        return None
    access = access_of(staff)
    granted = {topic.written for topic in topics if _may_hear(access, topic)}
    asked = {topic.ref: topic.written for topic in topics if topic.kind == "ticket" and topic.ref is not None}
    if asked and access.can(Capability.READ_TICKETS):
        seen = Ticket.objects.visible_to(access).filter(pk__in=list(asked)).values_list("pk", flat=True)
        granted.update(asked[ref] for ref in seen)
    return Rights(staff.pk, frozenset(granted))


def _may_hear(access: Access, topic: Topic) -> bool:
    """Every topic but tickets, which a query decides."""
    if topic.ref is not None and topic.kind == "ticket":
        return False
    if topic.ref is not None and topic.kind == "staff":
        return topic.ref == access.staff.pk
    if not access.can(Capability.READ_TICKETS):
        return False
    if topic.ref is not None and topic.kind == "team" and topic.ref in access.team_ids:
        return True
    return not access.is_partner
