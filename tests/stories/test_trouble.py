"""What section "when things go wrong" promises of a running desk: killed parts and a database that drops everybody."""

import os
import signal
import smtplib
import threading
from collections.abc import Callable

import httpx
import psycopg
import pytest

from madoguchi.interactions.models import Interaction
from madoguchi.mail.models import IncomingMail
from madoguchi.search import index
from madoguchi.tickets.models import Ticket, id_of
from tests.cli.test_serve import part, until
from tests.cluster import SUPERUSER
from tests.desk import Desk, free_port
from tests.live.lines import happen, line
from tests.mail.samples import mail
from tests.seed import CLUSTER

WRITERS, EACH = 4, 15
DOOR = free_port()


@pytest.fixture(scope="module")
def served_environment() -> dict[str, str]:
    return {"MADOGUCHI_SMTP_LISTEN": f"127.0.0.1:{DOOR}"}


def together(job: Callable[[int], None], between: Callable[[], None]) -> None:
    """``job`` in several threads at once while ``between`` happens; whatever a thread raises fails the test."""
    failures: list[BaseException] = []

    def run(writer: int) -> None:
        try:
            job(writer)
        except BaseException as error:  # noqa: BLE001 (told by the thread that waits)
            failures.append(error)

    threads = [threading.Thread(target=run, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    between()
    for thread in threads:
        thread.join(180)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)


def deliver(raw: bytes) -> bool:
    """As a mail server hands over: False when it has to try again."""
    try:
        with smtplib.SMTP("127.0.0.1", DOOR, timeout=20) as client:
            return not client.sendmail("yamada@minato.example", ["desk@localhost"], raw)
    except (OSError, smtplib.SMTPException):
        return False


def test_a_mail_gateway_killed_while_mails_come_in_loses_and_doubles_none(served: Desk) -> None:
    taken = threading.Semaphore(0)

    def write(writer: int) -> None:
        for number in range(EACH):
            raw = mail(
                {
                    "From": "hanako.yamada@minato.example",
                    "To": "desk@localhost",
                    "Subject": f"kill {writer} {number}",
                    "Message-ID": f"<kill-{writer}-{number}@minato.example>",
                },
                b"text",
            )
            until(lambda raw=raw: deliver(raw))  # type: ignore[misc]
            taken.release()

    def kill() -> None:
        for _ in range(2):
            for _ in range(EACH):
                assert taken.acquire(timeout=60)
            os.kill(part(served, "mail-gateway"), signal.SIGKILL)
            until(lambda: part(served, "mail-gateway"))

    until(lambda: deliver(mail({"From": "a@b.example", "Subject": "first", "Message-ID": "<first@b.example>"})))
    together(write, kill)
    with served.inside():
        kept = IncomingMail.objects.filter(subject__startswith="kill ")
        assert sorted(kept.values_list("subject", flat=True)) == sorted(
            f"kill {writer} {number}" for writer in range(WRITERS) for number in range(EACH)
        )
        assert set(kept.values_list("state", flat=True)) == {"taken"}
        assert Interaction.objects.filter(mail__in=kept, state="linked").count() == WRITERS * EACH
        assert Ticket.objects.filter(subject__startswith="kill ").count() == WRITERS * EACH


def test_a_database_that_drops_every_connection_under_load_loses_nothing_and_every_part_goes_on(
    served: Desk, engine: str
) -> None:
    if engine != "postgres":
        pytest.skip("SQLite has no server that could be restarted")
    token = served.token(served.cast.sato, "tickets:write")
    raised: list[str] = []

    def raise_tickets(writer: int) -> None:
        for number in range(EACH):
            key = f"drop-{writer}-{number}"

            def once(key: str = key) -> bool:
                answer = httpx.post(
                    f"{served.url}/api/v1/tickets",
                    json={"subject": f"接続断 {key}", "body": "本文"},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
                    timeout=20,
                )
                if answer.status_code == 201:
                    raised.append(answer.json()["number"])
                return answer.status_code == 201

            until(once)

    def drop() -> None:
        with psycopg.connect(host=os.environ[CLUSTER], user=SUPERUSER, dbname="postgres", autocommit=True) as lead:
            for share in (1, 2, 3):
                until(lambda share=share: len(raised) >= share * WRITERS * EACH // 4)  # type: ignore[misc]
                lead.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [served.database]
                )

    with line(served, served.cast.hayashi, "*:trouble") as heard:
        assert next(heard)[0] == "ready"
        together(raise_tickets, drop)
        entry = happen(served, "trouble.over")
        kind, _place, data = next(heard)
        assert (kind, data["id"]) == ("ring", entry)
    with served.inside():
        kept = Ticket.objects.filter(subject__startswith="接続断 ")
        assert sorted(kept.values_list("pk", flat=True)) == sorted(id_of(number) or 0 for number in raised)
        assert kept.count() == WRITERS * EACH
    until(lambda: len(served.run(index.find, "ticket", "接続断", Ticket.objects.all(), limit=100)) == WRITERS * EACH)
