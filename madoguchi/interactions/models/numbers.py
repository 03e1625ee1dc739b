"""Telephone numbers that stand in the signatures of mails."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation import phone
from madoguchi.mail.models import IncomingMail
from madoguchi.people.models import Person, Staff


class NumberProposal(models.Model):
    """A number in the signature of somebody's mail: a person says that it is theirs, or that it is not, for ever."""

    class State(models.TextChoices):
        OPEN = "open", _("Proposed")
        ACCEPTED = "accepted", _("Taken")
        DISMISSED = "dismissed", _("Not theirs")

    person = models.ForeignKey(Person, models.CASCADE, related_name="number_proposals", db_index=False)
    number = models.CharField(max_length=40)
    label = models.CharField(max_length=40, blank=True)
    written = models.CharField(max_length=200, blank=True)
    mail = models.ForeignKey(IncomingMail, models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "number"], name="interactions_number_proposed_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.number}"

    @property
    def display(self) -> str:
        return phone.display(self.number)
