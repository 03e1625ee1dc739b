"""The directory is kept true from a real OpenLDAP: looked at first, taken over as a whole or not at all."""

import argparse
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.cli import directory_sync
from madoguchi.directory import sync
from madoguchi.directory.models import Run, RunChange
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people.actions import change_contact, order_chain
from madoguchi.people.models import Contact, Department
from madoguchi.problems.models import Problem
from tests.cast import Cast
from tests.directory.slapd import BIG, PEOPLE_OF_BIG, Company, Slapd

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _server(company: Company, settings: Any) -> None:
    settings.LDAP = company.server


def run(cast: Cast, *, preview: bool = False, after: Run | None = None) -> Run:
    """Asked for by 中村, and carried out by a worker."""
    asked = sync.ask_for_run(preview=preview, by=cast.admin, after=after)
    assert sync.work_due()
    asked.refresh_from_db()
    return asked


def told(of: Run) -> list[tuple[str, str, list[list[Any]]]]:
    return [(row.kind, row.name, row.fields) for row in of.changes.filter(is_department=False)]


def test_a_preview_shows_everything_and_changes_nothing(cast: Cast, company: Company) -> None:
    company.hire("yamada", "山田 花子", mobile="090-1111-2222", cn__lang_ja__phonetic="ヤマダ ハナコ")
    shown = run(cast, preview=True)
    assert (shown.state, shown.counts, shown.read) == (Run.State.PREVIEWED, {"added": 1}, 1)
    ((kind, name, fields),) = told(shown)
    assert (kind, name) == ("added", "山田 花子")
    assert ["kana", "", "やまだ はなこ"] in fields
    assert not Contact.objects.filter(name="山田 花子").exists()
    assert not Department.objects.filter(name="総務部").exists()


def test_people_are_taken_over_and_kept_true(cast: Cast, company: Company) -> None:
    yamada = company.hire("yamada", "山田 花子", telephoneNumber="03-5000-1234")
    sato = company.hire("sato", "佐藤 次郎")
    company.hire("mori", "森 三郎")
    company.hire("oka", "岡 四郎")
    for extra in range(4):
        company.hire(f"extra{extra}", f"人 {extra}")
    first = run(cast)
    assert (first.state, first.counts) == (Run.State.DONE, {"added": 8})
    contact = Contact.objects.get(name="山田 花子")
    assert (contact.phone, contact.department.name, contact.position) == ("+81350001234", "総務部", None)
    assert run(cast).counts == {}

    married = company.rename(yamada, "uid=suzuki")
    company.change(married, cn="鈴木 花子", telephoneNumber="03-5000-9999")
    company.leave(sato)
    company.hire("new", "新人 五郎", department="経理部")
    second = run(cast)
    assert second.counts == {"renamed": 1, "removed": 1, "added": 1}
    contact.refresh_from_db()
    assert (contact.name, contact.phone) == ("鈴木 花子", "+81350009999")
    assert not Contact.objects.get(name="佐藤 次郎").is_active
    assert Contact.objects.get(name="新人 五郎").department == cast.accounting
    renamed = next(fields for kind, _name, fields in told(second) if kind == "renamed")
    assert ["name", "山田 花子", "鈴木 花子"] in renamed
    entry = Entry.objects.filter(kind="directory.taken_in").latest("id")
    assert (entry.actor_id, entry.data["source"]) == (cast.admin.pk, "ldap")


def test_what_the_desk_knows_better_stays(cast: Cast, company: Company) -> None:
    """The server has no mobile number and no order of the chain; the desk has both."""
    dn = company.hire("yamada", "山田 花子", telephoneNumber="03-5000-1234")
    run(cast)
    contact = Contact.objects.get(name="山田 花子")
    change_contact(contact, by=cast.admin, mobile="090-1111-2222", note="午後は倉庫", channels=["phone", "mail"])
    order_chain(contact.department, [contact], by=cast.admin)
    company.change(dn, telephoneNumber="", title="課長")
    assert run(cast).counts == {"changed": 1}
    contact.refresh_from_db()
    assert (contact.phone, contact.title) == ("", "課長")  # the server had a number, and has it no more
    assert (contact.mobile, contact.note, contact.position) == ("+819011112222", "午後は倉庫", 1)


