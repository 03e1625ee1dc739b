"""Everything that waits on somebody who is not there goes to others of the same teams (担当を替える)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from madoguchi.consultations.actions.steer import reassign_question
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.waiting import SOURCES, Kind, Source, Why, why_not
from madoguchi.interactions.actions.call_backs import reassign_call_back
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import record
from madoguchi.notifications.actions import notify
from madoguchi.people.access import Access, Capability, access_of
from madoguchi.people.models import Staff, Team
from madoguchi.people.standing_in import available, successor
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.models import Ticket, TicketCallBack

MOST = 300  # things that one act moves: on SQLite nobody else writes meanwhile

# A thing as forms and programs name it: what it is, and its id.
type Thing = tuple[str, int]
TICKET, CALL, OFFER, QUESTION = "ticket", "call", "offer", "question"
_NAMES = {Kind.HELD: TICKET, Kind.FRONT: TICKET, Kind.CALL: CALL, Kind.OFFER: OFFER, Kind.QUESTION: QUESTION}


@dataclass(frozen=True)
class Reassigned:
    """How much of each kind went to somebody else, and whether more waits than one act moves."""

    tickets: int = 0
    calls: int = 0
    offers: int = 0
    questions: int = 0
    more: bool = False

    @property
    def total(self) -> int:
        return self.tickets + self.calls + self.offers + self.questions


@transaction.atomic
def reassign(
    staff: Staff,
    *,
    by: Staff,
    to: Mapping[int, Staff | None] | None = None,
    only: Collection[Thing] | None = None,
    but: Collection[Thing] = (),
    note: str = "",
) -> Reassigned:
    """What waits on ``staff`` waits on others of the same teams from now on; of a ticket the team never changes.

    ``to`` says who takes it, by team (id): a person of the team, or None for the whole team; where it says nothing, the
    substitute if there and of the team, else the whole team. ``only`` these things, or all ``but`` those; what is no
    longer theirs is left out, so the same again moves nothing. The most pressing first, at most ``MOST``.

    One's own, or as supervisor what waits in the name of the teams that one acts for; the rest stays. Refuses a person
    who does not act for the team (422) or is not there (409).
    """
    Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)  # of two at once the second finds nothing left
    moving = _Moving(staff, by, dict(to or {}), note.strip()[:200])
    found = _chosen(staff, access_of(by), moving.teams, only, but)
    more, found = len(found) > MOST, found[:MOST]
    ids = {name: [pk for what, pk in found if what == name] for name in (TICKET, CALL, OFFER, QUESTION)}
    # In the order in which others take hold of them, so that nobody waits for each other: calls, tickets, the rest.
    calls = moving.calls(ids[CALL])
    also = [
        *Handoff.objects.filter(pk__in=ids[OFFER]).values_list("ticket_id", flat=True),
        *Consultation.objects.filter(pk__in=ids[QUESTION]).values_list("ticket_id", flat=True),
    ]
    tickets = moving.tickets(ids[TICKET], also)
    offers = moving.offers(ids[OFFER])
    questions = moving.questions(ids[QUESTION])
    moving.tell()
    return Reassigned(tickets, calls, offers, questions, more)


def teams_of_decider(staff: Staff, access: Access) -> set[int] | None:
    """The teams in whose name this person may reassign what waits on ``staff``; None: all of them, as it is their own.

    Empty when they may not at all.
    """
    if staff.pk == access.staff.pk:
        return None if access.can(Capability.WORK_TICKETS) else set()
    if not access.can(Capability.DECIDE_ROUTING):
        return set()
    return {team.pk for team in Team.objects.all() if access.acts_for(team)}


def _chosen(
    staff: Staff, access: Access, teams: set[int] | None, only: Collection[Thing] | None, but: Collection[Thing]
) -> list[Thing]:
    """What is to be moved, the most pressing first, each once; one more than ``MOST`` when there is more."""
    due: dict[Thing, float] = {}
    for source in SOURCES:
        for thing, at in _of(source, staff, access, teams, only, but):
            due[thing] = min(at, due.get(thing, at))
    return sorted(due, key=lambda thing: (due[thing], thing))[: MOST + 1]


def _of(
    source: Source,
    staff: Staff,
    access: Access,
    teams: set[int] | None,
    only: Collection[Thing] | None,
    but: Collection[Thing],
) -> list[tuple[Thing, float]]:
    name = _NAMES[source.kind]
    rows = source.rows(access).filter(**{source.staff: staff})
    if teams is not None:
        rows = rows.filter(**{f"{source.team}__in": teams})
    if only is not None:
        rows = rows.filter(pk__in=[pk for what, pk in only if what == name])
    rows = rows.exclude(pk__in=[pk for what, pk in but if what == name])
    by_due = rows.order_by(models.F(source.due).asc(nulls_last=True), "pk").values_list("pk", source.due)[: MOST + 1]
    return [((name, pk), at.timestamp() if at else float("inf")) for pk, at in by_due]


class _Moving:
    """One act: who decides, who takes what, what was told."""

    def __init__(self, staff: Staff, by: Staff, to: dict[int, Staff | None], note: str) -> None:
        self.staff, self.by, self.to, self.note = staff, by, to, note
        self.now = timezone.now()
        self.teams = teams_of_decider(staff, access_of(by))
        if self.teams is not None and not self.teams:
            raise Refused(_("Only supervisors reassign what waits on somebody else."), code="not_allowed", status=403)
        self.checked: dict[int, Staff | None] = {}
        self.reasons: dict[int, dict[str, str]] = {}
        self.given: Counter[Staff] = Counter()

    def tickets(self, ids: Collection[int], also: Collection[int]) -> int:
        """As assignee and as front; ``also`` these are held, for what hangs on them."""
        rows = Ticket.objects.select_for_update(of=("self",)).select_related("holder_team", "front_team")
        moved = 0
        for ticket in rows.filter(pk__in={*ids, *also}).order_by("pk"):
            if ticket.pk not in ids or not ticket.is_active:
                continue
            changes: dict[str, Any] = {}
            if ticket.assignee_id == self.staff.pk and self.decides(ticket.holder_team):
                changes["assignee"] = self.taker(ticket.holder_team)
            if ticket.front_staff_id == self.staff.pk and self.decides(ticket.front_team):
                changes["front_staff"] = self.taker(ticket.front_team)
            if changes:
                team = ticket.holder_team if "assignee" in changes else ticket.front_team
                change(ticket, by=self.by, reassigned=self.told(team), **changes)
                self.given.update({taker for taker in changes.values() if taker is not None})
                moved += 1
        return moved

    def calls(self, ids: Collection[int]) -> int:
        rows = CallBack.objects.select_for_update(of=("self",)).select_related("team", "person", "staff")
        held = list(rows.filter(pk__in=ids, staff=self.staff, done_at__isnull=True).order_by("pk"))
        links = TicketCallBack.objects.filter(call_back__in=held).select_related("ticket")
        tickets = {link.call_back_id: link.ticket for link in links}
        for row in held:
            reassign_call_back(
                row,
                staff=self.count(self.taker(row.team)),
                reassigned=self.told(row.team),
                ticket=tickets.get(row.pk),
                by=self.by,
            )
        return len(held)

    def offers(self, ids: Collection[int]) -> int:
        """Whom of the receiving team an offer names. The caller holds the tickets."""
        rows = Handoff.objects.waiting().filter(pk__in=ids, to_staff=self.staff)
        held = list(rows.select_related("ticket", "from_team", "to_team").order_by("pk"))
        for row in held:
            taker = self.count(self.taker(row.to_team))
            Handoff.objects.filter(pk=row.pk).update(to_staff=taker)
            record(
                "handoff.reassigned",
                by=self.by,
                about=[row, row.ticket, row.to_team, self.staff, taker],
                data={
                    "handoff": row.pk,
                    "team": row.to_team.name,
                    "from": self.staff.name,
                    "to": taker.name if taker else "",
                    "reassigned": self.told(row.to_team),
                },
            )
        return len(held)

    def questions(self, ids: Collection[int]) -> int:
        """Who looks after a question. The caller holds the tickets."""
        rows = Consultation.objects.open().filter(pk__in=ids, asked_by=self.staff).select_related("ticket", "team")
        held = list(rows.order_by("pk"))
        for row in held:
            taker = self.count(self.taker(row.team))
            reassign_question(row, staff=taker, reassigned=self.told(row.team), by=self.by)
        return len(held)

    def decides(self, team: Team) -> bool:
        return self.teams is None or team.pk in self.teams

    def taker(self, team: Team) -> Staff | None:
        """Who takes what waits in the name of this team; None: the whole team."""
        if team.pk not in self.checked:
            taker = self.to[team.pk] if team.pk in self.to else successor(self.staff, team, self.now)
            if taker is not None:
                self._require_fit(taker, team)
            self.checked[team.pk] = taker
        return self.checked[team.pk]

    def _require_fit(self, taker: Staff, team: Team) -> None:
        field = f"to-{team.pk}"
        if taker.pk == self.staff.pk:
            raise Refused(_("Choose somebody else, or the whole team."), code="same", field=field)
        if not access_of(taker).acts_for(team):
            raise Refused(
                _("%(name)s does not work for %(team)s. To give tickets to another team, hand them over.")
                % {"name": taker.name, "team": team.label},
                code="other_team",
                field=field,
            )
        if not available(taker, self.now):
            raise Refused(
                _("%(name)s is not there either. Choose somebody else, or the whole team.") % {"name": taker.name},
                code="away",
                status=409,
                field=field,
            )

    def told(self, team: Team) -> dict[str, str]:
        """What the trail says: of whom, why, and the note."""
        if team.pk not in self.reasons:
            why: Why = why_not(self.staff, team, self.now)
            self.reasons[team.pk] = {"of": self.staff.name, "why": why.value, "note": self.note}
        return self.reasons[team.pk]

    def count(self, taker: Staff | None) -> Staff | None:
        if taker is not None:
            self.given[taker] += 1
        return taker

    def tell(self) -> None:
        """Each who takes something hears of it once, however much it is."""
        for taker, count in self.given.items():
            if taker.pk != self.by.pk:
                notify(
                    [taker],
                    gettext_noop("%(count)s of what waited on %(name)s is yours now (by %(by)s)."),
                    kind="work.reassigned",
                    params={"count": count, "name": self.staff.name, "by": self.by.name},
                    about=taker,
                )
