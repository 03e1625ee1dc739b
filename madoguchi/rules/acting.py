"""What a firing does: each action by the ordinary act, in the rule's name; what came of it is written on the ticket."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.clocks.actions import start_clock
from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.models import Consultation
from madoguchi.consultations.proposal import question_for
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.by_rule import move_by_rule, offer_by_rule
from madoguchi.handoffs.destination import propose
from madoguchi.journal.record import record
from madoguchi.people.models import Staff, Team
from madoguchi.people.queries import supervisors_of
from madoguchi.people.standing_in import absent, covered
from madoguchi.problems.set_aside import set_aside
from madoguchi.rules import tree, words
from madoguchi.rules.definition import (
    DESTINATION,
    EXCLUSIVE,
    AskDepartment,
    Definition,
    Happened,
    Notify,
    Offer,
    OnTime,
    Propose,
    SetPriority,
    StartClock,
)
from madoguchi.rules.facts import Facts, Since
from madoguchi.rules.models import Firing, Proposal, Rule, in_language_of_page
from madoguchi.rules.telling import ASKED, tell
from madoguchi.rules.world import Labels, World, asked
from madoguchi.tickets.actions.approve import require_approval
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.models import Priority, Ticket

type Said = dict[str, list[str]]
type Sentence = Callable[[], str]


def in_each_language(sentences: Callable[[], Iterable[str]]) -> Said:
    """What a function says in Japanese and in English: kept on the ticket, whoever reads it later."""
    found: Said = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[language] = [str(sentence) for sentence in sentences()]
    return found


def explain(definition: Definition, facts: Facts, world: World, happened: Happened | None) -> Said:
    """Why the rule fires: the conditions that decided, and what happened, or how long what has lasted."""
    decided = tree.reasons(definition.where, facts, world)

    def sentences() -> list[str]:
        labels = world.labels
        said = [words.because(leaf, facts, labels, held=held) for leaf, held in decided]
        if isinstance(definition.when, OnTime):
            passed = words.span(definition.when.seconds, working=definition.when.working)
            return [
                *said,
                _("%(span)s have passed: %(state)s") % {"span": passed, "state": words.STATES[definition.when.state]},
            ]
        return [*said, str(words.EVENTS[happened])] if happened else said

    return in_each_language(sentences)


def act(firing: Firing, definition: Definition, decided: dict[str, Rule]) -> None:
    """Do what the rule says. An action that is refused or fails does not stop the others; the ticket shows which."""
    said: list[Sentence] = []
    for action in definition.then:
        what = EXCLUSIVE.get(action.kind)
        if what is not None and what in decided:
            said.append(_undone(action, partial(_came_first, decided[what])))
            continue
        try:
            with transaction.atomic():
                said.append(_DO[action.kind](action, firing))
        except Refused as refusal:
            said.append(_undone(action, _refusal(action, firing, refusal)))
            continue
        except Exception as error:  # noqa: BLE001 (the other actions and the act itself stand)
            problem = set_aside("rules.act", error, rule=firing.rule_id, ticket=firing.ticket_id, action=action.kind)
            firing.problem = problem.pk
            said.append(_undone(action, partial(_failed, problem.pk)))
            continue
        if what is not None:
            decided[what] = firing.rule
    firing.did = in_each_language(lambda: [sentence() for sentence in said])
    firing.save(update_fields=["did", "problem"])
    ticket = firing.ticket
    record(
        "rule.fired",
        by=firing.rule,
        about=[ticket, firing.rule],
        data={
            "rule": firing.rule_id,
            "names": firing.rule.names,
            "number": firing.number,
            "because": firing.because,
            "did": firing.did,
        },
    )


def _undone(action: Any, why: Sentence) -> Sentence:
    return lambda: _("not done: %(what)s (%(why)s)") % {"what": words.action(action, Labels()), "why": why()}


def _came_first(rule: Rule) -> str:
    return _("rule “%(name)s” came first") % {"name": rule.label}


def _failed(problem: str) -> str:
    return _("error %(problem)s") % {"problem": problem}


def _refusal(action: Any, firing: Firing, refusal: Refused) -> Sentence:
    """The refusal in every language. An act says it in the active one: for the others it is asked again, and undone."""
    active = translation.get_language()

    def again() -> list[str]:
        if translation.get_language() == active:
            return [str(refusal)]
        try:
            with transaction.atomic():
                _DO[action.kind](action, firing)
                raise refusal
        except Refused as refused:
            return [str(refused)]

    said = in_each_language(again)
    return lambda: " ".join(in_language_of_page(said))


def _done(action: Any, to: Team | None = None) -> Sentence:
    return lambda: words.action(action, Labels(), to=to)


def _reason(firing: Firing) -> str:
    """The reasons as one sentence in the desk's language, as a hand-off keeps it."""
    with translation.override(settings.LANGUAGE_CODE):
        reasons = _(" and ").join(firing.because.get(settings.LANGUAGE_CODE, []))
        return _("Rule “%(name)s”: %(reasons)s") % {"name": firing.rule.name, "reasons": reasons}


def _team(key: str, ticket: Ticket) -> Team:
    """The team of this key, or the ticket's destination; refuses when there is none."""
    if key not in {"", DESTINATION}:
        team = Team.objects.filter(key=key).first()
    else:
        team = next((one.team for one in propose(_fresh(ticket)) if one.team is not None), None)
    if team is None:
        named = key not in {"", DESTINATION}
        raise Refused(_("there is no such team") if named else _("the category names no destination"))
    return team


def _fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("category", "contract", "holder_team").get(pk=ticket.pk)