def test_somebody_whom_the_desk_wrote_down_is_recognized(cast: Cast, company: Company) -> None:
    company.hire("first", cast.accounting_first.name, department="経理部", mail=cast.accounting_first.email)
    before = Contact.objects.count()
    run(cast)
    assert Contact.objects.count() == before
    cast.accounting_first.refresh_from_db()
    assert cast.accounting_first.origin.startswith("ldap:")
    assert Contact.objects.get(pk=cast.accounting_second.pk).is_active  # the server does not know her: no matter


def test_a_run_that_would_remove_many_stops_until_somebody_confirms(cast: Cast, company: Company) -> None:
    everybody = [company.hire(f"a{n}", f"人 {n}") for n in range(10)]
    run(cast)
    for dn in everybody[:3]:
        company.leave(dn)
    stopped = run(cast)
    assert (stopped.state, stopped.counts, stopped.known) == (Run.State.HELD, {"removed": 3}, 10)
    assert Contact.objects.filter(origin__startswith="ldap:", is_active=True).count() == 10
    assert Problem.objects.filter(where="directory.ldap", resolved_at=None).count() == 1

    company.leave(everybody[3])  # one more than was seen: asked again
    assert run(cast, after=stopped).state == Run.State.HELD
    confirmed = run(cast, after=Run.objects.latest("id"))
    assert confirmed.state == Run.State.DONE
    assert Contact.objects.filter(origin__startswith="ldap:", is_active=True).count() == 6
    assert not Problem.objects.filter(resolved_at=None).exists()  # the alarm ends with its reason


def test_whom_a_keeper_switched_off_the_server_does_not_bring_back(cast: Cast, company: Company) -> None:
    company.hire("sato", "佐藤 次郎")
    run(cast)
    sato = Contact.objects.get(name="佐藤 次郎")
    change_contact(sato, is_active=False, by=cast.kimura)
    assert run(cast).counts == {}
    change_contact(sato, is_active=True, by=cast.kimura)
    assert run(cast).counts == {}
    assert Contact.objects.get(pk=sato.pk).is_active


def test_an_entry_that_has_become_bad_removes_nobody(cast: Cast, company: Company) -> None:
    dn = company.hire("yamada", "山田 花子")
    gone = company.hire("gone", "去る人")
    for extra in range(8):
        company.hire(f"extra{extra}", f"人 {extra}")
    run(cast)
    company.change(dn, ou="")
    company.leave(gone)
    second = run(cast)
    assert (second.state, second.counts, second.refused) == (Run.State.DONE, {"removed": 1}, 1)
    assert Contact.objects.get(name="山田 花子").is_active
    aside = second.changes.get(kind=RunChange.REFUSED)
    assert (aside.name, aside.reason) == (dn, "エントリーに部署がありません。")


def test_while_the_server_is_away_it_is_tried_again_later_and_then_alarmed(
    cast: Cast, company: Company, settings: Any
) -> None:
    company.hire("yamada", "山田 花子")
    run(cast)
    settings.LDAP = company.slapd.settings(company.base, port=1)
    asked = sync.ask_for_run(preview=False, by=cast.admin)
    pauses = []
    for attempt in range(1, 8):
        asked.refresh_from_db()
        before = timezone.now()
        sync.work_due(now=max(asked.next_at or before, before))
        asked.refresh_from_db()
        assert asked.next_at is not None
        pauses.append(round((asked.next_at - before).total_seconds() / 60))
        assert Problem.objects.filter(where="directory.ldap").count() == int(attempt >= sync.ALARM_AT)
    assert pauses == [1, 2, 4, 8, 16, 32, 60]
    assert not sync.work_due()
    assert asked.state == Run.State.WAITING
    assert "読み取れません" in asked.error
    settings.LDAP = company.server
    assert sync.work_due(now=asked.next_at)
    asked.refresh_from_db()
    assert (asked.state, asked.error) == (Run.State.DONE, "")
    assert not Problem.objects.filter(resolved_at=None).exists()
    assert Contact.objects.filter(name="山田 花子", is_active=True).exists()


