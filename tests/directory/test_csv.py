from typing import Any

import pytest

from madoguchi.directory.actions import apply
from madoguchi.directory.changes import Kind
from madoguchi.directory.csv_read import read
from madoguchi.directory.plan import plan
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.people.actions import (
    add_contact,
)
from madoguchi.people.models import Contact, Department, Person, Topic
from madoguchi.people.queries import chain_of
from tests.cast import Cast

HEAD = "department,department_name,topic,order,name,kana,email,phone,extension,mobile,channels,hours,note,deputy\n"


def taken_in(text: str, *, encoding: str = "utf-8", requesters: bool = False, **options: Any) -> Any:
    return apply(plan(read(text.encode(encoding), requesters=requesters), **options), by=SYSTEM)


def refusals(text: str) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in plan(read(text.encode())).refused]


def test_a_file_makes_departments_topics_contacts_and_their_chains(cast: Cast) -> None:
    taken_in(
        HEAD + "logistics,物流部,,2,鈴木 一郎,スズキ イチロウ,suzuki@example.jp,03-5000-3001,3001,,電話 メール,,倉庫,\n"
        "logistics,物流部,,1,物流 窓口,,butsuryu@example.jp,,,,,,,鈴木　一郎\n"
        "logistics,,納期,,鈴木 一郎,,,,,,,,,\n"
    )
    department = Department.objects.get(key="logistics")
    assert department.name == "物流部"
    assert [contact.name for contact in chain_of(department)] == ["物流 窓口", "鈴木 一郎"]
    suzuki = Contact.objects.get(name="鈴木 一郎")
    assert (suzuki.kana, suzuki.phone, suzuki.extension) == ("すずき いちろう", "+81350003001", "3001")
    assert suzuki.channels == ["phone", "mail"]
    assert Contact.objects.get(name="物流 窓口").deputy == suzuki
    topic = Topic.objects.get(department=department)
    assert (topic.name, chain_of(department, topic)) == ("納期", [suzuki])


def test_the_same_file_again_changes_nothing(cast: Cast) -> None:
    text = (
        HEAD + "accounting,経理部,請求書,1,佐々木 愛,,sasaki@example.jp,,,,,,,\naccounting,,,3,原 健,,,,4001,,電話,,,\n"
    )
    taken_in(text)
    entries = Entry.objects.count()
    again = plan(read(text.encode()))
    assert (again.is_empty, again.unchanged, again.refused) == (True, 2, [])
    apply(again, by=SYSTEM)
    assert Entry.objects.count() == entries


def test_what_a_file_does_not_name_stays(cast: Cast) -> None:
    taken_in("部署,氏名,メール,内線\naccounting,岡田 部長,okada@example.jp,4100\n")
    cast.accounting_second.refresh_from_db()
    assert (cast.accounting_second.extension, cast.accounting_second.position) == ("4100", 2)
    assert Contact.objects.get(pk=cast.accounting_first.pk).is_active


def test_somebody_is_known_again_by_address_or_by_name(cast: Cast) -> None:
    made = plan(
        read("部署,氏名,メール\n経理部,岡田 常務,OKADA@example.jp\n経理部,経理　窓口,new@example.jp\n".encode())
    )
    assert [(change.kind, change.row.pk) for change in made.contacts] == [
        (Kind.RENAMED, cast.accounting_second.pk),
        (Kind.CHANGED, cast.accounting_first.pk),
    ]


def test_a_complete_file_removes_whom_it_does_not_name_but_not_too_many_unasked(cast: Cast) -> None:
    text = "部署,氏名,順番\naccounting,岡田 部長,1\n"
    made = plan(read(text.encode()), complete=True)
    assert (made.vanishing, made.known, made.stops()) == (1, 2, True)
    with pytest.raises(Refused, match="1"):
        apply(made, by=SYSTEM)
    assert Contact.objects.get(pk=cast.accounting_first.pk).is_active
    apply(made, by=SYSTEM, confirmed=True)
    assert not Contact.objects.get(pk=cast.accounting_first.pk).is_active
    assert [contact.name for contact in chain_of(cast.accounting)] == ["岡田 部長"]


