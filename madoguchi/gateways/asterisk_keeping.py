"""What a connector reads off its line, into the database: events and the memory of the translation in one transaction.

Everything here is called from one thread.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection, transaction
from django.utils import timezone

from madoguchi.foundation.literal import Words
from madoguchi.gateways.ami import Pairs
from madoguchi.gateways.asterisk_members import Telephones
from madoguchi.gateways.asterisk_orders import (
    REASONS,
    RING_SECONDS,
    Action,
    ImpossibleError,
    actions_of,
    order_of,
)
from madoguchi.gateways.lines import PbxLine
from madoguchi.journal.record import NamedActor
from madoguchi.problems.set_aside import set_aside
from madoguchi.telephony.actions import orders, pbx_lines
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Order, Pbx, PbxDevice
from madoguchi.telephony.operators import hold_states_of, staff_named
from madoguchi.telephony.providers.asterisk.translation import Translation

# The database is out of reach, or asks for another try; other errors of it are about what it was given.
AWAY = (OperationalError, InterfaceError, InternalError)
LOOKS = 15  # a second apart they take a lease; a database that stands still lets pass one
_LARGEST_POST = 500
_MOST_ORDERS = 50
# What in a message tells a number or a name; the value of a variable is anything.
_PEOPLE = re.compile(r"CallerID|ConnectedLine|^CID-|^Value$|Exten$|DialString$")
_ANSWER_WITHIN = timedelta(seconds=10)
_RINGING = timedelta(seconds=RING_SECONDS) + _ANSWER_WITHIN
log = logging.getLogger(__name__)


type Kind = Literal["begun", "lost", "down", "refused", "sent", "received"]


class Heard(NamedTuple):
    """One thing that happened on a line, in its order; ``at`` is our clock, epoch seconds.

    A connection has ``begun`` and is ``lost``; the line is ``down`` (or we are ``refused``) each time that it was tried
    in vain, with a ``Message`` that says why.
    """

    kind: Kind
    at: float
    pairs: Pairs


class Keeper:
    """Follows one line. ``holder`` names the connector; each call refuses (NotHeldError) once another has the line.

    ``looks``: how often in a row, with no error of the database between, another's lease must be seen unrenewed.
    """

    def __init__(self, line: PbxLine, holder: str, *, looks: int = LOOKS) -> None:
        self.line, self.holder, self.looks = line, holder, looks
        self._watched, self._seen = "", 0
        self.by = NamedActor("telephone", line.name)
        self.pbx_id = 0
        self._saved = ""
        self._restore()

    def claim(self, gone: Callable[[str], bool]) -> bool:
        """Take the line, and remember what its last holder knew; for a standby, once a second."""
        seen, self._seen = self._seen, 0  # an error begins the watch anew: the holder could not renew either

        def unrenewed(pbx: Pbx) -> bool:
            lease = f"{pbx.held_by} {pbx.held_until}"
            self._seen = seen + 1 if lease == self._watched else 1
            self._watched = lease
            return self._seen >= self.looks

        close_old_connections()
        pbx_lines.enrol(self.line.key, self.line.name)
        now = timezone.now()
        if not pbx_lines.claim(self.line.key, holder=self.holder, gone=gone, unrenewed=unrenewed, now=now):
            return False
        pbx = Pbx.objects.get(key=self.line.key)
        self.pbx_id, self._saved = pbx.pk, pbx.memory
        self._restore()
        return True

    def release(self) -> None:
        pbx_lines.release(self.line.key, holder=self.holder, now=timezone.now())
        connection.close()

    def renew(self) -> None:
        close_old_connections()
        pbx_lines.renew(self.line.key, holder=self.holder, by=self.by, now=timezone.now())

    def keep(self, batch: Sequence[Heard]) -> int:
        """Take in what was heard; what cannot be understood is set aside alone. How many of them, from the first.

        Fewer than all when the database went away on the way: the rest may be kept again, and only the rest. Raises
        one of ``AWAY`` when it was away from the beginning.
        """
        close_old_connections()
        try:
            self._keep(batch)
        except (*AWAY, pbx_lines.NotHeldError):
            self._restore()
            raise
        except Exception as error:  # noqa: BLE001 (a message that nobody foresaw must not stop the line)
            self._restore()
            if len(batch) > 1:
                return self._keep_singly(batch)
            message = json.dumps(_without_people(batch[0].pairs))[:4000]
            set_aside("telephony.asterisk", error, pbx=self.line.key, message=message)
        return len(batch)

    def _keep_singly(self, batch: Sequence[Heard]) -> int:
        for kept, one in enumerate(batch):
            try:
                self.keep([one])
            except AWAY:
                if not kept:
                    raise
                return kept
        return len(batch)

    @transaction.atomic
    def _keep(self, batch: Sequence[Heard]) -> None:
        pbx = pbx_lines.hold(self.line.key, holder=self.holder, now=timezone.now())
        events = [event for heard in batch for event in self._take(heard)]
        self._save_telephones()
        for post in _posts(events):
            receive_events(post, sender=self.line.key, by=self.by, as_read=True)
        for heard in batch:
            if heard.kind == "received":
                self._answer(dict(heard.pairs))
        received = [heard.at for heard in batch if heard.kind == "received"]
        if received:
            pbx.heard_at = datetime.fromtimestamp(received[-1], UTC)
        memory = {"translation": self._translation.to_json(), "members": self._telephones.listed}
        pbx.memory = json.dumps(memory)
        pbx.save(update_fields=["memory", "heard_at"])
        transaction.on_commit(lambda: self._remember(pbx.memory))

    def _save_telephones(self) -> None:
        """A choice on the screen locks the person first, then their telephone: so does this."""
        if staff := staff_named(self._telephones.heard_of):
            hold_states_of(one.pk for one in staff.values())
        for extension in self._telephones.write():
            if extension in staff:
                orders.agree(staff[extension], by=self.by)

    def _remember(self, saved: str) -> None:
        self._saved = saved

    def _restore(self) -> None:
        """As it was when it was last committed."""
        known: dict[str, Any] = json.loads(self._saved) if self._saved else {}
        naming, memory = self.line.naming, known.get("translation")
        self._translation = Translation.from_json(memory, naming) if memory else Translation(naming)
        listed = [(extension, interface, paused) for extension, interface, paused in known.get("members", [])]
        self._telephones = Telephones(self.pbx_id, naming, listed)

    def _take(self, heard: Heard) -> list[Event]:
        """The events of one thing heard."""
        at = datetime.fromtimestamp(heard.at, UTC)
        if heard.kind == "begun":
            self._telephones.listed = []
            pbx_lines.note_connected(self.line.key, holder=self.holder, by=self.by, at=at, now=timezone.now())
            return self._translation.begun(at=heard.at)
        if heard.kind == "lost":
            return self._translation.lost(at=heard.at)
        if heard.kind in ("down", "refused"):
            error, refused = dict(heard.pairs)["Message"], heard.kind == "refused"
            pbx_lines.note_lost(
                self.line.key, error, holder=self.holder, refused=refused, by=self.by, at=at, now=timezone.now()
            )
            return []
        if heard.kind == "sent":
            return self._translation.asked(heard.pairs, at=heard.at)
        unread = self._translation.set_aside
        found, message = self._translation.take(heard.pairs, at=heard.at), dict(heard.pairs)
        if self._translation.set_aside > unread:
            log.warning("%s: this lacks what its kind must have: %s", self.line.name, _without_people(heard.pairs))
        if self._telephones.hear(message):
            return [event for event in found if event.type != "agent.state"]
        return found

    # Orders

    def claim_orders(self) -> list[tuple[int, list[Action]]]:
        """Orders to be sent now, each with its actions. They are marked as sent first: none goes out twice."""
        close_old_connections()
        waiting = Order.objects.filter(pbx=self.pbx_id, state__in=Words(*Order.OPEN)).filter(state=Order.State.QUEUED)
        if not waiting.exists():
            return []
        with transaction.atomic():
            pbx_lines.hold(self.line.key, holder=self.holder, now=timezone.now())
            now = timezone.now()  # after the wait for the lock: what expired meanwhile is not sent
            rows = waiting.select_related("staff", "call").order_by("id")[:_MOST_ORDERS]
            return [(order.pk, actions) for order in rows if (actions := self._claim(order, now))]

    def _claim(self, order: Order, now: datetime) -> list[Action]:
        if order.expires_at <= now:
            orders.settle(order, Order.State.EXPIRED, by=self.by, now=now)
            return []
        device = PbxDevice.objects.filter(pbx=self.pbx_id, extension=order.extension).first()
        try:
            actions = actions_of(order, self.line, self._translation, device.interfaces if device else [])
        except ImpossibleError as error:
            orders.settle(order, Order.State.FAILED, str(error), by=self.by, now=now)
            return []
        except Exception as error:  # noqa: BLE001 (an order that nobody foresaw must not end the line, again and again)
            set_aside("telephony.asterisk", error, pbx=self.line.key, order=order.pk)
            orders.settle(order, Order.State.FAILED, "failed", by=self.by, now=now)
            return []
        answered_by = now + (_RINGING if order.kind == Order.Kind.ORIGINATE else _ANSWER_WITHIN)
        sent = Order.objects.filter(pk=order.pk, state=Order.State.QUEUED).update(
            state=Order.State.SENT, sent_at=now, expires_at=answered_by, pending=len(actions)
        )
        return actions if sent else []  # given up meanwhile: they read that it was not sent

    def _answer(self, message: dict[str, str]) -> None:
        """What the PBX says to one of our orders."""
        order_id = order_of(message.get("ActionID", ""))
        order = Order.objects.filter(pk=order_id, pbx=self.pbx_id, state=Order.State.SENT).first() if order_id else None
        if order is None:
            return
        now, refused = timezone.now(), message.get("Response") in ("Error", "Failure")
        if message.get("Event") == "OriginateResponse":
            reason = message.get("Reason", "")
            state, result = (Order.State.FAILED, REASONS.get(reason, reason)) if refused else (Order.State.DONE, "")
            orders.settle(order, state, result, by=self.by, now=now)
        elif message.get("Response"):
            order.pending = max(0, order.pending - 1)
            order.result = message.get("Message", "")[:200] if refused else order.result
            order.save(update_fields=["pending", "result"])
            if order.pending == 0 and (refused or order.kind != Order.Kind.ORIGINATE):
                state = Order.State.FAILED if order.result else Order.State.DONE
                orders.settle(order, state, order.result, by=self.by, now=now)


def _without_people(pairs: Pairs) -> Pairs:
    """A message for the list of problems: who calls whom does not belong there, withheld or not."""
    return [(key, value) for key, value in pairs if not _PEOPLE.search(key)]


def _posts(events: Iterable[Event]) -> Iterator[list[Event]]:
    """As many as are taken in at once, in order. A snapshot ends a post: of what comes after it it knows nothing."""
    post: list[Event] = []
    for event in events:
        post.append(event)
        if len(post) == _LARGEST_POST or event.type == "source.snapshot":
            yield post
            post = []
    if post:
        yield post
