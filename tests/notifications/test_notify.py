import pytest
from django.utils import translation
from django.utils.translation import gettext_noop
from freezegun import freeze_time

from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.notifications.actions import choose_mail, deliver_due, mark_all_read, mark_read, notify
from madoguchi.notifications.models import Notification
from tests.cast import Cast
from tests.clocks.desk_time import at

pytestmark = pytest.mark.django_db
TEXT = gettext_noop("%(number)s %(clock)s is overdue since %(due)s: %(subject)s")
PARAMS = {"number": "1-2", "clock_msgid": "Resolution", "due_time": at(1, 9, 0).isoformat(), "subject": "件名"}


def told(cast: Cast, *, at_once: bool = False) -> Notification:
    (row,) = notify([cast.sato], TEXT, kind="clock.breached", params=PARAMS, at_once=at_once)
    return row


def test_somebody_is_told_in_their_working_hours(cast: Cast) -> None:
    with freeze_time(at(2, 23, 0)):  # Friday night
        row = told(cast)
        assert deliver_due() == 0
    with freeze_time(at(5, 9, 0)):
        assert deliver_due() == 1

    row.refresh_from_db()
    assert (row.deliver_at, row.delivered_at) == (at(5, 9, 0), at(5, 9, 0))


def test_what_cannot_wait_reaches_them_at_once_and_once(cast: Cast) -> None:
    with freeze_time(at(2, 23, 0)):
        row = told(cast, at_once=True)
        assert deliver_due() == 1
        assert deliver_due() == 0

    entry = Entry.objects.get(kind="notification.delivered")
    assert set(entry.mentions.values_list("kind", "ref")) == {("notification", row.pk), ("staff", cast.sato.pk)}


def test_who_left_is_not_told_and_nobody_twice(cast: Cast) -> None:
    cast.suzuki.is_active = False
    cast.suzuki.save()

    rows = notify([cast.sato, cast.suzuki, cast.sato], TEXT, kind="clock.breached", params=PARAMS)
    assert [row.staff for row in rows] == [cast.sato]


def test_the_sentence_is_in_the_readers_language(cast: Cast) -> None:
    with freeze_time(at(2, 9, 0)):
        row = told(cast)
        assert row.words == "1-2 解決が 10/1(木) 09:00 に期限を過ぎました: 件名"
        with translation.override("en"):
            assert row.words == "1-2 Resolution is overdue since 1 Oct (Thu) 09:00: 件名"


def test_who_asked_for_it_gets_a_mail_too_in_their_language(cast: Cast) -> None:
    choose_mail(cast.sato, by_mail=True)
    cast.sato.language = "en"
    cast.sato.save()
    with freeze_time(at(2, 9, 0)):
        row = told(cast, at_once=True)
        notify([cast.hayashi], TEXT, kind="clock.breached", params=PARAMS, at_once=True)
        deliver_due()

    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.is_automatic) == (["sato@example.jp"], True)
    assert mail.subject == "1-2 Resolution is overdue since 1 Oct (Thu) 09:00: 件名"
    assert f"/notifications/{row.pk}/" in mail.body


def test_what_was_read_is_read_and_the_rest_with_one_word(cast: Cast) -> None:
    with freeze_time(at(2, 9, 0)):
        first, _second = told(cast, at_once=True), told(cast, at_once=True)
        deliver_due()
        mark_read(first)

    assert Notification.objects.of(cast.sato).unread().count() == 1
    assert mark_all_read(cast.sato) == 1
    assert Notification.objects.of(cast.sato).unread().count() == 0
