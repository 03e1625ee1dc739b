"""Recordings of calls: which links are played, and for how long each is kept."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from madoguchi.telephony.models import DAYS, Recording, RecordingPolicy


def is_allowed(url: str) -> bool:
    """Whether a link leads by https to a host of RECORDING_HOSTS, without name and password in it."""
    from_host = url.removeprefix("https://").partition("/")[0].partition("?")[0].partition("#")[0].lower()
    return url.startswith("https://") and "\\" not in url and from_host in settings.RECORDING_HOSTS


def is_playable(recording: Recording) -> bool:
    return recording.deleted_at is None and (recording.file_id is not None or is_allowed(recording.url))


class Keeping:
    """The policies in force, read once."""

    def __init__(self) -> None:
        policies = list(RecordingPolicy.objects.all())
        self.by_queue = {policy.queue: policy.days for policy in policies if policy.queue}
        self.by_team = {policy.team_id: policy.days for policy in policies if policy.team_id is not None}
        self.others = next((one.days for one in policies if not one.queue and one.team_id is None), DAYS)

    def until(self, recording: Recording) -> datetime:
        """When it will be deleted: the queue decides, else the team, else what counts for all others."""
        days = self.by_queue.get(recording.queue) or self.by_team.get(recording.team_id or 0) or self.others
        return recording.recorded_at + timedelta(days=days)

    def due(self, now: datetime) -> Q:
        """The recordings whose time has come."""

        def before(days: int) -> Q:
            return Q(recorded_at__lt=now - timedelta(days=days))

        queues = Q(queue__in=list(self.by_queue))
        teams = Q(team__isnull=False, team__in=list(self.by_team))
        found = before(self.others) & ~queues & ~teams
        for queue, days in self.by_queue.items():
            found |= before(days) & Q(queue=queue)
        for team, days in self.by_team.items():
            found |= before(days) & Q(team=team) & ~queues
        # The shortest time said once more by itself: only so an index ends there.
        shortest = min([self.others, *self.by_queue.values(), *self.by_team.values()])
        return before(shortest) & found
