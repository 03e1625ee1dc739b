"""Questions that were answered for tickets like this one, and by whom."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from madoguchi.consultations.models import Consultation, State
from madoguchi.people.access import Access
from madoguchi.people.models import Contact
from madoguchi.search import index
from madoguchi.tickets.models import Message, Ticket

_LOOKED_AT = 300  # of the latest answers
_ALIKE = 0.25  # of a text's words, the rarer ones weighing more


@dataclass(frozen=True)
class Like:
    """An answered question of another ticket; ``share`` of this one's words is in that one, 0: only its category."""

    consultation: int
    ticket: int
    department: int
    topic: int | None
    share: float


def answered_like(ticket: Ticket, access: Access, *, said: str = "") -> list[Like]:
    """Of the latest answers that this person may see, those for tickets with the same words or of the same category.

    The newest first. ``said`` stands for the conversation of a ticket that is not raised yet.
    """
    answered = Consultation.objects.visible_to(access).filter(state=State.ANSWERED, department__is_active=True)
    rows = list(
        answered.exclude(ticket=ticket.pk)
        .order_by("-id")
        .values_list("id", "ticket", "department", "topic", "ticket__category")[:_LOOKED_AT]
    )
    text = f"{ticket.subject}\n{said or _first_said(ticket)[:1000]}"
    shares = index.alike("ticket", text, [row[1] for row in rows]) if rows else {}
    found = []
    for consultation, number, department, topic, category in rows:
        share = shares.get(number, 0.0)
        if share >= _ALIKE:
            found.append(Like(consultation, number, department, topic, share))
        elif ticket.category_id is not None and category == ticket.category_id:
            found.append(Like(consultation, number, department, topic, 0.0))
    return found


@dataclass(frozen=True)
class Answerer:
    """A contact who answered for a ticket like this one: ``consultation`` is the likest (with its ticket and topic).

    ``times`` counts all of them. ``is_alike``: the texts are alike, else it is only of the same category.
    """

    contact: Contact
    consultation: Consultation
    at: datetime
    is_alike: bool
    times: int


def who_answered(found: Sequence[Like], *, limit: int = 5) -> list[Answerer]:
    """The contacts who answered those questions and are still asked: the likest text first, then the latest."""
    likes = {like.consultation: like for like in found}
    rows = Consultation.objects.filter(pk__in=list(likes), answer__approach__contact__is_active=True)
    rows = rows.select_related("ticket", "topic", "answer__approach__contact__department")
    best: dict[int, Answerer] = {}
    ordered = sorted(rows, key=lambda row: (-likes[row.pk].share, -row.pk))
    times = Counter(row.answer.approach.contact_id for row in ordered if row.answer and row.answer.approach)
    for row in ordered:
        answer = row.answer
        contact = answer.approach.contact if answer and answer.approach else None
        if answer is not None and contact is not None and contact.pk not in best:
            like = likes[row.pk]
            best[contact.pk] = Answerer(contact, row, answer.at, like.share > 0, times[contact.pk])
    return list(best.values())[:limit]


def _first_said(ticket: Ticket) -> str:
    if not ticket.pk:
        return ""
    return Message.objects.filter(ticket=ticket).order_by("id").values_list("body", flat=True).first() or ""
