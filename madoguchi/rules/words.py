"""A rule in words, in the language of the page: the sentence over the form, the reasons on a ticket."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from madoguchi.clocks.words import KINDS
from madoguchi.foundation.dates import duration
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.models import Channel
from madoguchi.people.models import Team
from madoguchi.rules import conditions as c
from madoguchi.rules import tree
from madoguchi.rules.definition import DESTINATION, AskDepartment, Definition, Happened, OnEvent, OnTime, StartClock
from madoguchi.rules.facts import Count, Facts, Since
from madoguchi.rules.world import Labels
from madoguchi.tickets.models import Priority, Status, WaitingFor

type Words = str | Promise

EVENTS: Mapping[Happened, Words] = {
    Happened.OPENED: gettext_lazy("a ticket is raised"),
    Happened.REQUESTER_WROTE: gettext_lazy("the requester writes again"),
    Happened.CHANGED: gettext_lazy("category, priority, assignee or details change"),
    Happened.OFFERED: gettext_lazy("it is offered to a team"),
    Happened.HANDED_OVER: gettext_lazy("a team has taken it over"),
    Happened.RETURNED: gettext_lazy("it is returned"),
    Happened.RECALLED: gettext_lazy("an offer is recalled"),
    Happened.FROZEN: gettext_lazy("the move limit is reached"),
    Happened.WAITING: gettext_lazy("it is put aside"),
    Happened.ANSWERED: gettext_lazy("the requester is answered"),
    Happened.NOTED: gettext_lazy("a note for colleagues is written"),
    Happened.RESOLVED: gettext_lazy("it is resolved"),
    Happened.REOPENED: gettext_lazy("it is reopened"),
    Happened.CLOCK_WARNED: gettext_lazy("a deadline comes near"),
    Happened.CLOCK_BREACHED: gettext_lazy("a deadline is missed"),
    Happened.CALL_ABANDONED: gettext_lazy("the requester's call is abandoned"),
    Happened.COMPLAINT: gettext_lazy("the wrap-up of a call says that it was a complaint"),
}
STATES: Mapping[Since, Words] = {
    Since.UNACCEPTED: gettext_lazy("nobody has accepted it"),
    Since.UNANSWERED: gettext_lazy("the requester has no answer"),
    Since.UNTOLD: gettext_lazy("the requester was told nothing"),
    Since.HELD: gettext_lazy("the same team has held it"),
    Since.OPEN: gettext_lazy("it has not been resolved"),
    Since.WAITING: gettext_lazy("it has been put aside"),
    Since.UNTOUCHED: gettext_lazy("nobody has touched it"),
}
COUNTS: Mapping[Count, Words] = {
    Count.MOVES: gettext_lazy("moves between teams"),
    Count.RETURNS: gettext_lazy("returns"),
    Count.REOPENINGS: gettext_lazy("reopenings"),
    Count.WROTE: gettext_lazy("messages of the requester"),
    Count.CONTACTS: gettext_lazy("contacts of the requester"),
}
WHOM: Mapping[str, Words] = {
    "supervisors": gettext_lazy("the supervisors of the team that holds it"),
    "offered_to": gettext_lazy("the supervisors of the team it is offered to"),
    "assignee": gettext_lazy("the assignee"),
    "team": gettext_lazy("everybody in the team that holds it"),
    "front": gettext_lazy("whoever answers the requester"),
}
ROLES: Mapping[str, Words] = {
    "holder": gettext_lazy("the team that holds it"),
    "front": gettext_lazy("the team at the front"),
    "offered_to": gettext_lazy("the team it is offered to"),
}
PRIORITIES: Mapping[str, Words] = dict(Priority.choices)
WAITING: Mapping[str, Words] = dict(WaitingFor.choices)
STATUSES: Mapping[str, Words] = dict(Status.choices)
CLOCKS: Mapping[str, Words] = {kind.value: gettext_lazy(word) for kind, word in KINDS.items()}
CHANNELS: Mapping[str, Words] = dict(Channel.choices)
REASONS: Mapping[str, Words] = dict(Handoff.ReasonCode.choices)
ITEM_ANSWERS: Mapping[str, Words] = {
    "given": pgettext_lazy("answer", "is known"),
    "missing": pgettext_lazy("answer", "is missing"),
    "contains": pgettext_lazy("answer", "contains"),
}


def span(seconds: int, *, working: bool) -> str:
    """``30 working minutes``: a length of time as a rule says it."""
    unit, number = next(
        (unit, seconds // size)
        for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
        if seconds % size == 0
    )
    if unit == "d" and not working:
        return ngettext("%(number)s day", "%(number)s days", number) % {"number": number}
    if unit == "d":  # a day of the clock is no working day
        unit, number = "h", seconds // 3600
    if unit == "h":
        said = (
            ngettext("%(number)s working hour", "%(number)s working hours", number)
            if working
            else ngettext("%(number)s hour", "%(number)s hours", number)
        )
        return said % {"number": number}
    if unit == "m":
        said = (
            ngettext("%(number)s working minute", "%(number)s working minutes", number)
            if working
            else ngettext("%(number)s minute", "%(number)s minutes", number)
        )
        return said % {"number": number}
    return duration(seconds)


def when(definition: Definition) -> str:
    """``a ticket is raised or it is returned``; ``nobody has accepted it for 30 working minutes``."""
    trigger = definition.when
    if isinstance(trigger, OnEvent):
        return pgettext("conditions", " or ").join(str(EVENTS[name]) for name in trigger.on)
    assert isinstance(trigger, OnTime)
    return lasting(trigger.state, trigger.seconds, working=trigger.working)


def lasting(state: Since, seconds: int, *, working: bool) -> str:
    return _("%(state)s for %(span)s") % {"state": STATES[state], "span": span(seconds, working=working)}


def where(node: tree.Node, labels: Labels) -> str:
    """The tree in words; ``""`` for the empty one."""
    if isinstance(node, c.Condition):
        return leaf(node, labels)
    if isinstance(node, tree.Not):
        if _is_many(node.part):
            return pgettext("conditions", "not %(conditions)s") % {"conditions": _enclosed(node.part, labels)}
        return _("not: %(condition)s") % {"condition": where(node.part, labels)}
    parts = [_enclosed(part, labels) for part in tree.parts_of(node)]
    return _(" and ").join(parts) if isinstance(node, tree.All) else pgettext("conditions", " or ").join(parts)


def _enclosed(node: tree.Node, labels: Labels) -> str:
    said = where(node, labels)
    return _("(%(words)s)") % {"words": said} if _is_many(node) else said


def _is_many(node: tree.Node) -> bool:
    return isinstance(node, tree.All | tree.Any_) and len(node.parts) > 1


def leaf(one: c.Condition, labels: Labels, *, held: bool = True) -> str:
    """A condition in words; with ``held=False`` that it does not hold."""
    said = _LEAVES[type(one)](one, labels)
    return said if held else _("not: %(condition)s") % {"condition": said}


def because(one: c.Condition, facts: Facts, labels: Labels, *, held: bool) -> str:
    """A condition as the reason why a rule fired: with the ticket's own value where there was a choice."""
    if held and isinstance(one, c.Priority):
        return leaf(c.Priority(one_of=[facts.priority]), labels)
    if held and isinstance(one, c.AtLeast):
        return _("%(what)s: %(number)s") % {"what": COUNTS[one.of], "number": one.counted(facts)}
    return leaf(one, labels, held=held)


