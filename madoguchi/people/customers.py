"""Persons, their organisations, numbers and addresses, and the contracts that entitle them."""

from datetime import date

from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.people.staff import Staff, Team


class Organization(models.Model):
    """A company, or a division of one (``parent``)."""

    name = models.CharField(_("name"), max_length=200)
    kana = models.CharField(_("reading"), max_length=200, blank=True)
    code = models.CharField(_("customer code"), max_length=40, blank=True, db_index=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="divisions")
    note = models.TextField(_("note"), blank=True)
    search = models.CharField(max_length=450, blank=True, editable=False)

    class Meta:
        ordering = ["kana", "id"]

    def __str__(self) -> str:
        return self.name

    def refresh_search(self) -> None:
        """Bring the folded key up to date with the names; callers save it together with them."""
        self.search = search_key(self.name, self.kana, self.code)[:450]


class Person(models.Model):
    """Somebody who contacts the desk: a requester, or the one who is affected."""

    family_name = models.CharField(_("family name"), max_length=100, blank=True)
    given_name = models.CharField(_("given name"), max_length=100, blank=True)
    family_kana = models.CharField(_("family name, reading"), max_length=100, blank=True)
    given_kana = models.CharField(_("given name, reading"), max_length=100, blank=True)
    organization = models.ForeignKey(Organization, models.SET_NULL, null=True, blank=True, related_name="people")
    title = models.CharField(_("title or division"), max_length=100, blank=True)
    language = models.CharField(
        _("language"), max_length=5, default="ja", choices=[("ja", "日本語"), ("en", "English")]
    )
    note = models.TextField(_("note"), blank=True)
    search = models.CharField(max_length=450, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["family_kana", "given_kana", "id"]
        indexes = [
            models.Index(fields=["search"], name="people_person_search"),
            models.Index(fields=["family_kana", "given_kana", "id"], name="people_person_by_reading"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.family_name} {self.given_name}".strip()

    @property
    def kana(self) -> str:
        return f"{self.family_kana} {self.given_kana}".strip()

    @property
    def polite_name(self) -> str:
        """``山田 花子 様``; in English the bare name."""
        return f"{self.name} 様" if self.name and translation.get_language() == "ja" else self.name

    @property
    def actor_kind(self) -> str:
        return "person"

    @property
    def actor_id(self) -> int | None:
        return self.pk

    @property
    def actor_name(self) -> str:
        return self.name

    def refresh_search(self) -> None:
        """Bring the folded key up to date with the names; callers save it together with them."""
        self.search = search_key(self.name, self.kana)[:450]


class PhoneNumber(models.Model):
    """A number of one person, or the main number (代表番号) of an organisation that many people share."""

    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="phones")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="phones")
    number = models.CharField(_("number"), max_length=40, db_index=True)
    label = models.CharField(_("label"), max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=True, organization__isnull=False)
                | models.Q(person__isnull=False, organization__isnull=True),
                name="people_phone_of_one",
            ),
            models.UniqueConstraint(fields=["number", "person"], name="people_phone_once_per_person"),
            models.UniqueConstraint(fields=["number", "organization"], name="people_phone_once_per_organization"),
        ]

    def __str__(self) -> str:
        return self.display

    @property
    def display(self) -> str:
        return phone.display(self.number)


class EmailAddress(models.Model):
    """An address of a person, stored in lower case; several people may share one."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="emails")
    address = models.EmailField(_("e-mail"), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "person"], name="people_email_once")]

    def __str__(self) -> str:
        return self.address


class Contract(models.Model):
    """What an organisation is entitled to, until when, and who is responsible for it.

    ``services`` are the service keys that categories ask for; ``identity_questions`` (本人確認) is a list of
    ``{"question": str, "answer": str}`` that the operator asks, the answer being what the contract says.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="contracts")
    name = models.CharField(_("name"), max_length=100)
    number = models.CharField(_("contract number"), max_length=40, blank=True)
    service_class = models.CharField(_("class"), max_length=40, blank=True)
    services = models.JSONField(_("services covered"), default=list, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    engineer = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="contracts_as_engineer")
    engineer_team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="contracts")
    salesperson = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="contracts_as_sales")
    identity_questions = models.JSONField(_("identity questions"), default=list, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["-valid_from", "-id"]

    def __str__(self) -> str:
        return self.name

    def is_valid_on(self, day: date | None = None) -> bool:
        day = day or timezone.localdate()
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def covers(self, service: str) -> bool:
        """Whether the service (a category's key) is in the contract; a category without one is open to all."""
        return not service or service in self.services


class InstalledItem(models.Model):
    """What a customer has installed (導入製品)."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="installed")
    contract = models.ForeignKey(Contract, models.SET_NULL, null=True, blank=True, related_name="installed")
    name = models.CharField(_("product"), max_length=200)
    serial = models.CharField(_("serial number"), max_length=80, blank=True)
    location = models.CharField(_("place"), max_length=200, blank=True)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["-installed_on", "id"]

    def __str__(self) -> str:
        return self.name
