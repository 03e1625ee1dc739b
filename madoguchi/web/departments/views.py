"""The directory: whom one can ask, found while a caller is on the line; and one department with all that is known."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from madoguchi.catalog.models import Category
from madoguchi.consultations.alike import Answerer, answered_like, who_answered
from madoguchi.consultations.history import known_besides
from madoguchi.people.access import Capability
from madoguchi.people.directory import Hit, find_in_directory
from madoguchi.people.models import Contact, ContactAbsence, Department, TopicContact
from madoguchi.tickets.models import Ticket
from madoguchi.web.departments.standing import lines, since, until
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PAGE = 50
MOST_OTHERS = 100  # contacts of a department beside its chain


@guard(Capability.READ_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """What fits the words; without any the departments. Staff of a partner find nobody by number.

    For the number of a ticket also who answered for tickets like it.
    """
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    cursor, now = "", timezone.now()
    ticket = Ticket.objects.visible_to(request.access).numbered(words).first() if words else None
    answerers = who_answered(answered_like(ticket, request.access)) if ticket else []
    if words:
        hits = find_in_directory(words, numbers=not request.access.is_partner)
    else:
        active = Department.objects.filter(is_active=True)
        rows, cursor = keyset(active, ("kana", "id"), after=request.GET.get("after", ""), size=PAGE)
        hits = [Hit(row) for row in rows]
    context = {
        "q": words,
        "lines": lines(hits, at=now),
        "ticket": ticket,
        "answerers": list(zip(answerers, lines([_hit(one) for one in answerers], at=now), strict=True)),
        "next": f"?{urlencode({'after': cursor})}" if cursor else "",
        "edits": request.access.can(Capability.EDIT_DIRECTORY),
        "reaches": not request.access.is_partner,
    }
    return page(request, "departments/index.html", context)


def _hit(one: Answerer) -> Hit:
    return Hit(one.contact.department, contact=one.contact)


@guard(Capability.READ_TICKETS)
@require_GET
def department_page(request: StaffRequest, department_id: int) -> HttpResponse:
    """What a department is asked about, whom one asks in which order, and who is away."""
    return show(request, department_id)


def show(request: StaffRequest, department_id: int, *, saved: int | None = None) -> HttpResponse:
    """The page of a department; ``saved``: the topic whose chain was just saved, 0 the department's own."""
    now = timezone.now()
    departments = Department.objects.select_related("calendar", "manager", "team")
    row = get_object_or_404(departments, pk=department_id)
    people = list(
        row.contacts.filter(is_active=True).select_related("calendar", "deputy").order_by("kana", "name", "id")
    )
    by_id = {contact.pk: contact for contact in people}
    chain = sorted((one for one in people if one.position is not None), key=lambda one: (one.position or 0, one.pk))
    links = Prefetch("links", TopicContact.objects.filter(contact__is_active=True).order_by("position", "id"))
    categories = Prefetch("categories", Category.objects.filter(is_active=True))
    topics = list(row.topics.filter(is_active=True).order_by("position", "id").prefetch_related(links, categories))
    absences = ContactAbsence.objects.filter(contact__department=row).select_related("contact__deputy", "deputy")
    ahead = [one for one in absences.order_by("starts_at", "id") if one.ends_at is None or one.ends_at > now]
    placed = {link.contact_id for topic in topics for link in topic.links.all()}
    placed |= {one.pk for one in chain}
    others = [one for one in people if one.pk not in placed]
    hits = [Hit(row), *(Hit(row, topic=topic) for topic in topics)]
    hits += [Hit(row, contact=one) for one in people if one.pk in placed]
    hits += [Hit(row, contact=one) for one in others[:MOST_OTHERS]]
    standing = lines(hits, at=now)
    edits = request.access.can(Capability.EDIT_DIRECTORY)
    context = {
        "department": row,
        "asked": standing[0],
        "topics": [
            (topic, line, [by_id[link.contact_id] for link in topic.links.all() if link.contact_id in by_id])
            for topic, line in zip(topics, standing[1:], strict=False)
        ],
        "line_of": {line.hit.contact.pk: line for line in standing if line.hit.contact},
        "chain": chain,
        "more": max(0, len(others) - MOST_OTHERS),
        "people": people,
        "unconfirmed": [one for one in people if not one.is_confirmed],
        "former": list(Contact.objects.filter(department=row, is_active=False).order_by("-id")[:20]),
        "absences": ahead,
        "since": since,
        "until": until,
        "known": known_besides(row, [one for one in people if one.pk != row.manager_id]) if edits else {},
        "edits": edits,
        "reaches": not request.access.is_partner,
        "saved": saved,
        "saved_at": now,
    }
    return page(request, "departments/department.html", context)