def actions(definition: Definition, labels: Labels) -> list[str]:
    """Each action in words."""
    return [action(one, labels) for one in definition.then]


def sentence(definition: Definition, labels: Labels) -> str:
    """The whole rule in one sentence."""
    condition = where(definition.where, labels)
    parts = {"when": when(definition), "where": condition, "then": _("; ").join(actions(definition, labels))}
    if condition:
        return _("When %(when)s, and %(where)s: %(then)s.") % parts
    return _("When %(when)s: %(then)s.") % parts


def quoted(words: Words) -> str:
    return _("“%(words)s”") % {"words": words}


def either(words: Iterable[Words]) -> str:
    return _(" or ").join(str(word) for word in words)


def _is(what: str, values: Iterable[Words]) -> str:
    return _("%(what)s is %(values)s") % {"what": what, "values": either(quoted(value) for value in values)}


def _named(names: Mapping[str, Words], values: Iterable[str]) -> list[Words]:
    return [names.get(value, value) for value in values]


def _words(one: c.Words, _labels: Labels) -> str:
    words = either(quoted(word) for word in one.any_of)
    if one.by == "requester":
        return _("the requester says %(words)s") % {"words": words}
    return _("somebody wrote %(words)s") % {"words": words}


def _item(one: c.Item, labels: Labels) -> str:
    name = quoted(labels.item(one.key))
    if one.answer == "contains":
        return _("%(item)s contains %(words)s") % {"item": name, "words": either(quoted(word) for word in one.any_of)}
    return (
        _("%(item)s is known") % {"item": name} if one.answer == "given" else _("%(item)s is missing") % {"item": name}
    )


def _at_least(one: c.AtLeast, _labels: Labels) -> str:
    if one.of == Count.CONTACTS:
        return _("at least %(number)s contacts of the requester within %(days)s days") % {
            "number": one.number,
            "days": one.days,
        }
    return _("at least %(number)s %(what)s") % {"number": one.number, "what": COUNTS[one.of]}


def _hours(one: c.Hours, labels: Labels) -> str:
    if one.calendar:
        named = {"calendar": quoted(labels.calendar(one.calendar))}
        return (
            _("it is within the hours of %(calendar)s") % named
            if one.open
            else _("it is outside the hours of %(calendar)s") % named
        )
    return _("it is within the team's working hours") if one.open else _("it is outside the team's working hours")


