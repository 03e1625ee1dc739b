"""Before a department is asked: which one and why, and what it may be told."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items, path_of
from madoguchi.consultations.alike import Like
from madoguchi.consultations.disclosure import (
    DEFAULT,
    DEFAULT_OUTSIDE,
    Answer,
    Case,
    Field,
    Name,
    Told,
    found_in,
    question_of,
)
from madoguchi.consultations.models import Disclosure
from madoguchi.foundation import phone
from madoguchi.foundation.refusal import Refused
from madoguchi.people.models import Department, EmailAddress, Person, PhoneNumber, Topic
from madoguchi.tickets.models import Message, Ticket, shown

_LATER = 20  # messages

type _Key = tuple[int, int | None]  # department, topic


@dataclass
class Proposed:
    """A department one would ask, with the topic where one is known, and why."""

    department: Department
    topic: Topic | None
    whys: list[str] = field(default_factory=list)
    weight: float = 0.0

    @property
    def label(self) -> str:
        return label_of(self.department, self.topic)


def label_of(department: Department, topic: Topic | None) -> str:
    """``経理部 › 請求書``."""
    return f"{department.label} › {topic.label}" if topic else department.label


def proposal_for(ticket: Ticket, likes: Iterable[Like], *, limit: int = 4) -> list[Proposed]:
    """Whom to ask about a ticket, the best first: by the topics of its category and those above, and by who answered
    for tickets like it (``alike.answered_like``).
    """
    found: list[Proposed] = []
    path = path_of(ticket.category) if ticket.category else []
    depth = {category.pk: place for place, category in enumerate(path)}
    topics = Topic.objects.filter(categories__in=path, is_active=True, department__is_active=True)
    for topic in topics.annotate(of=F("categories__pk")).select_related("department").order_by("position", "pk"):
        place: int = depth[topic.of]
        _add(found, topic.department, topic, 2 + place, _("topic of “%(name)s”") % {"name": path[place].label})
    _add_answered(found, likes)
    return sorted(found, key=lambda one: -one.weight)[:limit]


def _add(found: list[Proposed], department: Department, topic: Topic | None, weight: float, why: str) -> None:
    """One more reason to ask; one that names no topic counts for what is best known of the department."""
    of_department = [one for one in found if one.department == department]
    known = next((one for one in of_department if topic in (None, one.topic)), None)
    if known is None:
        known = Proposed(department, topic)
        found.append(known)
    known.whys.append(why)
    known.weight += weight


def _add_answered(found: list[Proposed], likes: Iterable[Like]) -> None:
    """Who answered lately for tickets with the same words, or of the same category."""
    alike, same = defaultdict[_Key, set[int]](set), defaultdict[_Key, int](int)
    shares: dict[int, float] = {}
    for like in likes:
        key = (like.department, like.topic)
        if like.share:
            alike[key].add(like.ticket)
            shares[like.ticket] = like.share
        else:
            same[key] += 1
    keys = sorted(alike.keys() | same.keys(), key=lambda key: (key[1] is None, key))
    departments = Department.objects.in_bulk([key[0] for key in keys]) if keys else {}
    topics = Topic.objects.filter(is_active=True).in_bulk([key[1] for key in keys if key[1]]) if keys else {}
    for key in keys:
        department_row, topic_row = departments[key[0]], topics.get(key[1] or 0)
        if numbers := alike.get(key):
            share = sum(shares[number] for number in numbers)
            _add(found, department_row, topic_row, 1 + min(3.0, share), _answered_for(numbers, shares))
        if times := same.get(key):
            why = _("answered %(count)s questions of this category") % {"count": times}
            _add(found, department_row, topic_row, min(1.0, times / 10), why)


def _answered_for(numbers: Collection[int], shares: Mapping[int, float]) -> str:
    best = shown(max(numbers, key=lambda number: shares[number]))
    if len(numbers) == 1:
        return _("answered for %(number)s, which is like this one") % {"number": best}
    return _("answered for %(count)s tickets like this one, as for %(number)s") % {
        "count": len(numbers),
        "number": best,
    }


def allowed_for(category: Category | None, department: Department) -> Collection[str]:
    """What a department may be told about tickets of a category: its own policy, the nearest one above, the default."""
    policy = policy_of(category)
    if department.is_partner:
        return frozenset(policy.outside_fields) if policy else DEFAULT_OUTSIDE
    return frozenset(policy.fields) if policy else DEFAULT


def policy_of(category: Category | None) -> Disclosure | None:
    """The policy that holds for a category; None: nobody has written one that does."""
    path = [one.pk for one in path_of(category)] if category else []
    rows = {row.category_id: row for row in Disclosure.objects.filter(Q(category__in=path) | Q(category=None))}
    return next((rows[one] for one in [*reversed(path), None] if one in rows), None)


def question_for(ticket: Ticket, department: Department, topic: Topic | None, *, said: str = "") -> Told:
    """The question to this department as it is proposed, in the desk's language: what it needs, and no more."""
    with translation.override(settings.LANGUAGE_CODE):
        return question_of(
            case_of(ticket, said=said), allowed_for(ticket.category, department), topic=topic.label if topic else ""
        )


