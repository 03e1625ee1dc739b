"""Post what is due by chat and SMS: claim rows by conditional update, post, mark; a bad one never stops the others."""

import http.client
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from madoguchi.consultations import chat, wording
from madoguchi.consultations.actions.receive import notice_undelivered
from madoguchi.consultations.models import Delivery, Remark
from madoguchi.foundation.claims import CLAIM, claim, mark
from madoguchi.foundation.outbound import Answer, ForbiddenError, post
from madoguchi.people.models import ContactChannel
from madoguchi.problems.set_aside import set_aside

State = Delivery.State
# Nobody waits for days as with mail: after an hour and a half the question goes another way.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 30))
_LONGEST_KEPT = 4000
_OURS = frozenset({401, 402, 403})  # the provider of SMS does not know us, or is not paid
_LATER = frozenset({408, 409, 425, 429})  # and whatever is the server's own fault


class RefusedError(Exception):
    """The other side answered, and the answer was no. ``for_good``: it will be no again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.for_good = not (answer.status in _LATER or answer.status >= 500)


def deliver_due(limit: int = 50) -> int:
    """Post up to ``limit`` messages that are due; how many were claimed.

    A crash between posting and marking posts again once the claim has run out, under the same key.
    """
    now = timezone.now()
    claimed = claim(Delivery.objects.waiting(), now=now, limit=limit)
    if claimed is None:
        return 0
    deliveries = list(claimed.select_related("remark__approach__consultation"))
    for delivery in deliveries:
        if timezone.now() >= now + CLAIM:
            break  # the rest belongs to whoever claims it next
        mine = delivery.claimed_by
        try:
            _deliver(delivery)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 (it was posted, or is given up: never again, and the others go on)
            set_aside("consultations.deliveries", error, delivery=delivery.pk)
            delivery.claimed_by = mine  # what was marked meanwhile was rolled back
            mark(delivery, state=State.FAILED)
    return len(deliveries)


def _deliver(delivery: Delivery) -> None:
    """One message: posted, dropped, put off or failed."""
    try:
        if not _is_wanted(delivery):
            mark(delivery, state=State.DROPPED)
            return
        answer = _post(delivery)
    except RefusedError as refusal:
        said = refusal.answer
        _not_taken(delivery, said.body, status=said.status, for_good=refusal.for_good, wait=said.retry_after)
    except ForbiddenError as error:
        _not_taken(delivery, str(error), for_good=True)
    except (OperationalError, InterfaceError):
        raise
    except (OSError, http.client.HTTPException) as error:
        _not_taken(delivery, f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 (one bad row must not stop the others)
        _not_taken(delivery, f"{type(error).__name__}: {error}", for_good=True)
        set_aside("consultations.deliveries", error, delivery=delivery.pk)
    else:
        now = timezone.now()
        mark(delivery, state=State.SENT, sent_at=now, status=answer.status, answer=answer.body[:_LONGEST_KEPT])


def _is_wanted(delivery: Delivery) -> bool:
    """Nobody is asked what is settled by now, and nobody told that it is who was never asked."""
    approach, kind = delivery.remark.approach, delivery.remark.kind
    if approach is None:
        return False
    if kind == Remark.Kind.REMINDER and approach.consultation.is_open and approach.may_still_answer:
        return True  # who was passed over hears that it is open after all
    if kind != Remark.Kind.SETTLED:
        return approach.is_live
    return Delivery.objects.filter(remark__approach=approach, state=State.SENT).exists()


def _post(delivery: Delivery) -> Answer:
    if delivery.channel == ContactChannel.SMS:
        provider = settings.SMS
        if provider is None:
            raise ForbiddenError("no provider of SMS is set")
        text = f"{delivery.text}\n{delivery.link}" if delivery.link else delivery.text
        url, body, headers = provider.request(delivery.address, text, f"madoguchi-{delivery.pk}")
        answer = post(url, body=body, headers=headers, inside=[provider.host])
        taken = provider.accepted in answer.body
    else:
        body = chat.message(delivery.address, delivery.text, delivery.link, wording.link_text())
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = post(delivery.address, body=body, headers=headers, inside=settings.CHAT_HOSTS)
        taken = True
    if not (taken and 200 <= answer.status < 300):
        raise RefusedError(answer)
    return answer


def _not_taken(
    delivery: Delivery, said: str, *, status: int | None = None, for_good: bool = False, wait: int | None = None
) -> None:
    """Again later, or never: then the question goes another way, in the same transaction."""
    kept = said[:_LONGEST_KEPT]
    if not for_good and delivery.attempts < len(BACK_OFF):
        pause = min(max(BACK_OFF[delivery.attempts], timedelta(seconds=wait or 0)), timedelta(hours=1))
        later = timezone.now() + pause
        mark(delivery, state=State.QUEUED, next_attempt_at=later, status=status, answer=kept)
        return
    with transaction.atomic():
        if mark(delivery, state=State.FAILED, status=status, answer=kept):
            notice_undelivered(delivery)
    if delivery.channel == ContactChannel.SMS and status in _OURS:
        set_aside("consultations.sms", f"HTTP {status}: {kept}", delivery=delivery.pk)
