"""The list of reasons why a contact needs no ticket."""

from django.db import models

from madoguchi.people.staff import BilingualName

LONGEST_KEY = 20


class NoTicketReason(BilingualName):
    """A reason as the company calls it; without rows the product's count.

    ``gave_up``: only for callers whom nobody answered. One that is no longer in use still names the contacts that were
    settled with it.
    """

    key = models.SlugField(max_length=LONGEST_KEY, unique=True)
    gave_up = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