def _offer(action: Offer, firing: Firing) -> Sentence:
    team = _team(action.to, firing.ticket)
    given = offer_by_rule(firing.ticket, to_team=team, reason=_reason(firing), by=firing.rule)
    return _done(action, team) if given else lambda: str(_("routing is frozen: a supervisor decides"))


def _move(action: Any, firing: Firing) -> Sentence:
    team = _team(action.to, firing.ticket)
    given = move_by_rule(firing.ticket, to_team=team, reason=_reason(firing), by=firing.rule)
    return _done(action, team) if given else lambda: str(_("routing is frozen: a supervisor decides"))


def _propose(action: Propose, firing: Firing) -> Sentence:
    team = _team(action.to, firing.ticket) if action.to else None
    Proposal.objects.update_or_create(
        ticket=firing.ticket,
        rule=firing.rule,
        settled_at=None,
        defaults={"team": team, "text": action.text, "because": firing.because, "at": firing.at},
    )
    return _done(action, team)


def _set_priority(action: SetPriority, firing: Firing) -> Sentence:
    if Ticket.objects.filter(pk=firing.ticket_id, priority=action.to).exists():
        return lambda: str(_("the priority is %(priority)s already") % {"priority": Priority(action.to).label})
    change(firing.ticket, priority=action.to, by=firing.rule)
    return _done(action)


def _notify(action: Notify, firing: Firing) -> Sentence:
    related = ("assignee", "front_staff", "holder_team", "front_team")
    ticket = Ticket.objects.select_related(*related).get(pk=firing.ticket_id)
    told: list[Staff] = []
    for who in action.whom:
        told += _WHOM[who](ticket, firing)
    for team in Team.objects.filter(key__in=action.teams):
        told += supervisors_of(team.pk, firing.at)
    for person in Staff.objects.filter(pk__in=action.staff):
        told += [covered(person, ticket.holder_team, firing.at)[0] or person]
    people = {person.pk: person for person in told if person.is_active}
    if not people:
        raise Refused(_("nobody is there to be told"))
    for person in people.values():
        tell(person, firing=firing, ticket=ticket, at_once=action.at_once)
    names = ", ".join(person.name for person in people.values())
    return lambda: str(_("told %(names)s") % {"names": names})


def _members(team_id: int, at: datetime) -> list[Staff]:
    """Everybody of the team who is there; when nobody is, all of them."""
    members = Staff.objects.filter(memberships__team=team_id, is_active=True).distinct().order_by("pk")
    return list(members.exclude(pk__in=absent(at))) or list(members)


def _supervisors(ticket: Ticket, firing: Firing) -> list[Staff]:
    """Of the team that owes what the rule waited for: of an offer that nobody accepted, the one it was made to."""
    waited_for = firing.cause.startswith(f"{Since.UNACCEPTED.value}:") and ticket.offered_to_id
    return supervisors_of(waited_for or ticket.holder_team_id, firing.at)


def _there(person: Staff | None, team: Team, at: datetime) -> list[Staff]:
    """Whoever stands in for somebody who is away; when nobody does, who leads the team."""
    if person is None:
        return []
    there, _stand_in = covered(person, team, at)
    return supervisors_of(team.pk, at) if there is None else [there]


_WHOM: dict[str, Callable[[Ticket, Firing], list[Staff]]] = {
    "supervisors": _supervisors,
    "offered_to": lambda ticket, firing: (
        supervisors_of(ticket.offered_to_id, firing.at) if ticket.offered_to_id else []
    ),
    "assignee": lambda ticket, firing: _there(ticket.assignee, ticket.holder_team, firing.at),
    "team": lambda ticket, firing: _members(ticket.holder_team_id, firing.at),
    "front": lambda ticket, firing: _there(ticket.front_staff, ticket.front_team, firing.at),
}


def _start_clock(action: StartClock, firing: Firing) -> Sentence:
    started = start_clock(
        firing.ticket,
        kind=action.of,
        target_s=action.seconds,
        working=action.working,
        text=action.text,
        names=firing.rule.names,
        by=firing.rule,
    )
    return _done(action) if started else lambda: str(_("the deadline that it set runs already"))


def _ask_department(action: AskDepartment, firing: Firing) -> Sentence:
    department, topic = asked(action.to)
    if department is None or (topic is None and "/" in action.to):
        raise Refused(_("there is no such department or topic"))
    same = Consultation.objects.filter(ticket=firing.ticket_id, department=department, topic=topic)
    if same.open().filter(by_rule=firing.rule.name).exists():
        return lambda: str(_("its question is not answered yet"))
    ticket = _fresh(firing.ticket)
    told = question_for(ticket, department, topic).text
    question = f"{action.text}\n\n{told}" if action.text else told
    ask(ticket, department=department, topic=topic, question=question, urgent=action.urgent, by=firing.rule)
    return _done(action)


def _require_approval(action: Any, firing: Firing) -> Sentence:
    if require_approval(firing.ticket, reason=_reason(firing), by=firing.rule) is None:
        return lambda: str(_("a supervisor's approval is asked for already"))
    for person in supervisors_of(firing.ticket.holder_team_id, firing.at):
        tell(person, firing=firing, ticket=firing.ticket, at_once=False, text=ASKED)
    return _done(action)


_DO: dict[str, Callable[[Any, Firing], Sentence]] = {
    "offer": _offer,
    "move": _move,
    "propose": _propose,
    "set_priority": _set_priority,
    "notify": _notify,
    "start_clock": _start_clock,
    "ask_department": _ask_department,
    "require_approval": _require_approval,
}
