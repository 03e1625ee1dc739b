"""What an operator writes down during a contact: the form's fields, kept as a draft, read when it becomes a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.numbers import row_number
from madoguchi.handoffs.requirements import is_answered
from madoguchi.interactions.actions.contacts import save_draft
from madoguchi.interactions.models import IntakeDraft, Interaction
from madoguchi.knowledge.models import Article
from madoguchi.notices.models import Notice
from madoguchi.people.access import Access
from madoguchi.people.actions import Requester, add_person
from madoguchi.people.models import Organization, Person, Staff, Team
from madoguchi.people.queries import contract_of
from madoguchi.tickets.actions.open_ticket import first_line, front_of_partner, is_not_entitled
from madoguchi.tickets.models import Ticket

ITEM = "item."
REQUIRED = "required."
_TEXTS = (
    *("category", "subject", "notes", "resolution", "article", "no_article_reason"),
    *("affected", "notice", "ticket", "same_as"),
)
_LONGEST = 20_000
_LONGEST_SUBJECT = 60


@dataclass(frozen=True)
class Intake:
    """The form as it stands; every field may be empty. ``details`` are the answers to hearing items by key; ``same_as``
    is a ticket of somebody else about the same matter.
    """

    category: Category | None = None
    subject: str = ""
    notes: str = ""
    resolution: str = ""
    article: Article | None = None
    no_article_reason: str = ""
    affected: str = ""
    notice: Notice | None = None
    ticket: Ticket | None = None
    same_as: Ticket | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def proposed_subject(self) -> str:
        """What was written as subject, else the first line of the notes."""
        if self.subject.strip():
            return self.subject.strip()
        first = next((line.strip() for line in self.notes.splitlines() if line.strip()), "")
        return first if len(first) <= _LONGEST_SUBJECT else first[:_LONGEST_SUBJECT].rstrip() + "…"

    @property
    def said(self) -> str:
        """All that the caller told, to look up articles with."""
        return "\n".join(part for part in (self.subject, self.notes, *self.details.values()) if part.strip())

    @property
    def is_empty(self) -> bool:
        return not (self.said.strip() or self.resolution.strip() or self.category or self.article)

    def items(self) -> list[HearingItem]:
        """What to ask for the chosen category."""
        return hearing_items(self.category) if self.category else []


def posted(form: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a posted form as a draft keeps them; the sheet's answers to required items join the others."""
    data: dict[str, Any] = {name: form.get(name, "")[:_LONGEST] for name in _TEXTS}
    details = {key.removeprefix(ITEM): form[key] for key in form if key.startswith(ITEM)}
    for key in form:
        if key.startswith(REQUIRED) and (form[key].strip() or key.removeprefix(REQUIRED) not in details):
            details[key.removeprefix(REQUIRED)] = form[key]
    data["details"] = {key[:60]: value[:_LONGEST] for key, value in details.items()}
    return data


def read(data: Mapping[str, Any], access: Access) -> Intake:
    """The draft with its rows; what no longer exists, or may not be seen, is left out."""
    category = _row(Category.objects.select_related("destination", "parent__parent__parent"), data.get("category"))
    key = data.get("article", "")
    article = Article.objects.visible_to(access).light().filter(key=key).first() if key else None
    number, other = data.get("ticket", ""), data.get("same_as", "")
    ticket = (
        Ticket.objects.visible_to(access).numbered(number).select_related("holder_team", "category").first()
        if number
        else None
    )
    texts = {
        name: str(data.get(name, "")) for name in ("subject", "notes", "resolution", "no_article_reason", "affected")
    }
    return Intake(
        category=category,
        article=article,
        notice=_row(Notice.objects.all(), data.get("notice")),
        ticket=ticket,
        same_as=Ticket.objects.visible_to(access).numbered(other).first() if other else None,
        details={key: str(value) for key, value in data.get("details", {}).items()},
        **texts,
    )


def draft_of(contact: Interaction) -> dict[str, Any]:
    draft = IntakeDraft.objects.filter(interaction=contact).first()
    return dict(draft.data) if draft else {}


def keep(contact: Interaction, form: Mapping[str, str], *, by: Staff) -> dict[str, Any]:
    """Save the posted form as the contact's draft, unless it belongs to a ticket that was raised meanwhile.

    ``filled`` of the draft is what a script wrote into fields by name, so that it is known from what somebody wrote.
    """
    before = draft_of(contact)
    if form.get("round", "") != str(before.get("round", 0)):
        return before
    data = posted(form) | {"round": before.get("round", 0), "filled": before.get("filled", {})}
    save_draft(contact, data=data, by=by)
    return data


def next_round(contact: Interaction, *, by: Staff) -> None:
    """The draft became a ticket: the form starts anew, and late saves of the old one are ignored."""
    save_draft(contact, data={"round": draft_of(contact).get("round", 0) + 1}, by=by)


def count(items: list[HearingItem], details: Mapping[str, str]) -> tuple[int, int]:
    """How many of the required items are answered, and how many there are."""
    required = [item for item in items if item.is_required]
    return sum(is_answered(details.get(item.key)) for item in required), len(required)


def front_of(access: Access) -> Team:
    """Who answers the requester: the first line; for whoever works elsewhere (partners, engineers) the own team."""
    if (partner := front_of_partner(access)) is not None:
        return partner
    own = sorted(access.teams, key=lambda team: (team.line, team.pk))
    first = first_line()
    return own[0] if own and not access.acts_for(first) else first


def affected_person(contact: Interaction, name: str, *, by: Staff) -> Person | None:
    """The person who has the problem when the caller has not: a colleague of this name, else somebody new."""
    if not name.strip():
        return None
    wanted = search_key(name.strip().removesuffix("様"))
    if contact.organization_id is not None:
        colleagues = Person.objects.filter(organization=contact.organization_id, search__startswith=wanted)
        found = [person for person in colleagues[:20] if wanted in (search_key(person.name), search_key(person.kana))]
        if len(found) == 1:
            return found[0]
    organization: Organization | None = contact.organization
    return add_person(Requester(name=name, organization=organization.name if organization else ""), by=by)


def imagined(contact: Interaction, intake: Intake, front: Team) -> Ticket:
    """The ticket as it would be raised, not saved: what a destination is proposed for."""
    person = contact.person
    contract = contract_of(contact.organization) if person and contact.organization_id else None
    return Ticket(
        subject=intake.proposed_subject,
        category=intake.category,
        requester=person,
        organization=contact.organization,
        contract=contract,
        not_entitled=is_not_entitled(person, contract, intake.category),
        front_team=front,
        holder_team=front,
        details=dict(intake.details),
    )


def _row[M: Any](rows: Any, written: Any) -> Any:
    pk = row_number(str(written or ""))
    return rows.filter(pk=pk).first() if pk is not None else None
