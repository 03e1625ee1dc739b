"""The directory: departments, what they are asked about, and whom in them one asks in which order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.calendars.models import Calendar
from madoguchi.foundation.japanese import search_key
from madoguchi.people.staff import HOURS, BilingualName, Team

FOUR_HOURS_S = 4 * 3600


class ContactChannel(models.TextChoices):
    """How a contact is reached."""

    MAIL = "mail", _("Mail")
    PHONE = "phone", _("Phone")
    CHAT = "chat", pgettext_lazy("channel", "Chat")
    SMS = "sms", _("SMS")


def mail_first() -> list[str]:
    return [ContactChannel.MAIL, ContactChannel.PHONE]


def _searched(*written: str) -> str:
    return " ".join(search_key(text) for text in written if text)


class Department(BilingualName):
    """A part of the company, or of a partner's company, that is asked.

    ``answer_within_s`` is how long each of its contacts has, in seconds of working time. ``manager`` is asked when
    nobody of the chain answers. ``team``: the department takes whole tickets, too, as this team. ``origin`` is the key
    of its entry in the system that it is kept true with.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    kana = models.CharField(_("reading"), max_length=200, blank=True)
    about = models.TextField(_("asked about"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_partner = models.BooleanField(_("another company"), default=False)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=HOURS)
    answer_within_s = models.PositiveIntegerField(_("answers within"), default=FOUR_HOURS_S)
    manager = models.ForeignKey(
        "Contact", models.SET_NULL, null=True, blank=True, related_name="manages", verbose_name=_("manager")
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="departments", verbose_name=_("takes tickets as")
    )
    origin = models.CharField(max_length=255, blank=True)
    search = models.TextField(editable=False, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["origin"], condition=~Q(origin=""), name="people_department_origin_once")
        ]

    def seconds_for(self, topic: "Topic | None") -> int:
        """How long each contact has, in working time: as the topic says, else the department."""
        own = topic.answer_within_s if topic else None
        return self.answer_within_s if own is None else own

    def refresh_search(self) -> None:
        """Make ``search`` anew from what it is called and asked about; acts call it before they save."""
        self.search = _searched(self.name, self.name_en, self.kana, self.key, self.about)


class Contact(models.Model):
    """A department's person or shared mailbox. Needs no account.

    ``position`` is the place in the department's chain; without one they are known and asked only when somebody names
    them. ``stays_off``: somebody of the desk switched them off, and the directory server does not bring them back.
    ``channels`` are kinds of ``ContactChannel`` in the order of preference; one without an address is passed
    over. ``is_confirmed`` is False for somebody whom a contact named and nobody of the desk has looked at.
    """

    department = models.ForeignKey(Department, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=100)
    kana = models.CharField(_("reading"), max_length=200, blank=True)
    title = models.CharField(_("title"), max_length=100, blank=True)
    is_shared = models.BooleanField(_("shared mailbox"), default=False)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    extension = models.CharField(_("extension"), max_length=40, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    chat_url = models.URLField(_("address of the chat webhook"), max_length=500, blank=True)
    channels = models.JSONField(_("reached by"), default=mail_first)
    note = models.CharField(_("note"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    stays_off = models.BooleanField(default=False, editable=False)
    is_confirmed = models.BooleanField(_("confirmed"), default=True)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=HOURS)
    deputy = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="deputy_of", verbose_name=_("deputy")
    )
    origin = models.CharField(max_length=255, blank=True)
    search = models.TextField(editable=False, blank=True)

    class Meta:
        ordering = ["department", models.F("position").asc(nulls_last=True), "id"]
        constraints = [
            models.UniqueConstraint(fields=["origin"], condition=~Q(origin=""), name="people_contact_origin_once")
        ]
        indexes = [models.Index(fields=["department", "position"], name="people_contact_chain")]

    def __str__(self) -> str:
        return self.name

    def refresh_search(self) -> None:
        """Make ``search`` anew from what everybody may know of the contact; acts call it before they save."""
        self.search = _searched(self.name, self.kana, self.title)

    def address(self, channel: str) -> str:
        """Where the contact is reached by ``channel``; empty when it is not."""
        return {
            ContactChannel.MAIL: self.email,
            ContactChannel.PHONE: self.phone or self.extension or self.mobile,
            ContactChannel.CHAT: self.chat_url,
            ContactChannel.SMS: self.mobile,
        }.get(ContactChannel(channel), "")

    @property
    def ways(self) -> list[ContactChannel]:
        """The channels by which the contact can be reached, the preferred one first."""
        known = dict.fromkeys(map(ContactChannel, self.channels))
        return [channel for channel in known if self.address(channel)]


class Topic(BilingualName):
    """What a department is asked about, found by its name and ``words``.

    ``links`` is its own chain of contacts; a topic without one has the department's. ``answer_within_s`` in seconds of
    working time; None: as the department.
    """

    department = models.ForeignKey(Department, models.CASCADE, related_name="topics")
    key = models.SlugField(_("key"), max_length=60)
    words = models.CharField(_("also found by"), max_length=300, blank=True)
    answer_within_s = models.PositiveIntegerField(_("answers within"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    is_active = models.BooleanField(_("active"), default=True)
    search = models.TextField(editable=False, blank=True)

    class Meta:
        ordering = ["department", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["department", "key"], name="people_topic_once")]

    def refresh_search(self) -> None:
        """Make ``search`` anew from what it is called; acts call it before they save."""
        self.search = _searched(self.name, self.name_en, self.words)


class TopicContact(models.Model):
    """One place in a topic's chain."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="links")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="topic_links")
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["topic", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["topic", "contact"], name="people_topic_contact_once")]

    def __str__(self) -> str:
        return f"{self.topic_id}: {self.contact_id}"


class ContactAbsence(models.Model):
    """A contact is away from ``starts_at`` until before ``ends_at`` (empty: until further notice); ``deputy`` is asked
    instead, else the contact's own deputy, else the next in the chain.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    deputy = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["contact", "starts_at"], name="people_absence_of_contact")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")),
                name="people_contact_absence_ends",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.starts_at:%Y-%m-%d}"
