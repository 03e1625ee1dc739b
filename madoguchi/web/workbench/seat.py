"""What stands on the operator's seat: the contact at hand, who it is, what is open, what we know."""

from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import jaconv
from django.conf import settings
from django.db.models import Prefetch, Q
from django.db.models.lookups import Exact, IsNull
from django.http import Http404
from django.utils import timezone

from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import tree
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import ShiftNote
from madoguchi.interactions.models import CallBack, Channel, IntakeDraft, Interaction, InteractionQuerySet
from madoguchi.interactions.owing import not_owed, open_rows_of
from madoguchi.interactions.reasons import labels, offered
from madoguchi.knowledge import article_index, usage
from madoguchi.knowledge.models import Article, Place
from madoguchi.notices.fitting import fitting_notices
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.people.models import InstalledItem, Organization, Staff, Team
from madoguchi.people.queries import callers, contract_of
from madoguchi.search import tokens
from madoguchi.search.index import lags_since
from madoguchi.telephony.models import CallAgent, CallState, OperatorState, Order
from madoguchi.telephony.wrapups import codes, terms_of
from madoguchi.tickets.alike import Alike
from madoguchi.tickets.models import Ticket, TicketInteraction
from madoguchi.tickets.queries import open_tickets_of, owed_calls
from madoguchi.tickets.shown import shown_for
from madoguchi.web.knowledge.scripts.walking import Shown
from madoguchi.web.shell.guard import StaffRequest
from madoguchi.web.tickets.acts import no_article_reasons
from madoguchi.web.tickets.clock_panel import deadline_names
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench.difficult import coming, difficult_of
from madoguchi.web.workbench.due import due_of
from madoguchi.web.workbench.intake import Intake
from madoguchi.web.workbench.script import script_of

LISTED = 30
_DRAFT_IS_FRESH = timedelta(hours=12)
_FAILURE_LASTS = timedelta(minutes=1)


def contacts(access: Access) -> InteractionQuerySet:
    """The contacts this person may see, with what the seat shows of them."""
    return Interaction.objects.visible_to(access).select_related(
        "call__answered_by", "person__organization", "organization", "staff", "team"
    )


_contact = PreparedVisible(lambda access, key: contacts(access).filter(pk=key))
# First which calls, then their contacts: asked at once, PostgreSQL reads every contact there ever was.
_calls = Prepared(
    lambda staff: (
        CallAgent.objects.filter(staff=staff, state__in=Words(*CallAgent.LIVE), call__is_live=True)
        .order_by()
        .values_list("call", "state")
    )
)
_state = Prepared(lambda staff: OperatorState.objects.filter(staff=staff))
_last_order = Prepared(
    lambda staff: Order.objects.filter(staff=staff, kind=Words(Order.Kind.ORIGINATE)).order_by("-id")[:1]
)
_asking = Prepared(
    lambda: (
        HearingItem.objects.filter(category__isnull=False, is_active=True).order_by().values_list("category").distinct()
    )
)


def contact_or_404(request: StaffRequest, contact_id: int) -> Interaction:
    contact = _contact.first(request.access, contact_id)
    if contact is None:
        raise Http404
    return contact


class Calls(NamedTuple):
    """The contacts of the calls that ring or talk at one person's phone now; ``ringing`` are the calls that ring there.

    A call that is passed on rings at the next although somebody has answered it.
    """

    contacts: list[Interaction]
    ringing: frozenset[int]

    def rings(self, contact: Interaction) -> bool:
        call = contact.call
        return call is not None and call.is_live and (call.pk in self.ringing or call.answered_at is None)


def calls_of(access: Access) -> Calls:
    """Talking first, then ringing; the newest first."""
    seats: list[Any] = _calls.all(access.staff.pk)
    if not seats:
        return Calls([], frozenset())
    talking = {call for call, state in seats if state == CallAgent.State.TALKING}
    found = contacts(access).filter(call__in={call for call, _state in seats}).order_by("-call__started_at", "-id")
    calls = Calls([], frozenset({call for call, _state in seats} - talking))
    return calls._replace(contacts=sorted(found, key=calls.rings))


