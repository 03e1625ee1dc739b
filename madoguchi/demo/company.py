"""The sample company: its house, its catalogue, its customers, what it knows. Safe to repeat: everything has a key."""

import secrets
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from madoguchi.calendars.actions import add_calendar, ensure_defaults
from madoguchi.calendars.hours import read
from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.clocks.actions import tell_from_now_on
from madoguchi.clocks.rebuild import rebuild
from madoguchi.demo import customers, departments, history, scripts, source
from madoguchi.foundation import phone
from madoguchi.handoffs.actions.shift_notes import post_shift_note
from madoguchi.handoffs.models import ShiftNote
from madoguchi.journal.record import SYSTEM
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.glossary.actions import Entry
from madoguchi.knowledge.glossary.actions import add as add_term
from madoguchi.knowledge.glossary.models import Term
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.notices.actions import post_notice
from madoguchi.notices.models import Notice
from madoguchi.people.actions import note_absence, set_duty
from madoguchi.people.models import Absence, Duty, Membership, OutsideHours, Staff, Team
from madoguchi.tickets.models import Ticket

DOMAIN: str = source.table("house")["company"]["domain"]
HISTORY_TICKETS = 3_000
HISTORY_SEED = 1


def build(*, password: str | None = None, tickets: int = HISTORY_TICKETS) -> str:
    """Make or complete the sample company and, when there is no ticket, its history; returns its staff's password.

    Without ``password`` one is made up, kept in ``sample-password`` in the data folder, and used again the next time.
    Accounts that exist keep theirs.
    """
    password = password or _kept_password()
    with transaction.atomic():
        calendars = _calendars()
        teams = _teams(calendars)
        staff = _staff(teams, make_password(password))
        categories = _categories(teams)
        departments.build(calendars, categories)
        customers.build(staff, teams)
        _articles(staff, categories)
        scripts.build(staff, categories)
        _glossary(staff, categories)
        _news(staff, teams, categories)
    if tickets and not Ticket.objects.exists():
        history.write(tickets, seed=HISTORY_SEED)
        tell_from_now_on()
        rebuild()
    with transaction.atomic():
        _cover(staff, teams)
        scripts.walk_history()
    return password


def email_of(login: str) -> str:
    return f"{login}@{DOMAIN}"


def _kept_password() -> str:
    file = Path(settings.DATA_DIR) / "sample-password"
    try:
        with file.open("x", encoding="ascii") as new:
            file.chmod(0o600)
            new.write(f"hoshi-{secrets.token_hex(4)}")
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii").strip()


def _calendars() -> dict[str, Calendar]:
    """All calendars by key: those of every desk, and the company's own."""
    ensure_defaults(by=SYSTEM)
    calendars = {calendar.key: calendar for calendar in Calendar.objects.all()}
    for row in source.table("house")["calendars"]:
        if row["key"] not in calendars:
            calendars[row["key"]] = add_calendar(**{**row, "week": [read(day) for day in row["week"]]}, by=SYSTEM)
    return calendars


def _teams(calendars: dict[str, Calendar]) -> dict[str, Team]:
    teams = {}
    for row in source.table("house")["teams"]:
        fields = {"line": 2, "is_partner": False, **row}
        key, calendar = fields.pop("key"), calendars.get(fields.pop("calendar", ""))
        outside_hours = fields.pop("outside_hours", OutsideHours.WAIT)
        team, created = Team.objects.update_or_create(key=key, defaults=fields)
        if created or not team.memberships.exists():  # a team in use keeps what was chosen for it
            team.calendar, team.outside_hours = calendar or team.calendar, outside_hours
            team.save(update_fields=["calendar", "outside_hours"])
        teams[key] = team
    return teams


def _staff(teams: dict[str, Team], password: str) -> dict[str, Staff]:
    """Everybody by login; one hash serves them all, since hashing is slow by intent."""
    staff = {}
    for row in source.table("house")["staff"]:
        family, given = row["name"]
        person, created = Staff.objects.get_or_create(
            email=email_of(row["login"]),
            defaults={
                "family_name": family,
                "given_name": given,
                "kana": row["kana"],
                "extension": row["extension"],
                "mobile": phone.normalise(row.get("mobile", "")),
                "password": password,
            },
        )
        staff[row["login"]] = person
        if created:
            for role, _, team in (written.partition("@") for written in row["roles"]):
                Membership.objects.create(staff=person, role=role, team=teams[team] if team else None)
    return staff