def tells_too_much(ticket: Ticket, department: Department, text: str, *, said: str = "") -> list[Field]:
    """What a text would tell this department though the category's policy keeps it at the desk."""
    if not text.strip():
        return []
    return found_in(text, case_of(ticket, said=said), allowed_for(ticket.category, department))


def require_disclosable(ticket: Ticket, department: Department, text: str) -> None:
    """Refuses what another company would learn beyond the policy; one's own people are only warned, on the page."""
    if department.is_partner and (told := tells_too_much(ticket, department, text)):
        raise Refused(
            _("%(department)s belongs to another company and may not be told: %(fields)s.")
            % {"department": department.label, "fields": _(", ").join(str(one.label) for one in told)},
            code="discloses",
            field="question",
            fields=[one.value for one in told],
        )


def case_of(ticket: Ticket, *, said: str = "") -> Case:
    """What is known of a ticket; ``said`` stands for the conversation of one that is not raised yet."""
    people = [person for person in (ticket.requester, ticket.affected) if person]
    messages = (
        list(
            Message.objects.filter(ticket=ticket, visibility=Message.Visibility.PUBLIC)
            .order_by("id")
            .values_list("body", flat=True)[: _LATER + 1]
        )
        if ticket.pk
        else []
    )
    known = PhoneNumber.objects.filter(Q(person__in=people) | Q(organization=ticket.organization_id or 0))
    return Case(
        subject=ticket.subject,
        category=" › ".join(one.label for one in path_of(ticket.category)) if ticket.category else "",
        organization=ticket.organization.name if ticket.organization else "",
        names=[name_of(person) for person in people],
        emails=list(EmailAddress.objects.filter(person__in=people).values_list("address", flat=True)),
        phones=[phone.display(row.number) for row in known],
        said=said or (messages[0] if messages else ""),
        later=messages[1:],
        answers=_answers(ticket),
    )


def _answers(ticket: Ticket) -> list[Answer]:
    """What was answered to hearing items, in the order in which they are asked; what is asked no more at the end."""
    if not ticket.details:
        return []
    items = {item.key: item for item in hearing_items(ticket.category, active_only=False)}
    if unknown := [key for key in ticket.details if key not in items]:
        items |= {item.key: item for item in HearingItem.objects.filter(key__in=unknown)}
    return [
        Answer(key, item.label, _in_words(ticket.details[key]), is_phone=item.kind == HearingItem.Kind.PHONE)
        for key, item in items.items()
        if _in_words(ticket.details.get(key))
    ]


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else str(value).strip()


def name_of(person: Person) -> Name:
    """Somebody's name, as it is looked for in texts."""
    return Name(person.family_name, person.given_name, person.family_kana, person.given_kana)