def at_hand(access: Access, calls: Calls) -> Interaction | None:
    """What the seat opens with: the call being talked in, a running wrap-up, what is half written, a ringing call."""
    talking = next((contact for contact in calls.contacts if not calls.rings(contact)), None)
    if talking is not None:
        return talking
    state = state_of(access.staff)
    if state.is_own_wrapup and (written_up := contacts(access).filter(call=state.call_id).first()) is not None:
        return written_up
    drafts = IntakeDraft.objects.filter(
        staff=access.staff,
        interaction__state=Interaction.State.OPEN,
        saved_at__gte=timezone.now() - _DRAFT_IS_FRESH,
    )
    for draft in drafts.order_by("-saved_at")[:5]:
        if any(value for key, value in draft.data.items() if key not in ("round", "filled", "details")) or any(
            draft.data.get("details", {}).values()
        ):
            return contacts(access).filter(staff=access.staff, pk=draft.interaction_id).first()
    if calls.contacts:
        return calls.contacts[0]
    by_hand = contacts(access).filter(
        Exact(Unindexed("staff"), access.staff.pk),
        IsNull(Unindexed("call"), True),
        state=Words(Interaction.State.OPEN),
        ended_at__isnull=True,
    )
    return by_hand.order_by(Unindexed("started_at").desc()).first()


def state_of(staff: Staff) -> OperatorState:
    return _state.first(staff.pk) or OperatorState(staff=staff)


def not_called(staff: Staff) -> Order | None:
    """The number this person clicked last, when within the last minute nothing came of it."""
    order = _last_order.first(staff.pk) if settings.ASTERISK and staff.extension else None
    if order is None or order.state in (*Order.OPEN, Order.State.DONE) or order.settled_at is None:
        return None
    return order if order.settled_at > timezone.now() - _FAILURE_LASTS else None


def is_written_up(contact: Interaction, state: OperatorState) -> bool:
    """Whether this person is writing up the call of this contact now."""
    return state.is_own_wrapup and contact.call_id is not None and contact.call_id == state.call_id


def context_of(request: StaffRequest, contact: Interaction | None = None, *, chosen: bool = False) -> dict[str, Any]:
    """Everything the seat shows. ``chosen``: this contact and no other, whatever rings."""
    access = request.access
    calls = calls_of(access)
    contact = contact if contact is not None or chosen else at_hand(access, calls)
    context: dict[str, Any] = {
        "contact": contact,
        "others": [other for other in calls.contacts if contact is None or other.pk != contact.pk],
        "coming": coming(access, contact),
        "is_ringing": calls.rings,
        "state": state_of(access.staff),
        "topics": topics_of(access),
        "notices": fitting_notices("", None) if contact is None else [],
        "unread_notes": unread_notes(access),
        "tab": None,
        "suggestions": [],
        "alike": [],
        "similar": Alike(),
        "lags_since": None,
        "articles_lag": False,
        "likely": None,
        "put_away": None,
        "stands": talks(contact, rings=calls.rings(contact)) if contact is not None else "",
        "settled_reasons": labels() if contact is not None else {},
        "dispositions": [(code.key, code.label) for code in codes()] if contact is not None else [],
        "due": due_of(access),
        "deadlines": deadline_names(),
        **lists_of(access),
    }
    if contact is None:
        return context | {"pinned": False, "intake": Intake(), "organization": None}
    data = form.draft_of(contact)
    intake = form.read(data, access)
    script = script_of(contact, intake, data, access)
    return (
        context
        | who_of(contact, access)
        | intake_of(contact, intake, data, script)
        | known_of(contact, intake, access)
        | difficult_of(contact, access)
        | wrapup_of(contact, context["state"], access)
        | {"pinned": is_pinned(contact, intake, rings=calls.rings(contact))}
    )


