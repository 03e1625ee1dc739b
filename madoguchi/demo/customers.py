"""The sample company's customers: organisations, their people, numbers, contracts and what they have installed."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from madoguchi.demo import source
from madoguchi.foundation import phone
from madoguchi.journal.record import SYSTEM
from madoguchi.people.actions import Requester, add_person
from madoguchi.people.models import Contract, InstalledItem, Organization, Person, PhoneNumber, Staff, Team

_ENGINEERS = (
    ("takahashi", "service-desk"),
    ("ito", "network"),
    ("okamoto", "field-service"),
    ("nakajima", "service-desk"),
)
_SALES = ("ota", "miura")


def build(staff: dict[str, Staff], teams: dict[str, Team]) -> None:
    """Make the customers that are not there yet, known by their customer code."""
    present = set(Organization.objects.values_list("code", flat=True))
    for place, row in enumerate(source.table("customers")["customers"]):
        if row["code"] in present:
            continue
        organization = Organization(name=row["name"], kana=row["kana"], code=row["code"], note=row.get("note", ""))
        organization.refresh_search()
        organization.save()
        PhoneNumber.objects.create(organization=organization, number=phone.normalise(row["main_number"]), label="代表")
        for person in row["people"]:
            _person(organization, row["slug"], person)
        contract = _contract(organization, place, row, staff, teams) if "plan" in row else None
        InstalledItem.objects.bulk_create(
            InstalledItem(
                organization=organization,
                contract=contract,
                name=name,
                serial=f"{name.split()[-1][:2].upper()}{row['code'][2:]}-{number:02d}",
                location=("本社", "本社 2階", "倉庫", "店舗", "営業所")[(place + number) % 5],
                installed_on=timezone.localdate() - timedelta(days=90 + (place * 53 + number * 171) % 1500),
            )
            for number, name in enumerate(row.get("installed", ()), start=1)
        )


def _person(organization: Organization, slug: str, written: list[str]) -> None:
    family, given, family_kana, given_kana, title, mobile, mail = written
    person = add_person(
        Requester(
            name=f"{family} {given}",
            kana=f"{family_kana} {given_kana}",
            email=f"{mail}@{slug}.example" if mail else "",
            phone=mobile,
        ),
        by=SYSTEM,
    )
    Person.objects.filter(pk=person.pk).update(organization=organization, title=title)


def _contract(
    organization: Organization, place: int, row: dict[str, Any], staff: dict[str, Staff], teams: dict[str, Team]
) -> Contract:
    plan = source.table("contracts")["plans"][row["plan"]]
    begun = timezone.localdate() - timedelta(days=plan["began_days_ago"] - place)
    number = f"K-{begun:%Y%m}-{row['code'][2:]}"
    login, team = _ENGINEERS[place % len(_ENGINEERS)] if plan.get("engineer") else ("", "")
    return Contract.objects.create(
        organization=organization,
        name=plan["name"],
        number=number,
        service_class=plan["service_class"],
        services=plan["services"],
        valid_from=begun,
        valid_to=begun + timedelta(days=plan["runs_days"]),
        engineer=staff[login] if login else None,
        engineer_team=teams[team] if team else None,
        salesperson=staff[_SALES[place % len(_SALES)]],
        identity_questions=[
            {"question": "契約番号の下4桁", "answer": number[-4:]},
            {"question": "ご登録の代表電話番号", "answer": phone.display(phone.normalise(row["main_number"]))},
            {"question": "ご担当の部署名", "answer": row["people"][0][4]},
        ],
    )
