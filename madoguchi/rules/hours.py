"""The working time that a rule counts for a ticket: that of the team that holds it."""

from functools import cache

from madoguchi.calendars.queries import working_time
from madoguchi.people.models import Team
from madoguchi.people.queries import calendar_of
from madoguchi.rules.world import Hours, World


def the_world() -> World:
    """The world as it is now, with every team's own hours. Ask once for a piece of work."""
    calendars: dict[int, int | None] = {}

    @cache
    def of_calendar(calendar: int | None) -> Hours:
        return working_time(calendar)

    def hours_of(team: int) -> Hours:
        if not calendars:
            calendars.update({row.pk: calendar_of(row) for row in Team.objects.all()})
        return of_calendar(calendars.get(team))

    return World(hours_of=hours_of)
