"""What can be chosen in the form of a rule, in the language of the page."""

from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import tree
from madoguchi.people.models import Department, Organization, Person, Staff, Team, Topic
from madoguchi.people.queries import service_classes
from madoguchi.rules import words
from madoguchi.rules.facts import Count
from madoguchi.web.rules.builder import Form

_MOST = 500


def choices(form: Form) -> dict[str, Any]:
    """Options for every select; long lists are read only when the form shows them."""
    shown = form.kinds
    teams = [(team.key, team.label) for team in Team.objects.filter(is_active=True)]
    known: dict[str, Any] = {
        "events": _pairs(words.EVENTS),
        "states": _pairs(words.STATES),
        "counts": _pairs(words.COUNTS),
        "priority": _pairs(words.PRIORITIES),
        "status": _pairs(words.STATUSES),
        "waiting_for": _pairs(words.WAITING),
        "channel": _pairs(words.CHANNELS),
        "handoff_reason": _pairs(words.REASONS),
        "clock": _pairs(words.CLOCKS),
        "whom": _pairs(words.WHOM),
        "roles": _pairs(words.ROLES),
        "answers": _pairs(words.ITEM_ANSWERS),
        "team": teams,
        "to": {
            "offer": [("", _("the category's destination")), *teams],
            "move": [("", _("the category's destination")), *teams],
            "propose": [("", _("to no team")), ("*", _("the category's destination")), *teams],
            "set_priority": _pairs(words.PRIORITIES),
            "ask_department": _departments() if any(row.kind == "ask_department" for row in form.actions) else [],
        },
        "matches": [
            ("all", _("all of these apply")),
            ("any", _("at least one of these applies")),
            ("none", _("none of these applies")),
            ("not_all", _("not all of these apply")),
        ],
        "conditions": _conditions(),
        "actions": _actions(),
        "deadlines": [
            ("next_update", _("until the requester hears from us")),
            ("resolution", _("until it is resolved")),
        ],
        "units": [("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))],
        "workings": [("yes", _("working time of the team")), ("no", _("time of the clock"))],
        "contacts": Count.CONTACTS.value,
        "staff": [(staff.pk, staff.name) for staff in Staff.objects.filter(is_active=True)[:_MOST]],
        "category": [(row.key, "　" * len(path) + row.label) for row, path in tree()] if "category" in shown else [],
        "items": _items() if "item" in shown else [],
    }
    known["calendar"] = [("", _("of the team that holds it"))]
    if "hours" in shown:
        known["calendar"] += [(row.key, row.label) for row in Calendar.objects.filter(is_active=True)]
    known["organization"] = _rows(Organization.objects.all()) if "organization" in shown else []
    known["requester"] = _rows(Person.objects.all()) if "requester" in shown else []
    known["service_class"] = [(one, one) for one in service_classes()] if "service_class" in shown else []
    return known


def _pairs(names: Any) -> list[tuple[str, str]]:
    return [(getattr(key, "value", key), str(word)) for key, word in names.items()]


def _rows(rows: Any) -> list[tuple[int, str]]:
    return [(row.pk, str(row)) for row in rows[:_MOST]]


def _items() -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for item in HearingItem.objects.filter(is_active=True).order_by("position", "id"):
        found.setdefault(item.key, item.label)
    return sorted(found.items(), key=lambda pair: pair[1])


def _departments() -> list[tuple[str, str]]:
    """Every department, and below it what it is asked about."""
    topics = Prefetch("topics", Topic.objects.filter(is_active=True))
    found = [("", _("Choose"))]
    for department in Department.objects.filter(is_active=True).prefetch_related(topics):
        found.append((department.key, department.label))
        found += [(f"{department.key}/{topic.key}", f"　{topic.label}") for topic in department.topics.all()]
    return found


def _conditions() -> list[tuple[str, str]]:
    return [
        ("priority", _("the priority")),
        ("category", _("the category")),
        ("words", _("words in what was written")),
        ("item", _("the answer to a hearing item")),
        ("unknown_code", _("an error code that stands in no article")),
        ("team", _("the team")),
        ("line", _("first line or behind it")),
        ("assigned", _("whether somebody works on it")),
        ("status", _("the state")),
        ("waiting_for", _("what it waits for")),
        ("at_least", _("how often something happened")),
        ("lasting", _("how long something lasts")),
        ("clock", _("which deadline was told of")),
        ("complaint", _("whether a call was a complaint")),
        ("hours", _("working hours")),
        ("time_of_day", _("the time of day")),
        ("channel", _("the channel")),
        ("organization", _("the organization")),
        ("requester", _("the requester")),
        ("service_class", _("the class of the contract")),
        ("not_entitled", _("whether the contract covers it")),
        ("handoff_reason", _("the reason of the last hand-off")),
    ]


def _actions() -> list[tuple[str, str]]:
    return [
        ("notify", _("tell somebody")),
        ("propose", _("propose something to the operator")),
        ("offer", _("offer it to a team")),
        ("move", _("move it to a team without asking")),
        ("set_priority", _("set the priority")),
        ("start_clock", _("set a deadline")),
        ("ask_department", _("ask a department")),
        ("require_approval", _("ask for a supervisor's approval before it is resolved")),
    ]
