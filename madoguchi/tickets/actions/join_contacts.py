"""Reaction: a call became part of another, so what came of it belongs to the contact of the whole."""

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import done_already
from madoguchi.interactions.actions.contacts import dismiss
from madoguchi.interactions.models import CallBack, IdentityCheck, IntakeDraft, Interaction
from madoguchi.interactions.reasons import OTHER
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Ticket


def join_contacts(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """One conversation is one contact: tickets, checks, promises and what was typed go to the whole call's contact."""
    part, whole = (subject for subject in subjects if isinstance(subject, Call))
    here = Interaction.objects.filter(call=part).first()
    there = Interaction.objects.filter(call=whole).first()
    if here is None:
        return
    if there is None:
        here.call = whole
        here.save(update_fields=["call"])
        return
    by = NamedActor(entry.actor_kind, entry.actor_name, entry.actor_id)
    for ticket in Ticket.objects.filter(contact_links__interaction=here).order_by("pk"):
        link_interaction(ticket, interaction=there, by=by)
    if not IntakeDraft.objects.filter(interaction=there).exists():
        IntakeDraft.objects.filter(interaction=here).update(interaction=there)
    IdentityCheck.objects.filter(interaction=here).update(interaction=there)
    CallBack.objects.filter(interaction=here).update(interaction=there)
    CallBack.objects.filter(outbound=here).update(outbound=there)
    if here.person_id is not None and there.person_id is None:
        there.person, there.organization = here.person, here.organization
        there.save(update_fields=["person", "organization"])
    if here.state == Interaction.State.OPEN:
        # The note is kept as written, whoever's request this is.
        with translation.override(settings.LANGUAGE_CODE), done_already("settled"):
            dismiss(here, reason=OTHER, note=_("Part of another call"), by=by)
    elif here.ended_at is None:
        here.ended_at = timezone.now()
        here.save(update_fields=["ended_at"])