def wrapup_of(contact: Interaction, state: OperatorState, access: Access) -> dict[str, Any]:
    """Whether this contact's call is being written up, until when, and what it needs before that may end."""
    if not is_written_up(contact, state):
        return {"writes_up": False}
    return {
        "writes_up": True,
        "is_mandatory": contact.ended_at is not None and terms_of(access.staff).is_mandatory,
        "wrapup_reasons": offered(gave_up=False),
    }


def is_pinned(contact: Interaction, intake: Intake, *, rings: bool) -> bool:
    """Whether another call must not take this contact's place: it is live, or something is written and unsettled."""
    live = contact.ended_at is None and not rings
    return live or (contact.state == Interaction.State.OPEN and (not intake.is_empty or contact.ended_at is None))


def topics_of(access: Access) -> dict[str, str]:
    """What this seat listens to: its own (asked for at once), its teams', and what concerns every seat.

    ``everybody`` is the teams and every caller who gave up: whoever sees it first calls back.
    """
    teams = " ".join(f"team:{team.pk}" for team in access.teams)
    return {"own": f"staff:{access.staff.pk}", "teams": teams, "everybody": f"{teams} *:call_back".strip()}


def who_of(contact: Interaction, access: Access) -> dict[str, Any]:
    """Candidates by number, or the person with what is theirs; an organisation alone when only it is certain."""
    found = callers(contact.address) if contact.address and "@" not in contact.address else None
    person = contact.person
    organization: Organization | None = contact.organization
    if organization is None and person is None and found and len(found.organizations) == 1:
        organization = found.organizations[0]
    visible = Interaction.objects.visible_to(access).exclude(pk=contact.pk)
    last = visible.filter(person=person) if person else visible.filter(organization=organization)
    links = TicketInteraction.objects.visible_to(access).select_related("ticket").order_by("id")
    return {
        "candidates": found.people if found else [],
        "organizations": found.organizations if found else [],
        "organization": organization,
        "contract": contract_of(organization),
        "installed": list(InstalledItem.objects.filter(organization=organization)[:4]) if organization else [],
        "open_tickets": open_tickets_of(
            requester=contact.person_id, organization=organization.pk if organization else None, access=access, limit=6
        ),
        "owed_here": list(open_rows_of(contact).filter(pk__in=CallBack.objects.visible_to(access))[:3])
        if contact.channel == Channel.PHONE
        else [],
        "last_contacts": list(last.prefetch_related(Prefetch("ticket_links", links)).order_by("-started_at")[:3])
        if person or organization
        else [],
        "checked": contact.identity_checks.order_by("-id").first(),
        "linked": list(
            Ticket.objects.visible_to(access).filter(contact_links__interaction=contact).order_by("contact_links__id")
        ),
    }


def intake_of(contact: Interaction, intake: Intake, data: dict[str, Any], script: Shown | None) -> dict[str, Any]:
    """The form in the middle; what the script asks of its own stands behind the category's items."""
    items = intake.items()
    asked = {item.key for item in items}
    items += [item for item in script.items if item.key not in asked] if script else []
    answered, required = form.count(items, intake.details)
    colleagues = (
        list(contact.organization.people.exclude(pk=contact.person_id or 0)[:50])
        if contact.organization is not None
        else []
    )
    return {
        "intake": intake,
        "round": data.get("round", 0),
        "saved_at": IntakeDraft.objects.filter(interaction=contact).values_list("saved_at", flat=True).first(),
        "items": items,
        "script": script,
        "answered": answered,
        "required": required,
        "categories": picker(),
        "colleagues": colleagues,
        "not_entitled": not_entitled(contact, intake),
        "no_article_reasons": no_article_reasons(),
    }


