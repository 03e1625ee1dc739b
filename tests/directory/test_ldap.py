"""A real OpenLDAP is read: everybody, in their own writing, over a line that is verified."""

from dataclasses import replace
from pathlib import Path

import pytest

from madoguchi.directory.ldap import UnreadableServer, check, read
from madoguchi.directory.server import attributes_of
from tests.directory.slapd import BIG, LIMITED, PEOPLE_OF_BIG, Company, Slapd


def test_ten_thousand_people_are_read_page_by_page(slapd: Slapd) -> None:
    heard: list[int] = []
    reading = read(slapd.settings(BIG), progress=heard.append)
    people = reading.contacts
    assert len(people) == len({person.origin for person in people}) == PEOPLE_OF_BIG
    assert {person.department.name for person in people} == {f"第{n}営業部" for n in range(1, 51)}
    assert len(reading.departments) == 50
    assert heard == list(range(500, PEOPLE_OF_BIG + 1, 500))
    one = next(person for person in people if person.email == "u00042@example.co.jp")
    assert one.name == "山田 太郎42"
    assert one.fields == {
        "kana": "ヤマダ タロウ42",
        "title": "主任",
        "email": "u00042@example.co.jp",
        "phone": "03-1000-0042",
        "is_active": True,
    }


def test_a_server_that_stops_half_way_has_not_been_read(slapd: Slapd) -> None:
    """More pages than this account may have: the half that came must not look like everybody."""
    with pytest.raises(UnreadableServer, match="一部") as error:
        read(slapd.settings(BIG, bind_dn=LIMITED))
    assert not error.value.passing


@pytest.mark.parametrize("tls", ["starttls", "ldaps"])
def test_the_line_is_encrypted_and_the_certificate_verified(slapd: Slapd, tls: str) -> None:
    port = slapd.tls_port if tls == "ldaps" else slapd.port
    check(slapd.settings(tls=tls, port=port))
    with pytest.raises(UnreadableServer, match="信頼できません") as error:
        check(slapd.settings(tls=tls, port=port, ca_file=str(slapd.other_ca)))
    assert not error.value.passing


def test_a_certificate_of_another_host_is_refused(slapd: Slapd) -> None:
    check(slapd.settings(host="127.0.0.2"))
    with pytest.raises(UnreadableServer, match=r"127\.0\.0\.2"):
        check(slapd.settings(host="127.0.0.2", tls="starttls"))


def test_what_hinders_says_whether_waiting_helps(slapd: Slapd) -> None:
    with pytest.raises(UnreadableServer, match="拒否") as wrong:
        read(slapd.settings(password="wrong"))
    with pytest.raises(UnreadableServer, match="ou=nowhere") as nowhere:
        read(slapd.settings("ou=nowhere,dc=example,dc=co,dc=jp"))
    with pytest.raises(UnreadableServer, match="読み取れません") as away:
        read(slapd.settings(port=1))
    assert (wrong.value.passing, nowhere.value.passing, away.value.passing) == (False, False, True)
    assert "secret" not in repr(slapd.settings())


def test_a_reading_is_found_wherever_the_company_keeps_it(company: Company) -> None:
    company.hire("a", "Hanako", cn__lang_ja="山田 花子", cn__lang_ja__phonetic="ヤマダ ハナコ")
    company.hire("b", "Taro", displayName__lang_ja="林 太郎", displayName__lang_ja__phonetic="ハヤシ タロウ")
    company.hire("c", "Ken", **{"sn;lang-ja;phonetic": "タカハシ", "givenName;lang-ja;phonetic": "ケン"})
    people = {person.email[0]: person for person in read(company.server).contacts}
    assert {key: (person.name, person.fields.get("kana")) for key, person in people.items()} == {
        "a": ("山田 花子", "ヤマダ ハナコ"),
        "b": ("林 太郎", "ハヤシ タロウ"),
        "c": ("Ken", "タカハシ ケン"),
    }