def test_a_refused_password_is_not_tried_until_the_account_is_locked(
    cast: Cast, company: Company, settings: Any
) -> None:
    settings.LDAP = company.slapd.settings(company.base, password="old")
    failed = run(cast)
    assert (failed.state, failed.next_at, failed.attempts) == (Run.State.FAILED, None, 1)
    assert Problem.objects.get(where="directory.ldap").facts == {"run": failed.pk}


def test_the_night_has_one_run_and_the_first_of_all_is_somebodys(cast: Cast, company: Company, settings: Any) -> None:
    settings.LDAP = company.slapd.settings(company.base, at=time_of_day(2, 30))
    company.hire("yamada", "山田 花子")
    night = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # 02:30 in Tokyo
    assert not sync.work_due(now=night)
    run(cast)
    Run.objects.update(ended_at=night - timedelta(hours=10))
    assert not sync.work_due(now=night - timedelta(seconds=1))
    assert sync.work_due(now=night)
    assert not sync.work_due(now=night + timedelta(hours=23))
    assert Run.objects.filter(scheduled_for=night, state=Run.State.DONE).count() == 1


def test_only_one_worker_carries_a_run_out(cast: Cast, company: Company) -> None:
    asked = sync.ask_for_run(preview=False, by=cast.admin)
    one, other = Run.objects.get(pk=asked.pk), Run.objects.get(pk=asked.pk)
    now = timezone.now()
    assert sync.claim(one, now=now)
    assert not sync.claim(other, now=now)
    with pytest.raises(Refused) as refused:
        sync.ask_for_run(preview=False, by=cast.admin)
    assert refused.value.code == "under_way"
    # A worker that stood still for long finds its run taken up by another, and changes nothing.
    company.hire("yamada", "山田 花子")
    later = Run.objects.get(pk=asked.pk)
    assert sync.claim(later, now=now + Run.CLAIM)
    sync.carry_out(one)
    assert not Contact.objects.filter(name="山田 花子").exists()
    assert sync.carry_out(later).state == Run.State.DONE
    assert Contact.objects.filter(name="山田 花子").count() == 1


def test_the_command_shows_stops_and_goes_on(cast: Cast, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        directory_sync.add_arguments(parser)
        code = directory_sync.run(parser.parse_args(arguments))
        return code, capsys.readouterr().out

    everybody = [company.hire(f"a{n}", f"人 {n}") for n in range(4)]
    code, shown = command("--preview")
    assert (code, shown.count("added    人")) == (0, 4)
    assert not Contact.objects.filter(origin__startswith="ldap:").exists()
    assert command() == (0, shown)
    for dn in everybody[:2]:
        company.leave(dn)
    code, stopped = command()
    assert (code, "removed  人 0" in stopped) == (3, True)
    assert Contact.objects.filter(origin__startswith="ldap:", is_active=True).count() == 4
    assert command("--accept-vanishing")[0] == 0
    assert Contact.objects.filter(origin__startswith="ldap:", is_active=True).count() == 2


def test_the_command_says_what_hinders_and_leaves_nothing_to_the_worker(
    cast: Cast, company: Company, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LDAP = company.slapd.settings(company.base, port=1)
    assert directory_sync.run(argparse.Namespace(preview=False, accept_vanishing=False)) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
    assert not sync.work_due()


def test_three_thousand_people_are_taken_over_at_once_and_then_nothing_differs(
    cast: Cast, slapd: Slapd, settings: Any
) -> None:
    settings.LDAP = slapd.settings(BIG)
    first = sync.run_here(preview=False, any_may_vanish=False, progress=lambda _read: None)
    assert (first.state, first.counts, first.read) == (Run.State.DONE, {"added": PEOPLE_OF_BIG}, PEOPLE_OF_BIG)
    assert Contact.objects.filter(email__endswith="@example.co.jp").count() == PEOPLE_OF_BIG
    again = sync.run_here(preview=False, any_may_vanish=False, progress=lambda _read: None)
    assert (again.state, again.counts) == (Run.State.DONE, {})
