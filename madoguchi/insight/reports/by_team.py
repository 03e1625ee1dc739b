"""Reports about what teams did with tickets: who sends to whom and gets it back, and who used the time."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from madoguchi.clocks.models import Clock, Kind, Spent
from madoguchi.foundation.literal import Words
from madoguchi.handoffs.models import Handoff, HandoffQuerySet
from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, Unit
from madoguchi.people.access import Access
from madoguchi.people.models import Team
from madoguchi.tickets.models import TicketQuerySet

# --- ping-pong ------------------------------------------------------------------------------------------------------


def _went_back(period: Period, access: Access | None) -> tuple[HandoffQuerySet, HandoffQuerySet]:
    """Hand-offs that were returned after acceptance, and those to a team that had sent the ticket to the sender."""
    accepted = Handoff.objects.filter(ticket__in=period.tickets(access), accepted_at__isnull=False)
    before = Handoff.objects.filter(
        ticket=OuterRef("ticket"),
        from_team=OuterRef("to_team"),
        to_team=OuterRef("from_team"),
        accepted_at__lt=OuterRef("accepted_at"),
    )
    return accepted.filter(state=Handoff.State.RETURNED), accepted.filter(Exists(before))


def _pairs(period: Period, _by: str, access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    returned, handed = _went_back(period, access)
    counts: dict[tuple[int, int], Counter[str]] = {}
    for column, rows, pair in (
        ("returned", returned, ("from_team", "to_team")),
        ("handed_back", handed, ("to_team", "from_team")),
    ):
        for sender, receiver, times in rows.order_by().values_list(*pair).annotate(times=Count("pk")):
            counts.setdefault((sender, receiver), Counter())[column] = times
    teams = Team.objects.in_bulk({team for pair in counts for team in pair})
    found = [
        Row(
            f"{teams[sender].key}>{teams[receiver].key}",
            f"{teams[sender].label} ⇄ {teams[receiver].label}",
            _times(times["returned"], times["handed_back"]),
        )
        for (sender, receiver), times in counts.items()
    ]
    whole = sum(counts.values(), Counter())
    rows_by_times = sorted(found, key=lambda row: (-int(row.figures["times"] or 0), row.key))
    return rows_by_times, _times(whole["returned"], whole["handed_back"])


def _times(returned: int, handed_back: int) -> dict[str, Figure]:
    return {"times": returned + handed_back, "returned": returned, "handed_back": handed_back}


def _pairs_behind(period: Period, access: Access | None, _by: str, key: str | None, column: Column) -> TicketQuerySet:
    returned, handed = _went_back(period, access)
    if key is not None:
        sender, _arrow, receiver = key.partition(">")
        returned = returned.filter(from_team__key=sender, to_team__key=receiver)
        handed = handed.filter(to_team__key=sender, from_team__key=receiver)
    fits = {"returned": Q(pk__in=returned.values("ticket")), "handed_back": Q(pk__in=handed.values("ticket"))}
    return period.tickets(access).filter(fits.get(column.key) or fits["returned"] | fits["handed_back"])


PING_PONG = Report(
    "ping-pong",
    _("Who sends to whom and gets it back"),
    _("Pairs of teams between which a ticket opened in the period went and came back; the first sent it."),
    {"pair": _("Pair of teams")},
    [
        Column("times", _("Times"), _("How often a ticket went from the first to the second and came back.")),
        Column("returned", _("Returned"), _("The second returned it after accepting it.")),
        Column("handed_back", _("Handed back"), _("The second handed it over to the first again.")),
    ],
    drawn="times",
    rows=_pairs,
    behind=_pairs_behind,
)

# --- who used the time ----------------------------------------------------------------------------------------------

_HELD = Q(kind=Kind.HOLDING)
_OFFERED = Q(kind=Kind.ACCEPTANCE)
_PROMISED = Q(kind=Kind.RESOLUTION)
_TIME = {
    "promised_s": Sum("worked_s", filter=_PROMISED),
    "stays": Count("pk", filter=_HELD),
    "held_s": Sum("worked_s", filter=_HELD),
    "offers": Count("pk", filter=_OFFERED),
    "waited_s": Sum("worked_s", filter=_OFFERED),
}
_LATE = {"held_late": Count("pk", filter=_HELD), "waited_late": Count("pk", filter=_OFFERED)}


# As the unique index has it: ticket, then kind.
_BOTH = Q(kind__in=Words(Kind.HOLDING, Kind.ACCEPTANCE))
_ALL = Q(kind__in=Words(Kind.HOLDING, Kind.ACCEPTANCE, Kind.RESOLUTION))


def _spent(period: Period, access: Access | None) -> Any:
    return Spent.objects.filter(_ALL, ticket__in=period.tickets(access))


def _late(period: Period, access: Access | None) -> Any:
    """What a policy limited and what took longer; the clocks know it."""
    clocks = Clock.objects.filter(_BOTH, ticket__in=period.tickets(access), ended_at__isnull=False)
    return clocks.filter(elapsed_s__gt=F("target_s"))


def _by_team(period: Period, _by: str, access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    found = {row.pop("team__key"): Counter(row) for row in _summed(_spent(period, access), _TIME)}
    for row in _summed(_late(period, access), _LATE):
        found.setdefault(row.pop("team__key"), Counter()).update(row)
    whole = sum(found.values(), Counter())
    teams = Team.objects.filter(key__in=list(found))
    rows = [Row(team.key, team.label, _figures(found[team.key], whole["held_s"])) for team in teams]
    return rows, _figures(whole, whole["held_s"])


def _summed(rows: Any, sums: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: value or 0 for name, value in row.items()} for row in rows.values("team__key").annotate(**sums)]


def _figures(row: Mapping[str, int], whole: int) -> dict[str, Figure]:
    stays, held, offers = row["stays"], row["held_s"], row["offers"]
    return {
        "stays": stays,
        "held_s": held,
        "held_share": held / whole if whole else None,
        "held_mean_s": held / stays if stays else None,
        "held_late": row["held_late"],
        "promised_s": row["promised_s"],
        "offers": offers,
        "waited_mean_s": row["waited_s"] / offers if offers else None,
        "waited_late": row["waited_late"],
    }


def _time_behind(period: Period, access: Access | None, _by: str, key: str | None, column: Column) -> TicketQuerySet:
    rows = _late(period, access) if column.key.endswith("_late") else _spent(period, access)
    offered = column.key in {"offers", "waited_mean_s", "waited_late"}
    rows = rows.filter(_OFFERED if offered else _PROMISED if column.key == "promised_s" else _HELD)
    if key is not None:
        rows = rows.filter(team__key=key)
    return period.tickets(access).filter(pk__in=rows.values("ticket"))


TIME = Report(
    "time-by-team",
    _("Who used the time"),
    _(
        "Working time that teams had tickets opened in the period, and how long offers to them waited: of every "
        "ticket, once the stay or the offer is over, in the team's own hours, without the time in which the ticket "
        "waited for the requester or was solved. The promised time is that of the resolution deadline, of tickets that "
        "are solved: it counts as the policy says, as on the ticket's page."
    ),
    {"team": _("Team")},
    [
        Column("stays", _("Stays"), _("How often a ticket was with the team.")),
        Column("held_s", _("Time held"), _("Working time of all stays together."), Unit.SECONDS),
        Column(
            "held_share",
            _("Share of the time"),
            _("The team's part of the time that all teams held tickets."),
            Unit.SHARE,
        ),
        Column("held_mean_s", _("Held on average"), _("Time held, divided by stays."), Unit.SECONDS),
        Column("held_late", _("Held too long"), _("Stays longer than the policy's holding time.")),
        Column(
            "promised_s",
            _("Promised time used"),
            _("Time of the resolution deadlines that ran while the team had the ticket, in the policy's calendar."),
            Unit.SECONDS,
        ),
        Column("offers", _("Offers"), _("Offers to the team that were decided.")),
        Column(
            "waited_mean_s", _("Offers waited on average"), _("Working time until an offer was decided."), Unit.SECONDS
        ),
        Column(
            "waited_late", _("Accepted too late"), _("Offers that waited longer than the policy's acceptance time.")
        ),
    ],
    drawn="held_s",
    rows=_by_team,
    behind=_time_behind,
)
