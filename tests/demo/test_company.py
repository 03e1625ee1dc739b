"""The sample company has what the contract promises, and building it again changes nothing."""

import pytest
from django.utils import timezone

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category
from madoguchi.cli.init import make_defaults
from madoguchi.demo import company, run
from madoguchi.knowledge.models import Article
from madoguchi.people.access import access_of
from madoguchi.people.models import (
    Absence,
    Contact,
    ContactAbsence,
    Department,
    Duty,
    Organization,
    Person,
    PhoneNumber,
    Staff,
    Team,
    Topic,
)
from madoguchi.people.standing_in import away_at, on_duty
from madoguchi.scripts.models import ScriptVersion

pytestmark = pytest.mark.django_db


def test_teams_departments_category_and_extensions_are_those_of_the_contract() -> None:
    company.build(password="demo-password-1", tickets=0)
    assert {"call-centre", "service-desk", "network", "field-service"} <= set(
        Team.objects.values_list("key", flat=True)
    )
    departments = Department.objects.filter(key__in=["sales", "accounting", "warehouse", "development"])
    assert departments.count() == 4
    at_all_hours = Contact.objects.exclude(email="").filter(calendar__key="always", position=1)
    assert not departments.exclude(contacts__in=at_all_hours).exists()
    for department in departments:
        assert department.manager
        assert department.topics.filter(categories__isnull=False).exists()
    assert ContactAbsence.objects.get().contact.deputy
    category = Category.objects.get(key="mail-trouble")
    assert category.destination == Team.objects.get(key="service-desk")
    assert set(category.items.filter(is_required=True).values_list("key", flat=True)) == {
        "error_code",
        "since_when",
        "impact",
        "steps_tried",
        "callback_number",
    }
    assert Staff.objects.filter(extension__in=["1001", "1002", "1003", "1004"]).count() == 4
    assert Article.objects.count() >= 40
    on = ScriptVersion.objects.in_force(timezone.now())
    assert set(on.values_list("script__category__key", flat=True)) == {"mail-trouble", "password"}


def test_the_first_team_of_every_desk_takes_calls_at_all_hours_and_a_later_choice_stays() -> None:
    make_defaults()
    company.build(password="demo-password-1", tickets=0)
    team = Team.objects.get(key="call-centre")
    assert team.calendar == Calendar.objects.get(key="always")
    Team.objects.filter(pk=team.pk).update(calendar=None)
    company.build(password="demo-password-1", tickets=0)
    assert Team.objects.get(pk=team.pk).calendar is None


def test_building_it_again_changes_nothing() -> None:
    models = (
        Absence,
        Duty,
        Team,
        Staff,
        Person,
        Organization,
        PhoneNumber,
        Article,
        Category,
        Contact,
        Calendar,
        ContactAbsence,
        Topic,
    )
    company.build(password="demo-password-1", tickets=0)
    before = [model.objects.count() for model in models]
    company.build(password="another-password-2", tickets=0)
    assert [model.objects.count() for model in models] == before
    assert Staff.objects.get(email="sato@hoshinoha.example").check_password("demo-password-1")


def test_somebody_is_away_today_with_a_substitute_of_the_team_and_somebody_is_on_duty_tonight() -> None:
    company.build(password="demo-password-1", tickets=0)
    now = timezone.now()
    away = away_at(now).select_related("staff", "substitute")
    assert {row.staff.email.partition("@")[0] for row in away} == {"kato", "fujii"}
    at_work = {run.BACK_OFFICE, *run.OPERATORS.values(), *run.ENGINEERS, *(login for _, login in run.LOGINS)}
    assert at_work.isdisjoint(row.staff.email.partition("@")[0] for row in away)
    assert all(access_of(row.substitute).team_ids & access_of(row.staff).team_ids for row in away if row.substitute)
    team = Team.objects.get(outside_hours="on_duty")
    tonight = timezone.localtime(now).replace(hour=20, minute=0)
    assert on_duty(team, tonight)
