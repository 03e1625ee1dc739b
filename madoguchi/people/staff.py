"""Staff, their teams and roles."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.calendars.models import Calendar
from madoguchi.foundation.bilingual import label_of

HOURS = _("working hours")  # empty: the calendar of whatever stands above, at last the desk's default


class BilingualName(models.Model):
    """Something with a Japanese name and, where it differs, an English one."""

    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the page."""
        return label_of(self.name, self.name_en)


class Role(models.TextChoices):
    """What someone may do; ``people.access`` says which role may do what."""

    OPERATOR = "operator", _("Operator")
    ENGINEER = "engineer", pgettext_lazy("role", "Engineer")
    SUPERVISOR = "supervisor", _("Supervisor")
    KNOWLEDGE_KEEPER = "knowledge_keeper", _("Knowledge keeper")
    VIEWER = "viewer", _("Viewer")
    ADMINISTRATOR = "administrator", _("Administrator")


class OutsideHours(models.TextChoices):
    """What becomes of a hand-off that is offered while the team is closed."""

    WAIT = "wait", _("they wait until the team opens")
    ON_DUTY = "on_duty", _("they go to whoever is on duty, at once")


class Team(BilingualName):
    """A queue of work. A partner's team works for another company and sees only its own share."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    line = models.PositiveSmallIntegerField(_("line"), default=2, choices=[(1, _("First line")), (2, _("Second line"))])
    is_partner = models.BooleanField(_("outsourced partner"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=HOURS)
    outside_hours = models.CharField(
        _("hand-offs outside the working hours"), max_length=10, choices=OutsideHours, default=OutsideHours.WAIT
    )

    class Meta:
        ordering = ["line", "position", "id"]


class StaffManager(BaseUserManager["Staff"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Staff":
        """A new member of staff; without a password they cannot sign in until one is set."""
        staff = self.model(email=self.normalize_email(email).lower(), **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def get_by_natural_key(self, username: str | None) -> "Staff":
        return self.get(email__iexact=username)


class Staff(AbstractBaseUser):
    """Somebody who works here and signs in by e-mail address."""

    email = models.EmailField(_("e-mail"), unique=True)
    family_name = models.CharField(_("family name"), max_length=100)
    given_name = models.CharField(_("given name"), max_length=100, blank=True)
    kana = models.CharField(_("reading"), max_length=200, blank=True)
    extension = models.CharField(_("extension"), max_length=40, blank=True, db_index=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True, choices=[("ja", "日本語"), ("en", "English")])
    is_active = models.BooleanField(_("active"), default=True)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=HOURS)
    teams: "models.ManyToManyField[Team, Membership]" = models.ManyToManyField(Team, through="Membership")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["family_name"]
    objects: ClassVar[StaffManager] = StaffManager()

    class Meta:
        ordering = ["kana", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["extension"], condition=~models.Q(extension=""), name="people_staff_extension_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.family_name} {self.given_name}".strip()

    @property
    def actor_kind(self) -> str:
        return "staff"

    @property
    def actor_id(self) -> int | None:
        return self.pk

    @property
    def actor_name(self) -> str:
        return self.name


class Membership(models.Model):
    """A role, within one team or (team empty) across the whole desk."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "team", "role"], name="people_membership_once"),
            models.UniqueConstraint(
                fields=["staff", "role"], condition=models.Q(team__isnull=True), name="people_desk_membership_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} {self.role} {self.team or '*'}"