def not_entitled(contact: Interaction, intake: Intake) -> bool:
    if intake.category is None or not intake.category.service or contact.person is None:
        return False
    return form.imagined(contact, intake, Team()).not_entitled


def known_of(contact: Interaction, intake: Intake, access: Access) -> dict[str, Any]:
    """What we know about what was said: articles, similar tickets, the likely category; else open ones of the chosen.

    What is shown is noted (``usage``).
    """
    said = intake.said
    away = usage.dismissed(contact)
    shown = shown_for(
        said,
        access=access,
        category=intake.category,
        without_articles=away,
        without_tickets=[intake.ticket.pk] if intake.ticket else [],
    )
    found = shown.articles
    usage.shown(contact, found, place=Place.SEAT, by=access.staff)
    usage.asked(said, len(found), place=Place.SEAT, by=access.staff, subject=contact, category=intake.category)
    alike = (
        Ticket.objects.visible_to(access).active().filter(category=intake.category).order_by("-opened_at")[:4]
        if intake.category and not shown.similar.tickets
        else []
    )
    return {
        "suggestions": found,
        # The last one that was put away; whoever pressed the wrong key has it back at once.
        "put_away": Article.objects.visible_to(access).light().filter(pk=away[-1]).first() if away else None,
        "similar": shown.similar,
        "lags_since": lags_since("ticket") if said.strip() else None,
        "articles_lag": article_index.lags() and bool(said.strip()),
        "notices": shown.notices,
        "likely": shown.likely,
        "alike": [ticket for ticket in alike if ticket != intake.ticket][:3],
    }


def lists_of(access: Access) -> dict[str, Any]:
    """Below the call: ended contacts without a ticket (own, and callers who gave up), and calls that are owed."""
    mine = Q(staff=access.staff, is_abandoned=False) | Q(is_abandoned=True)
    if access.teams:
        mine &= Q(staff=access.staff) | Q(team__isnull=True) | Q(team__in=access.team_ids)
    return {
        "unsettled": list(not_owed(contacts(access).unsettled()).filter(mine).order_by("-ended_at")[:LISTED]),
        "owed": owed_calls(access, teams=access.team_ids, limit=LISTED),
    }


def unread_notes(access: Access) -> int:
    """申し送り of the own teams that this person has not acknowledged."""
    return (
        ShiftNote.objects.filter(team__in=access.team_ids, settled_at=None)
        .exclude(acknowledgements__staff=access.staff)
        .count()
        if access.teams
        else 0
    )


def picker() -> list[tuple[int, str, str, int]]:
    """(id, path, words to filter by, rank) of every category that can be chosen.

    Found by words, those with questions stand before those without (rank 0 and 2), leaves before branches (0 and 1).
    """
    nodes = tree()
    asking = {category for (category,) in _asking.all()}
    branches = {node.parent_id for node, _path in nodes}
    return [
        (
            node.pk,
            " › ".join(row.label for row in (*path, node)),
            "|".join(_words(row.name, row.name_en, row.key) for row in (*path, node)),
            (0 if any(row.pk in asking for row in (*path, node)) else 2) + (node.pk in branches),
        )
        for node, path in nodes
    ]


@lru_cache(maxsize=2048)
def _words(name: str, name_en: str, key: str) -> str:
    """The name in every writing someone may begin to type: as it is, its reading, in English."""
    sound = tokens.sound(name)
    reading = search_key(sound[0] + "".join(piece[-1] for piece in sound[1:])) if sound else search_key(name)
    return "|".join((search_key(name), reading, jaconv.kana2alphabet(reading), search_key(name_en), key))


def talks(contact: Interaction, *, rings: bool) -> str:
    """Where the contact stands: ringing, talking, held, ended, or by hand."""
    call = contact.call
    if call is None:
        return "ended" if contact.ended_at else "by_hand"
    if call.ended_at is not None:
        return "ended"
    if rings:
        return "ringing"
    return "held" if call.state == CallState.HELD else "talking"
