from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_noop

from madoguchi.notifications.actions import deliver_due, notify
from madoguchi.notifications.models import Notification, Preference
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db
type SignIn = Callable[..., Client]
TEXT = gettext_noop("%(number)s %(clock)s is overdue since %(due)s: %(subject)s")


def told(staff: Staff, subject: str, about: Ticket | None = None) -> None:
    params = {"number": "1-2", "clock_msgid": "Resolution", "due_time": "2026-10-01T00:00:00+00:00", "subject": subject}
    notify([staff], TEXT, kind="clock.breached", params=params, about=about, at_once=True)
    deliver_due()


def test_one_sees_ones_own_and_nobody_elses(cast: Cast, sign_in: SignIn) -> None:
    told(cast.sato, "佐藤への知らせ")
    told(cast.hayashi, "林への知らせ")

    page = sign_in(cast.sato).get("/notifications/").content.decode()
    assert "佐藤への知らせ" in page
    assert "林への知らせ" not in page
    others = Notification.objects.get(staff=cast.hayashi)
    assert sign_in(cast.sato).get(f"/notifications/{others.pk}/").status_code == 404


def test_an_empty_page_says_what_will_appear(cast: Cast, sign_in: SignIn) -> None:
    assert "通知はまだありません" in sign_in(cast.outsider).get("/notifications/").content.decode()


def test_the_bell_counts_what_is_unread(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert 'class="count"' not in client.get("/notifications/bell/").content.decode()
    told(cast.sato, "一つ")
    told(cast.sato, "二つ")
    assert '<span class="count">2' in client.get("/notifications/bell/").content.decode()

    client.post("/notifications/read/")
    assert 'class="count"' not in client.get("/notifications/bell/").content.decode()


def test_a_notification_leads_to_its_ticket_and_is_read(cast: Cast, sign_in: SignIn) -> None:
    ticket = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)
    told(cast.sato, "件名", about=ticket)
    row = Notification.objects.get()

    answer = sign_in(cast.sato).get(f"/notifications/{row.pk}/")
    assert answer["Location"] == f"/tickets/{ticket.number}/"
    row.refresh_from_db()
    assert row.read_at is not None


def test_one_chooses_to_get_mail_too(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    client.post("/notifications/mail/", {"by_mail": "on"})
    assert Preference.objects.get(staff=cast.sato).by_mail
    client.post("/notifications/mail/", {})
    assert not Preference.objects.get(staff=cast.sato).by_mail


def test_one_and_many_cost_the_same_and_pages_go_on(cast: Cast, sign_in: SignIn) -> None:
    client, spent = sign_in(cast.sato), []
    for count in (1, 60):
        for number in range(count):
            told(cast.sato, f"知らせ{number}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/notifications/").content.decode()
        spent.append(len(queries))
    assert spent[0] == spent[1]
    assert "?after=" in page