def _categories(teams: dict[str, Team]) -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for position, row in enumerate(source.table("catalogue")["categories"], start=1):
        category, created = Category.objects.get_or_create(
            key=row["key"],
            defaults={
                "name": row["name"],
                "name_en": row["name_en"],
                "parent": categories[row["parent"]] if "parent" in row else None,
                "destination": teams[row["destination"]] if "destination" in row else None,
                "service": row.get("service", ""),
                "scope": row.get("scope", ""),
                "to_responsible_engineer": row.get("to_responsible_engineer", False),
                "position": row.get("position", position),
            },
        )
        categories[row["key"]] = category
        if created:
            HearingItem.objects.bulk_create(
                _item(category, place, written) for place, written in enumerate(row.get("items", ()), start=1)
            )
    return categories


def _item(category: Category, position: int, written: list[Any]) -> HearingItem:
    key, name, name_en, kind, hint, *choices = written
    return HearingItem(
        category=category,
        key=key.removeprefix("!"),
        name=name,
        name_en=name_en,
        kind=kind,
        hint=hint,
        choices=choices[0] if choices else [],
        is_required=key.startswith("!"),
        position=position,
    )


def _articles(staff: dict[str, Staff], categories: dict[str, Category]) -> None:
    present = set(Article.objects.values_list("key", flat=True))
    for row in source.rows("articles", "articles"):
        if row["key"] in present:
            continue
        category = categories[row["category"]]
        content = Content(
            question=row["question"],
            answer=row["answer"],
            category=category,
            category_text=category.name,
            state=row.get("state", State.VALIDATED),
            audience=row.get("audience", Audience.FIRST_LINE),
            owner_team=category.destination,
            review_on=timezone.localdate() + timedelta(days=row.get("review_in", 180)),
        )
        create(content, key=row["key"], by=staff["kimura"])


def _glossary(staff: dict[str, Staff], categories: dict[str, Category]) -> None:
    present = set(Term.objects.values_list("name", flat=True))
    for row in source.table("glossary")["terms"]:
        if row["name"] not in present:
            category = categories[row["category"]] if "category" in row else None
            add_term(Entry(**{**row, "also": tuple(row.get("also", ())), "category": category}), by=staff["kimura"])


def _news(staff: dict[str, Staff], teams: dict[str, Team], categories: dict[str, Category]) -> None:
    now = timezone.now()
    news = source.table("news")
    for row in news["notices"]:
        if not Notice.objects.filter(title=row["title"]).exists():
            until = row.get("until_hours")
            post_notice(
                title=row["title"],
                body=row["body"].strip(),
                gravity=row["gravity"],
                starts_at=now + timedelta(hours=row["from_hours"]),
                ends_at=now + timedelta(hours=until) if until is not None else None,
                categories=[categories[key] for key in row["categories"]],
                by=staff[row["by"]],
            )
    for row in news["shift_notes"]:
        if not ShiftNote.objects.filter(team=teams[row["team"]], body=row["body"]).exists():
            post_shift_note(team=teams[row["team"]], body=row["body"], by=staff[row["by"]])


def _cover(staff: dict[str, Staff], teams: dict[str, Team]) -> None:
    """Who is away today or soon, and who is on duty this week and the next; a desk that has a plan keeps it."""
    if Absence.objects.exists() or Duty.objects.exists():
        return
    news, lead = source.table("news"), staff["hayashi"]
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    for row in news["absences"]:
        first = today + timedelta(days=row["from_day"])
        days = (first, first + timedelta(days=row["days"]))
        start, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in days)
        person, deputy = staff[row["staff"]], staff[row["substitute"]]
        note_absence(person, starts_at=start, ends_at=end, substitute=deputy, note=row["note"], by=lead)
    for row in news["duties"]:
        first, last = (monday + timedelta(days=row[name]) for name in ("from_day", "to_day"))
        set_duty(teams[row["team"]], staff[row["staff"]], first=first, last=last, periods=read(row["hours"]), by=lead)