def test_entries_of_active_directory_are_read_as_they_are(company: Company) -> None:
    guid = bytes.fromhex("33221100554477668899aabbccddeeff")
    with company.slapd.admin() as admin:
        for name, control in (("佐藤 美咲", 512), ("去った人", 514)):
            entry = {
                "objectGUID": guid if control == 512 else guid[::-1],
                "sAMAccountType": 805306368,
                "userAccountControl": control,
                "displayName": name,
                "msDS-PhoneticDisplayName": "さとう みさき",
                "mail": "sato@example.co.jp",
                "department": "経理部",
                "msDS-PhoneticDepartment": "けいりぶ",
                "ipPhone": "2345",
            }
            admin.add(f"cn={control},{company.base}", ["user"], entry)
    (person,) = read(company.server).contacts
    assert person.origin == "ldap:00112233-4455-6677-8899-aabbccddeeff"
    assert (person.name, person.fields["kana"], person.fields["extension"]) == ("佐藤 美咲", "さとう みさき", "2345")
    assert (person.department.name, person.department.fields) == ("経理部", {"kana": "けいりぶ"})


def test_an_entry_that_is_renamed_or_moved_keeps_its_key(company: Company) -> None:
    before = company.hire("yamada", "山田 花子")
    elsewhere = company.unit("elsewhere")
    (first,) = read(company.server).contacts
    after = company.rename(before, "uid=suzuki", below=elsewhere)
    company.change(after, cn="鈴木 花子")
    (second,) = read(company.server).contacts
    assert (first.origin, first.name, second.name) == (second.origin, "山田 花子", "鈴木 花子")


def test_a_bad_entry_is_set_aside_and_stops_nothing(company: Company) -> None:
    company.hire("good", "良い人")
    company.hire("lost", "部署のない人", department="")
    company.hire("bad-mail", "宛先の違う人", mail="nobody at home", telephoneNumber="front desk")
    reading = read(company.server)
    assert {person.name for person in reading.contacts} == {"良い人", "宛先の違う人"}
    assert {refused.reason for refused in reading.refused} == {
        "エントリーに部署がありません。",
        "「nobody at home」はメールアドレスではありません。",
        "「front desk」は電話番号ではありません。",
    }
    assert all(company.base in refused.text for refused in reading.refused)
    assert len(reading.kept) == 3  # who is set aside has not gone


@pytest.mark.parametrize(
    ("written", "number", "extension"),
    [
        ("03-5000-1234 内線 2345", "03-5000-1234", "2345"),
        ("０３－５０００－１２３４（内線２３４５）", "03-5000-1234", "2345"),
        ("+81 3 5000 1234 ext. 12", "+81 3 5000 1234", "12"),
        ("内線2345", None, "2345"),
    ],
)
def test_an_extension_behind_a_number_is_taken_apart(
    company: Company, written: str, number: str | None, extension: str
) -> None:
    company.hire("a", "山田 花子", description=written)  # Active Directory takes such numbers, OpenLDAP does not
    attributes = {**company.server.attributes, **attributes_of("phone=description")}
    (person,) = read(replace(company.server, attributes=attributes)).contacts
    assert (person.fields.get("phone"), person.fields["extension"]) == (number, extension)


def test_departments_may_be_the_organizational_units(company: Company) -> None:
    sales = company.unit("sales", ou__lang_ja="営業部")
    east = company.unit("east", below=sales, **{"ou;lang-ja": "東日本営業課", "ou;lang-ja;phonetic": "ひがしにほん"})
    company.unit("empty")
    here = replace(company, base=east).hire("a", "山田 花子")
    replace(company, base=sales).hire("b", "林 太郎")
    server = replace(company.server, department_from="ou")
    reading = read(server)
    departments = {person.email[0]: person.department for person in reading.contacts}
    assert {key: department.name for key, department in departments.items()} == {"a": "東日本営業課", "b": "営業部"}
    assert departments["a"].fields == {"is_active": True, "kana": "ひがしにほん"}
    assert len(reading.departments) == 2
    company.leave(here)
    moved = company.rename(east, "ou=north", below=company.base)
    replace(company, base=moved).hire("a", "山田 花子")
    assert {person.department.origin for person in read(server).contacts} == {
        departments["a"].origin,
        departments["b"].origin,
    }


def test_attributes_may_be_named_otherwise(company: Company, tmp_path: Path) -> None:
    company.hire("a", "山田 花子", employeeNumber="1001", departmentNumber="E-12", description="倉庫にいます")
    changed = attributes_of("key=employeeNumber, department=departmentNumber, note=description")
    server = replace(company.server, attributes={**company.server.attributes, **changed})
    (person,) = read(server).contacts
    assert (person.origin, person.department.name) == ("ldap:1001", "E-12")
    assert person.fields["note"] == "倉庫にいます"
