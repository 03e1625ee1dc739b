"""The people of the tests: one small desk, its customer, and what is asked.

They appear in every test under the same names, so that a test reads as a story:
佐藤 takes the calls at the call centre, 高橋 solves at the service desk, 林 leads, 山田 of みなと商事 has a problem.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.foundation import phone
from madoguchi.people.models import (
    Contact,
    Contract,
    Department,
    Membership,
    Organization,
    Person,
    PhoneNumber,
    Role,
    Staff,
    Team,
)
from madoguchi.people.models import EmailAddress as Address

PASSWORD = "madoguchi-no-test"


@dataclass(frozen=True)
class Cast:
    call_centre: Team
    service_desk: Team
    network: Team
    field_service: Team
    partner: Team  # ひびきサポート, another company that takes a share of the calls

    sato: Staff  # operator of the call centre, extension 1001
    suzuki: Staff  # operator of the call centre, extension 1002
    takahashi: Staff  # engineer of the service desk, extension 2001
    ito: Staff  # engineer of the network team
    hayashi: Staff  # supervisor of the whole desk
    kimura: Staff  # knowledge keeper
    watanabe: Staff  # viewer, from accounting
    admin: Staff  # 中村, administrator
    ogawa: Staff  # operator of the partner's team
    mori: Staff  # supervisor of the partner's team, and still a partner
    outsider: Staff  # 黒田: an account without any role

    minato: Organization  # 株式会社みなと商事, main number 03-5000-1234
    contract: Contract  # minato's: covers mail and network, 高橋 is responsible
    yamada: Person  # 山田 花子 of minato, mobile 090-1111-2222
    nakagawa: Person  # 中川 太郎 of minato, reachable only by the main number
    walk_in: Person  # 石井, without organisation, contract or number

    accounting: Department
    accounting_first: Contact  # asked first
    accounting_second: Contact

    general: Category  # the root
    mail_trouble: Category  # below general; goes to the service desk; asks five items before a hand-off
    wiring: Category  # goes to the customer's responsible engineer; the contract must cover "onsite"


def enter() -> Cast:
    """Write the cast into the database, each table at once, and return it."""
    call_centre, service_desk, network, field_service, partner = Team.objects.bulk_create(
        [
            Team(key="call-centre", name="コールセンター", name_en="Call centre", line=1),
            Team(key="service-desk", name="サービスデスク", name_en="Service desk"),
            Team(key="network", name="ネットワーク", name_en="Network"),
            Team(key="field-service", name="現地対応", name_en="Field service"),
            Team(key="hibiki", name="ひびきサポート", name_en="Hibiki Support", line=1, is_partner=True),
        ]
    )
    sato, takahashi, ota, suzuki, ito, hayashi, kimura, watanabe, admin, ogawa, mori, outsider = (
        Staff.objects.bulk_create(
            [
                _member("sato", "佐藤", "さとう", "美咲", "1001"),
                _member("takahashi", "高橋", "たかはし", "健", "2001"),
                _member("ota", "太田", "おおた", "誠"),
                _member("suzuki", "鈴木", "すずき", "大輔", "1002"),
                _member("ito", "伊藤", "いとう", "翔", "2101"),
                _member("hayashi", "林", "はやし", "直子", "1900"),
                _member("kimura", "木村", "きむら", "優"),
                _member("watanabe", "渡辺", "わたなべ", "恵"),
                _member("nakamura", "中村", "なかむら", "剛"),
                _member("ogawa", "小川", "おがわ", "舞", "1801"),
                _member("mori", "森", "もり", "隆"),
                _member("kuroda", "黒田", "くろだ", "光"),
            ]
        )
    )
    Membership.objects.bulk_create(
        Membership(staff=member, role=role, team=team)
        for member, role, team in (
            (sato, Role.OPERATOR, call_centre),
            (takahashi, Role.ENGINEER, service_desk),
            (suzuki, Role.OPERATOR, call_centre),
            (ito, Role.ENGINEER, network),
            (hayashi, Role.SUPERVISOR, None),
            (kimura, Role.KNOWLEDGE_KEEPER, None),
            (watanabe, Role.VIEWER, None),
            (admin, Role.ADMINISTRATOR, None),
            (ogawa, Role.OPERATOR, partner),
            (mori, Role.SUPERVISOR, partner),
        )
    )

    minato = Organization.objects.create(name="株式会社みなと商事", kana="みなとしょうじ", code="C-1001")
    contract = Contract.objects.create(
        organization=minato,
        name="標準サポート",
        number="K-2026-01",
        service_class="標準",
        services=["mail", "network"],
        valid_from=timezone.localdate() - timedelta(days=200),
        valid_to=timezone.localdate() + timedelta(days=165),
        engineer=takahashi,
        engineer_team=service_desk,
        salesperson=ota,
        identity_questions=[
            {"question": "契約番号の下4桁", "answer": "6-01"},
            {"question": "ご担当部署", "answer": "総務部"},
        ],
    )
    yamada, nakagawa, walk_in = Person.objects.bulk_create(
        [
            _somebody("山田", "花子", "やまだ", "はなこ", organization=minato, title="総務部"),
            _somebody("中川", "太郎", "なかがわ", "たろう", organization=minato, title="営業部"),
            _somebody("石井", "", "いしい", ""),
        ]
    )
    Address.objects.create(person=yamada, address="hanako.yamada@minato.example")
    PhoneNumber.objects.bulk_create([_number(minato, "03-5000-1234", "代表"), _number(yamada, "090-1111-2222", "携帯")])

    accounting = found(Department(key="accounting", name="経理部", name_en="Accounting", about="請求、支払い"))
    accounting_first = Contact(
        department=accounting,
        name="経理 窓口",
        email="keiri@example.jp",
        phone=phone.normalise("03-5000-2000"),
        position=1,
    )
    accounting_second = Contact(department=accounting, name="岡田 部長", email="okada@example.jp", position=2)
    for contact in (accounting_first, accounting_second):
        contact.refresh_search()
    Contact.objects.bulk_create([accounting_first, accounting_second])

    general = Category.objects.create(key="general", name="すべて", name_en="Everything")
    mail_trouble, wiring = Category.objects.bulk_create(
        [
            Category(
                key="mail-trouble",
                name="メールの不具合",
                name_en="Mail trouble",
                parent=general,
                destination=service_desk,
                service="mail",
            ),
            Category(
                key="wiring",
                name="配線",
                name_en="Wiring",
                parent=general,
                destination=field_service,
                service="onsite",
                to_responsible_engineer=True,
            ),
        ]
    )
    _required_items(mail_trouble)
    return Cast(
        call_centre=call_centre,
        service_desk=service_desk,
        network=network,
        field_service=field_service,
        partner=partner,
        sato=sato,
        suzuki=suzuki,
        takahashi=takahashi,
        ito=ito,
        hayashi=hayashi,
        kimura=kimura,
        watanabe=watanabe,
        admin=admin,
        ogawa=ogawa,
        mori=mori,
        outsider=outsider,
        minato=minato,
        contract=contract,
        yamada=yamada,
        nakagawa=nakagawa,
        walk_in=walk_in,
        accounting=accounting,
        accounting_first=accounting_first,
        accounting_second=accounting_second,
        general=general,
        mail_trouble=mail_trouble,
        wiring=wiring,
    )


def found[Row: (Department, Contact)](row: Row) -> Row:
    """The row, saved, as the directory finds it."""
    row.refresh_search()
    row.save()
    return row


def staff(
    login: str, family: str, kana: str, given: str = "", *, extension: str = "", roles: list[tuple[Role, Team | None]]
) -> Staff:
    """A member of staff who signs in with PASSWORD; a role without team holds for the whole desk."""
    member = _member(login, family, kana, given, extension)
    member.save()
    Membership.objects.bulk_create(Membership(staff=member, role=role, team=team) for role, team in roles)
    return member


def _member(login: str, family: str, kana: str, given: str = "", extension: str = "") -> Staff:
    member = Staff(email=f"{login}@example.jp", family_name=family, given_name=given, kana=kana, extension=extension)
    member.set_password(PASSWORD)
    return member


def person(
    family: str,
    given: str,
    family_kana: str,
    given_kana: str,
    *,
    organization: Organization | None = None,
    title: str = "",
    email: str = "",
) -> Person:
    """Somebody who contacts the desk, with one e-mail address if told."""
    someone = _somebody(family, given, family_kana, given_kana, organization=organization, title=title)
    someone.save()
    if email:
        Address.objects.create(person=someone, address=email)
    return someone


def _somebody(
    family: str,
    given: str,
    family_kana: str,
    given_kana: str,
    *,
    organization: Organization | None = None,
    title: str = "",
) -> Person:
    someone = Person(
        family_name=family,
        given_name=given,
        family_kana=family_kana,
        given_kana=given_kana,
        organization=organization,
        title=title,
    )
    someone.refresh_search()
    return someone


def number(owner: Person | Organization, written: str, label: str = "") -> PhoneNumber:
    """A number of a person, or the main number of an organisation."""
    row = _number(owner, written, label)
    row.save()
    return row


def _number(owner: Person | Organization, written: str, label: str) -> PhoneNumber:
    whose = {"person": owner} if isinstance(owner, Person) else {"organization": owner}
    return PhoneNumber(number=phone.normalise(written), label=label, **whose)


def _required_items(category: Category) -> None:
    """The five items that the contract names."""
    items = [
        ("error_code", "エラーコード", HearingItem.Kind.TEXT),
        ("since_when", "いつから", HearingItem.Kind.TEXT),
        ("impact", "影響範囲", HearingItem.Kind.LONG_TEXT),
        ("steps_tried", "試したこと", HearingItem.Kind.LONG_TEXT),
        ("callback_number", "折り返し先", HearingItem.Kind.PHONE),
    ]
    HearingItem.objects.bulk_create(
        HearingItem(category=category, key=key, name=name, kind=kind, is_required=True, position=position)
        for position, (key, name, kind) in enumerate(items, start=1)
    )