def test_nobody_is_removed_while_a_row_is_refused(cast: Cast) -> None:
    made = plan(read("部署,氏名,電話\naccounting,岡田 部長,なし\n".encode()), complete=True)
    assert (made.vanishing, len(made.refused)) == (0, 1)


def test_a_plan_that_is_no_longer_true_is_refused_and_nothing_is_written(cast: Cast) -> None:
    made = plan(read("部署,氏名\naccounting,岡田 部長\naccounting,新人\n".encode()))
    add_contact(cast.accounting, by=SYSTEM, name="新人")
    with pytest.raises(Refused) as refused:
        apply(made, by=SYSTEM)
    assert (refused.value.code, Contact.objects.filter(name="新人").count()) == ("changed", 1)


def test_each_refused_row_is_told_with_its_line_and_the_others_come_in(cast: Cast) -> None:
    text = HEAD + (
        ",,,,誰か,,,,,,,,,\n"
        "accounting,,,,一人目,,,9.03E+09,,,,,,\n"
        "accounting,,,,二人目,,kein-mail,,,,,,,\n"
        "accounting,,,,三人目,,,,,,狼煙,,,\n"
        "accounting,,,x,四人目,,,,,,,,,\n"
        "accounting,,,,五人目,,,,,,,no-such-calendar,,\n"
        "accounting,,,,六人目,,,,,,,,,七人目\n"
        "accounting,,,,六人目,,,,,,,,,\n"
        "accounting,,,,八人目,,,,,,,,\n"
    )
    assert [line for line, _reason in refusals(text)] == [2, 3, 4, 5, 6, 7, 8, 9]
    done = taken_in(text)
    assert sorted(change.row.name for change in done.contacts) == ["八人目", "六人目"]


def test_numbers_that_a_spreadsheet_robbed_of_their_zero_are_numbers(cast: Cast) -> None:
    taken_in('部署;氏名;電話;携帯;内線\r\naccounting;新人;350003001;"=""09012345678""";1001\r\n;;;;\r\n')
    new = Contact.objects.get(name="新人")
    assert (new.phone, new.mobile, new.extension) == ("+81350003001", "+819012345678", "1001")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_encoding_that_offices_save_in_is_read(cast: Cast, encoding: str) -> None:
    taken_in("部署\t氏名\tフリガナ\n経理部\t髙橋 ～①\tﾀｶﾊｼ\n", encoding=encoding)
    assert Contact.objects.get(name="髙橋 ～①").kana == "たかはし"


@pytest.mark.parametrize(
    "text", ["", "氏名,メール\n", "部署,フリガナ\n", "部署,氏名,名前\n", "\ufeff"], ids=["nothing", "a", "b", "c", "d"]
)
def test_a_file_that_is_no_directory_is_refused_whole(db: None, text: str) -> None:
    with pytest.raises(Refused):
        read(text.encode())


def test_people_of_the_company_are_known_when_they_phone(cast: Cast) -> None:
    head = "部署,氏名,フリガナ,役職,メール,内線,携帯,会社\n"
    text = head + "accounting,原 健,ハラ ケン,主任,hara@example.jp,4001,09033334444,当社\n"
    taken_in(text, requesters=True)
    person = Person.objects.get(emails__address="hara@example.jp")
    assert (person.name, person.kana, person.title) == ("原 健", "はら けん", "経理部 主任")
    assert person.organization is not None
    assert (person.organization.name, {row.number for row in person.phones.all()}) == (
        "当社",
        {"4001", "+819033334444"},
    )
    assert plan(read(text.encode(), requesters=True)).is_empty
    assert not Person.objects.filter(emails__address="keiri@example.jp").exists()


def test_reading_two_thousand_costs_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    rows = "".join(
        f"d{number % 40},部{number % 40},{number % 250},社員{number},m{number}@example.jp\n" for number in range(2000)
    )
    text = "department,department_name,order,name,email\n" + rows
    made = plan(read(text.encode()))
    apply(made, by=SYSTEM)
    with django_assert_max_num_queries(12):
        assert plan(read(text.encode())).is_empty
