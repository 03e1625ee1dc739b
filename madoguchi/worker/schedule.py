"""One page: what runs when, and what waits. A job works off due rows, which it claims, so several workers may run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from madoguchi.api.kept import forget_old_answers
from madoguchi.clocks.calls import remind_of_calls
from madoguchi.clocks.models import Clock
from madoguchi.clocks.rebuild import recalculate
from madoguchi.clocks.sweep import sweep
from madoguchi.consultations.deliveries import deliver_due as deliver_messages
from madoguchi.consultations.models import Consultation, Delivery
from madoguchi.consultations.sweep import advance_due
from madoguchi.directory.sync import work_due as synchronize
from madoguchi.files.store import remove_due
from madoguchi.foundation.literal import Words
from madoguchi.insight.gaps.models import Waiting
from madoguchi.insight.gaps.work import step as gather_gaps
from madoguchi.interactions.bypasses import remind_of_drafts
from madoguchi.interactions.letters import send_letters
from madoguchi.knowledge.actions import tell_late
from madoguchi.knowledge.helped import forget_readers
from madoguchi.knowledge.models import ArticleComment
from madoguchi.mail.outbox import deliver_due
from madoguchi.mail.queries import mails_unsent, mails_waiting
from madoguchi.notifications.actions import deliver_due as deliver_notifications
from madoguchi.rules.actions.try_rule import run_next_trial
from madoguchi.rules.sweep import enter_tickets, fire_due
from madoguchi.search.index import drain
from madoguchi.search.models import Pending
from madoguchi.telephony.actions.close_silent_calls import close_silent_calls
from madoguchi.telephony.actions.orders import settle_overdue
from madoguchi.telephony.actions.pbx_lines import alarm_about_lost
from madoguchi.telephony.actions.recordings import delete_due as delete_recordings
from madoguchi.telephony.actions.wrapup import end_due_wrapups
from madoguchi.telephony.reconcile.nightly import reconcile_due

_BATCH = 50


@dataclass(frozen=True)
class Job:
    """``function`` handles a batch and returns whether more waits; ``every`` is the pause in seconds when none does."""

    name: str
    function: Callable[[], bool]
    every: float


def alarm_about_lines() -> bool:
    """Tell of configured telephone systems whose line stays down."""
    alarm_about_lost([(line.key, line.name) for line in settings.ASTERISK], timezone.now())
    return False


def reconcile_calls() -> bool:
    """Hold the calls against the telephone systems' own records, every night."""
    reconcile_due(settings.CDR, timezone.now())
    return False


SCHEDULE: tuple[Job, ...] = (
    Job("mail", lambda: deliver_due(_BATCH) == _BATCH, every=1.0),
    Job("notifications", lambda: deliver_notifications(limit=_BATCH) == _BATCH, every=1.0),
    Job("search", lambda: drain(_BATCH) == _BATCH, every=0.5),
    Job("clocks", lambda: sweep(limit=_BATCH) == _BATCH, every=1.0),
    Job("call_backs", lambda: remind_of_calls(limit=_BATCH) == _BATCH, every=20.0),
    Job("bypass_drafts", lambda: remind_of_drafts(timezone.now(), limit=_BATCH) == _BATCH, every=60.0),
    Job("bypass_letters", lambda: bool(send_letters()), every=600.0),
    Job("consultations", lambda: advance_due(limit=_BATCH) == _BATCH, every=1.0),
    Job("chat_and_sms", lambda: deliver_messages(_BATCH) == _BATCH, every=1.0),
    Job("article_comments", lambda: tell_late(limit=_BATCH) == _BATCH, every=60.0),
    Job("faq_readers", forget_readers, every=600.0),
    Job("recalculation", recalculate, every=5.0),
    Job("silent_calls", lambda: close_silent_calls(timezone.now(), limit=_BATCH) == _BATCH, every=60.0),
    Job("wrap_ups", lambda: end_due_wrapups(timezone.now(), limit=_BATCH) == _BATCH, every=1.0),
    Job("recordings", lambda: delete_recordings(timezone.now(), limit=_BATCH) == _BATCH, every=600.0),
    Job("forgotten_files", lambda: remove_due(limit=_BATCH) == _BATCH, every=600.0),
    Job("telephone_orders", lambda: settle_overdue(timezone.now(), limit=_BATCH) == _BATCH, every=5.0),
    Job("telephone_lines", alarm_about_lines, every=20.0),
    Job("reconciliation", reconcile_calls, every=60.0),
    Job("rules", fire_due, every=1.0),
    Job("rules_entering", enter_tickets, every=5.0),
    Job("directory", synchronize, every=5.0),
    Job("rule_trials", run_next_trial, every=2.0),
    Job("gaps", gather_gaps, every=20.0),
    Job("api_answers", forget_old_answers, every=600.0),
)

QUEUES: Mapping[str, Callable[[], int]] = {
    "article_comments": lambda: (
        ArticleComment.objects.open().filter(late_at__isnull=True, due_at__lt=timezone.now()).count()
    ),
    "clocks": lambda: Clock.objects.filter(next_at__lt=timezone.now()).count(),
    "consultations": lambda: Consultation.objects.filter(next_at__lt=timezone.now()).count(),
    "chat_and_sms": lambda: Delivery.objects.waiting().count(),
    "chat_and_sms_not_sent": lambda: Delivery.objects.filter(state=Words("failed")).count(),
    "gaps": lambda: Waiting.objects.filter(error="").count(),
    "gaps_set_aside": lambda: Waiting.objects.exclude(error="").count(),
    "mail": lambda: mails_waiting().count(),
    "mail_not_sent": lambda: mails_unsent().filter(state="failed").count(),
    "search": lambda: Pending.objects.filter(error="").count(),
    "search_set_aside": lambda: Pending.objects.exclude(error="").count(),
}
