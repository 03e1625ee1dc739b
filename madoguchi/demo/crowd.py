"""The customers of a large desk, in blocks of equal size: the same place in every block has the same name.

A period of history can thus be told again of the next block's people (``copies``). Numbers and addresses carry the
block's number, so that each belongs to one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from madoguchi.demo import source
from madoguchi.demo.bulk import Tables
from madoguchi.demo.ledger import SYSTEM, Ledger
from madoguchi.demo.world import Agreement, Customer
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Contract, EmailAddress, InstalledItem, Organization, Person, PhoneNumber

MODELS = (Organization, Person, PhoneNumber, EmailAddress, Contract, InstalledItem)
_COLLEAGUES = 10
_SERVED = 0.85  # of the companies have a contract
_PRODUCTS = ("複合機 MX-C3100", "業務用ルーター HR-810", "ファイルサーバー HS-24", "受発注端末 OT-5")


@dataclass(frozen=True)
class _Drawn:
    """What everybody at this place of a block has in common."""

    family: str
    given: str
    kana: tuple[str, str]
    latin: str
    title: str
    has_mail: bool
    has_number: bool


class Crowd:
    """``people`` persons in each block; ids run on from block to block."""

    def __init__(self, people: int, *, seed: int, services: Sequence[str], began: datetime) -> None:
        self.size = people
        self.chance = Random(seed)
        self.services = list(services)
        self.began = began
        words = source.table("crowd")
        family, given = [each.split() for each in words["family"]], [each.split() for each in words["given"]]
        # Names are not equally common: the n-th comes about 1/(n+4) as often.
        rank = [1 / (place + 4) for place in range(len(family))]
        self._people = []
        for name in self.chance.choices(family, weights=rank, k=people):
            first = self.chance.choice(given)
            mail, number = self.chance.random() < 0.75, self.chance.random() < 0.6
            title = self.chance.choice(words["title"])
            self._people.append(_Drawn(name[0], first[0], (name[1], first[1]), name[2], title, mail, number))
        self._companies = [self._company(words) for _ in range(-(-people // _COLLEAGUES))]

    @property
    def companies(self) -> int:
        """Organisations in a block; so many contracts too."""
        return len(self._companies)

    def write(self, tables: Tables, ledger: Ledger, block: int) -> list[Customer]:
        """The rows of one block; its people as a history needs them."""
        organizations = [self._organization(tables, place, block) for place in range(self.companies)]
        customers = []
        for place, drawn in enumerate(self._people):
            organization, name, main, agreements = organizations[place // _COLLEAGUES]
            number = f"+8180{block:02}{place:06}" if drawn.has_number else ""
            email = f"{drawn.latin}{place}@{block}.customer.example" if drawn.has_mail else ""
            person = tables[Person].add(
                family_name=drawn.family,
                given_name=drawn.given,
                family_kana=drawn.kana[0],
                given_kana=drawn.kana[1],
                title=drawn.title,
                organization_id=organization,
                search=search_key(f"{drawn.family} {drawn.given}", " ".join(drawn.kana)),
                created_at=self.began,
            )
            if number:
                tables[PhoneNumber].add(person_id=person, number=number, label="携帯")
            if email:
                tables[EmailAddress].add(person_id=person, address=email)
            ledger.record(
                self.began,
                "person.added",
                by=SYSTEM,
                about=[("person", person)],
                data={"name": f"{drawn.family} {drawn.given}"},
            )
            own = bool(number)
            customers.append(
                Customer(person, drawn.family, drawn.given, organization, name, number or main, own, email, agreements)
            )
        return customers

    def _company(self, words: dict[str, Any]) -> tuple[str, str, bool]:
        place = self.chance.randrange(len(words["company"]))
        trade, trade_kana = self.chance.choice(words["trade"]).split()
        name = f"{self.chance.choice(words['town'])}{words['company'][place]}{trade}株式会社"
        return name, words["company_kana"][place] + trade_kana, self.chance.random() < _SERVED

    def _organization(self, tables: Tables, place: int, block: int) -> tuple[int, str, str, tuple[Agreement, ...]]:
        name, kana, served = self._companies[place]
        code = f"M-{block:02}{place:05}"
        key = tables[Organization].add(name=name, kana=kana, code=code, search=search_key(name, kana, code))
        main = f"+8150{block:02}{place:06}"
        tables[PhoneNumber].add(organization_id=key, number=main, label="代表")
        start: date = self.began.date() - timedelta(days=200)
        # One without a contract has one that ended long ago, so that every block has as many rows.
        end = None if served else start + timedelta(days=30)
        contract = tables[Contract].add(
            organization_id=key,
            name="標準保守",
            number=f"K-{block:02}{place:05}",
            service_class="standard",
            services=self.services,
            valid_from=start,
            valid_to=end,
        )
        for number, product in enumerate(_PRODUCTS[place % 3 : place % 3 + 2], start=1):
            tables[InstalledItem].add(
                organization_id=key,
                contract_id=contract,
                name=product,
                serial=f"{product.split()[-1][:2]}{block:02}{place:05}-{number}",
                location="本社",
                installed_on=start,
            )
        return key, name, main, (Agreement(contract, frozenset(self.services), "standard", start, end),)
