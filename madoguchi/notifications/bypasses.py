"""Reaction: whoever a mail to the record address names as its sender is asked whether it is theirs."""

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff

ASKED = gettext_noop("A mail in your name wants to record a contact past the desk. Is it yours?")


def ask_sender(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Leads to the drafts, the entry's first subject."""
    staff = [subject for subject in subjects if isinstance(subject, Staff)]
    notify(staff, ASKED, kind=entry.kind, about=subjects[0] if subjects else None, now=entry.at)