def _clock(one: c.Clock, _labels: Labels) -> str:
    said = _is(_("the deadline last told of"), _named(CLOCKS, one.one_of))
    if not one.percent:
        return said
    return _("%(deadline)s, %(percent)s %% or more used") % {"deadline": said, "percent": one.percent}


def _time_of_day(one: c.TimeOfDay, _labels: Labels) -> str:
    return _("it is between %(from)s and %(until)s") % {"from": f"{one.from_:%H:%M}", "until": f"{one.until:%H:%M}"}


_LEAVES: dict[type, Callable[[Any, Labels], str]] = {
    c.Priority: lambda one, _l: _is(_("the priority"), _named(PRIORITIES, one.one_of)),
    c.Status: lambda one, _l: _is(_("the state"), _named(STATUSES, one.one_of)),
    c.WaitingFor: lambda one, _l: _is(_("what it waits for"), _named(WAITING, one.one_of)),
    c.Channel: lambda one, _l: _is(_("the channel"), _named(CHANNELS, one.one_of)),
    c.Category: lambda one, labels: _is(_("the category"), map(labels.category, one.one_of)),
    c.Team: lambda one, labels: _is(str(ROLES[one.role]), map(labels.team, one.one_of)),
    c.Line: lambda one, _l: _("it is with the first line") if one.first else _("it is behind the first line"),
    c.Assigned: lambda one, _l: _("somebody works on it") if one.yes else _("nobody works on it"),
    c.Requester: lambda one, labels: _is(_("the requester"), map(labels.person, one.one_of)),
    c.Organization: lambda one, labels: _is(_("the organization"), map(labels.organization, one.one_of)),
    c.ServiceClass: lambda one, _l: _is(_("the class of the contract"), one.one_of),
    c.NotEntitled: lambda one, _l: _("the contract does not cover it") if one.yes else _("no contract forbids it"),
    c.Words: _words,
    c.Item: _item,
    c.UnknownCode: lambda _one, _l: _("the error code stands in no article"),
    c.HandoffReason: lambda one, _l: _is(_("the reason of the last hand-off"), _named(REASONS, one.one_of)),
    c.Hours: _hours,
    c.Clock: _clock,
    c.Complaint: lambda one, _l: _("a call was a complaint") if one.yes else _("no call was a complaint"),
    c.TimeOfDay: _time_of_day,
    c.AtLeast: _at_least,
    c.Lasting: lambda one, _l: lasting(one.state, one.seconds, working=one.working),
}


def action(one: Any, labels: Labels, *, to: Team | None = None) -> str:
    """An action in words; ``to`` names the team that the category's destination turned out to be."""
    return _ACTIONS[one.kind](one, labels, quoted(to.label) if to else _team(getattr(one, "to", ""), labels))


def _team(key: str, labels: Labels) -> str:
    return _("the category's destination") if key in {"", DESTINATION} else quoted(labels.team(key))


def _propose(one: Any, _labels: Labels, team: str) -> str:
    if one.to:
        said = _("propose to the operator to hand it over to %(team)s") % {"team": team}
        return _("%(said)s (%(text)s)") % {"said": said, "text": one.text} if one.text else said
    return _("tell the operator on the ticket: %(text)s") % {"text": quoted(one.text)}


def _notify(one: Any, labels: Labels, _team: str) -> str:
    people = [str(WHOM[who]) for who in one.whom]
    people += [_("the supervisors of %(team)s") % {"team": quoted(labels.team(key))} for key in one.teams]
    people += [labels.staff(pk) for pk in one.staff]
    said = _("tell %(people)s") % {"people": pgettext("people", " and ").join(people)}
    return _("%(said)s at once, even outside working hours") % {"said": said} if one.at_once else said


def _start_clock(one: StartClock, _labels: Labels, _team: str) -> str:
    length = {"span": span(one.seconds, working=one.working)}
    said = (
        _("set a deadline: within %(span)s it is resolved") % length
        if one.of == "resolution"
        else _("set a deadline: within %(span)s the requester hears from us") % length
    )
    return _("%(said)s (%(text)s)") % {"said": said, "text": one.text} if one.text else said


def _ask_department(one: AskDepartment, labels: Labels, _team: str) -> str:
    said = _("ask %(department)s") % {"department": quoted(labels.department(one.to))}
    if one.urgent:
        said = _("%(said)s at once, even outside working hours") % {"said": said}
    return _("%(said)s (%(text)s)") % {"said": said, "text": one.text} if one.text else said


_ACTIONS: dict[str, Callable[[Any, Labels, str], str]] = {
    "offer": lambda _one, _l, team: _("offer it to %(team)s") % {"team": team},
    "move": lambda _one, _l, team: _("move it to %(team)s without asking") % {"team": team},
    "propose": _propose,
    "set_priority": lambda one, _l, _t: (
        _("set the priority to %(priority)s") % {"priority": quoted(PRIORITIES[one.to])}
    ),
    "notify": _notify,
    "start_clock": _start_clock,
    "ask_department": _ask_department,
    "require_approval": lambda _one, _l, _t: _("a supervisor must approve before it is resolved"),
}
