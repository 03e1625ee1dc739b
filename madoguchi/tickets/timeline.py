"""What happened to one ticket, in order: the journal's entries with what was said and its files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from madoguchi.files.models import Attachment
from madoguchi.foundation.prepared import Prepared
from madoguchi.journal.models import Mention
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Access
from madoguchi.tickets.models import Message, Ticket

# What a page or a program shows of a message; the mail behind it is large.
_SAID = (
    "ticket_id",
    "visibility",
    "from_requester",
    "author_name",
    "at",
    "body",
    "quoted",
    "delivery",
    "incoming_id",
    "team__name",
    "team__name_en",
    "outgoing__state",
)


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened to a ticket; ``message`` is set where it was something said."""

    id: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    actor_name: str
    data: dict[str, Any]
    message: Message | None = None
    files: Sequence[Attachment] = ()


def _entries(
    ticket: Any, before: Any = None, after: Any = None, *, limit: int, teams: Collection[int] | None = None
) -> "QuerySet[Mention, tuple[Any, ...]]":
    mentions = Mention.objects.filter(kind="ticket", ref=ticket)
    if teams is not None:
        own = Q(entry__data__team_id__in=list(teams))
        mentions = mentions.filter(~Q(entry__kind__startswith="consultation.") | own)
    if before is not None:
        mentions = mentions.filter(entry_id__lt=before)
    if after is not None:
        mentions = mentions.filter(entry_id__gt=after)
    return mentions.order_by("-entry_id" if after is None else "entry_id").values_list(
        "entry_id",
        "entry__at",
        "entry__kind",
        "entry__actor_kind",
        "entry__actor_id",
        "entry__actor_name",
        "entry__data",
    )[:limit]


LATEST = 50
_latest_entries = Prepared(lambda ticket: _entries(ticket, limit=LATEST))
_messages = Message.objects.select_related("team", "outgoing").only(*_SAID)
_attachments = Attachment.objects.annotate(said_in=F("messages__pk")).select_related("file").order_by("pk")
_said = Prepared(lambda ticket, first, last: _messages.filter(ticket=ticket, pk__gte=first, pk__lte=last))
_attached = Prepared(
    lambda ticket, first, last: _attachments.filter(
        messages__ticket=ticket, messages__pk__gte=first, messages__pk__lte=last
    )
)


def timeline(
    ticket: Ticket, access: Access, *, before: int | None = None, after: int | None = None, limit: int = LATEST
) -> list[TimelineItem]:
    """The latest ``limit`` entries before entry ``before``, oldest first; three queries however long it is.

    With ``after`` instead: the first ``limit`` entries after that one (0: from the beginning). A partner's staff
    read of questions to departments only what their own teams asked, and of articles only those that are for them.
    """
    if before is None and after is None and limit == LATEST and not access.is_partner:
        entries = _latest_entries.all(ticket.pk)
    else:
        teams = access.team_ids if access.is_partner else None
        entries = list(_entries(ticket.pk, before, after, limit=limit, teams=teams))
        if access.is_partner:
            entries = _without_articles(entries, access)
    wanted = [entry[6]["message"] for entry in entries if entry[6].get("message")]
    part = (ticket.pk, min(wanted, default=0), max(wanted, default=0))
    messages = {message.pk: message for message in _said.all(*part)}
    attached = _attached.all(*part)
    if elsewhere := [said for said in wanted if said not in messages]:  # what opened a follow-up
        messages |= _messages.in_bulk(elsewhere)
        attached += _attachments.filter(messages__in=elsewhere)
    files: dict[int, list[Attachment]] = {}
    for file in attached:
        files.setdefault(file.said_in, []).append(file)
    items = []
    for entry, at, kind, actor_kind, actor_id, name, data in reversed(entries) if after is None else entries:
        said = data.get("message", 0)
        item = TimelineItem(entry, at, kind, actor_kind, actor_id, name, data, messages.get(said), files.get(said, ()))
        items.append(item)
    return items


def _without_articles(entries: Sequence[tuple[Any, ...]], access: Access) -> list[tuple[Any, ...]]:
    """The entries without the key and the question of articles that are not meant for who reads them."""
    keys = {entry[6]["article"] for entry in entries if isinstance(entry[6].get("article"), str)}
    told = set(Article.objects.meant_for(access).filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    return [
        (*entry[:6], entry[6] | {"article": "", "question": ""}) if entry[6].get("article") in keys - told else entry
        for entry in entries
    ]
