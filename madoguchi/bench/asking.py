"""Questions to departments: the list of open ones, a department's history, and messages that leave by chat or SMS.

One question for ten tickets, spread over the last two years; three hundred are open, whatever the desk's size. They
are written in a transaction that is rolled back. Pages are answered by the product's own views in this process; their
floor is the same rows in bare SQL. Messages are posted to a server on loopback; the floor posts to it and marks a row.
"""

import http.client
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from madoguchi.bench.inside import seconds
from madoguchi.consultations import deliveries
from madoguchi.consultations.history import LOOKED_AT
from madoguchi.consultations.models import Approach, Consultation, Delivery, Remark
from madoguchi.people.models import Contact, Department, Role, Staff, Team
from madoguchi.tickets.models import Ticket

_OPEN = 300
_SHARE = 10  # tickets for one question
_SPAN = timedelta(days=730)
_CHUNK = 1_000
_ROWS = 50


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: ``times`` of each page, ``messages``. By name: the seconds that were taken, and those of the floor."""
    with transaction.atomic():
        department = Department.objects.filter(contacts__isnull=False).order_by("id")[0]
        _ask(department, timezone.now())
        client = Client(headers={"host": settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")})
        who = Staff.objects.filter(memberships__role=Role.ADMINISTRATOR).order_by("id")[0]
        client.force_login(who)
        found = {
            "questions": _timed(lambda: _page(client, "/consultations/"), _bare_list, order["times"]),
            "history": _timed(
                lambda: _page(client, f"/departments/{department.pk}/history/"),
                lambda: _bare_history(department),
                order["times"],
            ),
            "messages": _messages(order["messages"]),
            "asked": Consultation.objects.count(),
        }
        transaction.set_rollback(True)
    return found


def _ask(department: Department, now: datetime) -> None:
    """Every question has one contact who was asked, and who answered unless it is open."""
    contact = Contact.objects.filter(department=department).order_by("id")[0]
    team, count = Team.objects.order_by("id")[0], Ticket.objects.count()
    wanted = max(count // _SHARE, _OPEN)
    tickets = list(Ticket.objects.order_by("-id").values_list("pk", flat=True)[:wanted])
    gap = _SPAN / wanted
    for start in range(0, wanted, _CHUNK):
        some = range(start, min(start + _CHUNK, wanted))
        asked = [now - gap * (number + 1) for number in some]
        questions = Consultation.objects.bulk_create(
            Consultation(
                ticket_id=tickets[number % len(tickets)],
                department=department,
                question="8月分の請求書は発行済みですか",
                state="waiting" if number < _OPEN else "answered",
                team=team,
                asked_at=at,
                due_at=at + timedelta(hours=4),
                patience_s=14_400,
                ended_at=None if number < _OPEN else at + timedelta(hours=1),
                used_at=None if number < _OPEN else at + timedelta(hours=2),
            )
            for number, at in zip(some, asked, strict=True)
        )
        approaches = Approach.objects.bulk_create(
            Approach(
                consultation=question,
                contact=contact,
                name=contact.name,
                channel="mail",
                address="keiri@example.jp",
                why="first",
                state="asked" if question.ended_at is None else "answered",
                send_at=question.asked_at,
                asked_at=question.asked_at,
                ended_at=question.ended_at,
            )
            for question in questions
        )
        answers = Remark.objects.bulk_create(
            Remark(
                consultation=approach.consultation,
                approach=approach,
                kind="answer",
                author_name=contact.name,
                body="8月31日に発行済みです",
                at=approach.ended_at,
            )
            for approach in approaches
            if approach.ended_at is not None
        )
        for answer in answers:
            answer.consultation.answer = answer
        Consultation.objects.bulk_update([answer.consultation for answer in answers], ["answer"])


def _timed(product: Callable[[], None], bare: Callable[[], None], times: int) -> dict[str, list[float]]:
    product()
    bare()
    return {"taken": [seconds(product) for _ in range(times)], "floor": [seconds(bare) for _ in range(times)]}


def _page(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def _bare_list() -> None:
    """What the list shows of the first page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.state, c.due_at, c.asked_at, t.id, t.subject, d.name, a.name, a.channel"
            " FROM consultations_consultation c JOIN tickets_ticket t ON t.id = c.ticket_id"
            " JOIN people_department d ON d.id = c.department_id"
            " JOIN consultations_approach a ON a.consultation_id = c.id"
            " WHERE c.state IN ('waiting', 'needs_time', 'asked_back') ORDER BY c.due_at, c.id LIMIT %s",
            [_ROWS],
        )
        cursor.fetchall()


def _bare_history(department: Department) -> None:
    """The rows that a department's figures are worked out from."""
    since = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=365))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.topic_id, c.state, c.asked_at, r.at, a.contact_id, a.state, a.ended_at"
            " FROM consultations_consultation c JOIN consultations_approach a ON a.consultation_id = c.id"
            " LEFT JOIN consultations_remark r ON r.id = c.answer_id"
            " WHERE c.department_id = %s AND c.asked_at >= %s ORDER BY c.id DESC LIMIT %s",
            [department.pk, since, LOOKED_AT],
        )
        cursor.fetchall()


class _Hook(BaseHTTPRequestHandler):
    """Takes every message."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        return


def _messages(how_many: int) -> dict[str, float]:
    """Seconds to post so many messages, and to post them barely."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    settings.CHAT_HOSTS = ("127.0.0.1",)
    now = timezone.now()
    Delivery.objects.waiting().delete()
    open_ones = Approach.objects.filter(state="asked").order_by("id")[:how_many]
    for approach in open_ones:
        remark = Remark.objects.create(
            consultation_id=approach.consultation_id, approach=approach, kind="question", author_name="bench", at=now
        )
        Delivery.objects.create(
            remark=remark,
            channel="chat",
            address=f"http://127.0.0.1:{port}/hook",
            text="照会があります",
            queued_at=now,
            next_attempt_at=now,
        )
    begun = time.perf_counter()
    posted = 0
    while some := deliveries.deliver_due():
        posted += some
    taken = time.perf_counter() - begun
    if Delivery.objects.filter(state="sent").count() < posted:
        raise RuntimeError("Not every message was posted.")
    begun = time.perf_counter()
    for key in list(Delivery.objects.filter(state="sent").values_list("pk", flat=True)[:posted]):
        line = http.client.HTTPConnection("127.0.0.1", port)
        line.request("POST", "/hook", body=b'{"text": "x"}')
        line.getresponse().read()
        line.close()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_delivery SET state = 'sent' WHERE id = %s", [key])
    bare = time.perf_counter() - begun
    server.shutdown()
    return {"posted": posted, "taken": taken, "floor": bare}
