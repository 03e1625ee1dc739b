"""What can happen to a contact before and beside a ticket."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.files.models import Attachment
from madoguchi.foundation.prepared import insert
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Channel, IdentityCheck, IntakeDraft, Interaction
from madoguchi.interactions.reasons import OTHER, in_use
from madoguchi.journal.record import Actor, record
from madoguchi.mail.models import IncomingMail
from madoguchi.people.models import Contract, Organization, Person, Staff, Team
from madoguchi.telephony.models import Call


@transaction.atomic
def open_interaction(
    *,
    channel: str,
    by: Actor,
    direction: str = Interaction.Direction.INBOUND,
    call: Call | None = None,
    mail: IncomingMail | None = None,
    address: str = "",
    person: Person | None = None,
    organization: Organization | None = None,
    contact_name: str = "",
    staff: Staff | None = None,
    team: Team | None = None,
    summary: str = "",
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Interaction:
    """A contact begins (or, with ``ended_at``, is recorded afterwards)."""
    interaction = insert(
        Interaction(
            channel=channel,
            direction=direction,
            call=call,
            mail=mail,
            address=address,
            person=person,
            organization=person.organization if person else organization,
            contact_name=contact_name,
            staff=staff,
            team=team,
            summary=summary,
            started_at=started_at or timezone.now(),
            ended_at=ended_at,
        )
    )
    record(
        "interaction.opened",
        by=by,
        about=[interaction, call, mail, person, staff, team],
        data={"channel": channel, "direction": direction},
    )
    return interaction


@transaction.atomic
def identify(interaction: Interaction, *, person: Person | None, by: Actor) -> Interaction:
    """Say who is speaking; None takes it back."""
    interaction.person = person
    interaction.organization = person.organization if person else None
    interaction.save(update_fields=["person", "organization"])
    record("interaction.identified", by=by, about=[interaction, person], data={"name": person.name if person else ""})
    return interaction


@transaction.atomic
def take_over(interaction: Interaction, *, by: Staff) -> Interaction:
    """A colleague takes a popped call onto their own screen."""
    former = interaction.staff
    interaction.staff = by
    interaction.save(update_fields=["staff"])
    record("interaction.taken_over", by=by, about=[interaction, former, by])
    return interaction


@transaction.atomic
def end_interaction(interaction: Interaction, *, by: Staff) -> Interaction:
    """A contact that was begun by hand is over; twice is once. Calls are ended by the telephone."""
    if interaction.call_id is not None:
        raise Refused(_("The telephone ends this call."), code="has_call", status=409)
    now = timezone.now()
    if Interaction.objects.filter(pk=interaction.pk, ended_at__isnull=True).update(ended_at=now):
        interaction.ended_at = now
        record("interaction.ended", by=by, about=[interaction, interaction.person, interaction.staff])
    return interaction


@transaction.atomic
def dismiss(interaction: Interaction, *, reason: str, note: str = "", by: Actor) -> Interaction:
    """Settle a contact without a ticket, saying why there is none."""
    if not in_use(reason):
        raise Refused(_("Choose why no ticket is needed."), code="reason_missing")
    if reason == OTHER and not note.strip():
        raise Refused(_("Write in a few words why no ticket is needed."), code="note_missing")
    settled = Interaction.objects.filter(pk=interaction.pk, state=Interaction.State.OPEN).update(
        state=Interaction.State.DISMISSED,
        dismissed_reason=reason,
        dismissed_note=note.strip(),
        ended_at=interaction.ended_at or timezone.now(),
    )
    if not settled:
        raise Refused(_("This contact is already settled."), code="settled", status=409)
    interaction.refresh_from_db()
    record(
        "interaction.dismissed", by=by, about=[interaction, interaction.staff], data={"reason": reason, "note": note}
    )
    return interaction


@transaction.atomic
def record_bypass(
    *,
    who: str,
    what: str,
    reached: Staff,
    person: Person | None = None,
    organization: Organization | None = None,
    mail: IncomingMail | None = None,
    attachments: Sequence[Attachment] = (),
    at: datetime | None = None,
    by: Staff,
) -> Interaction:
    """Somebody went round the desk: who it was, what they wanted, whom they reached.

    ``who`` is as it was said, and the ``person`` or the ``organization`` that is meant where it is known.
    """
    if not who.strip() or not what.strip():
        raise Refused(_("Say who it was and what they wanted."), code="incomplete")
    moment = at or timezone.now()
    interaction = open_interaction(
        channel=Channel.BYPASS,
        by=by,
        mail=mail,
        person=person,
        organization=organization,
        contact_name=who.strip()[:200],
        summary=what.strip(),
        staff=reached,
        started_at=moment,
        ended_at=moment,
    )
    if attachments:
        interaction.attachments.set(attachments)
    record(
        "bypass.recorded",
        by=by,
        about=[interaction, reached, person],
        data={"who": interaction.contact_name, "reached": reached.name, "by_mail": mail is not None},
    )
    return interaction


def save_draft(interaction: Interaction, *, data: dict[str, Any], by: Staff) -> IntakeDraft:
    """Keep what has been typed so far. Drafts write no journal entry."""
    draft, _created = IntakeDraft.objects.update_or_create(
        interaction=interaction, defaults={"data": data, "staff": by}
    )
    return draft


@transaction.atomic
def check_identity(
    interaction: Interaction,
    *,
    contract: Contract | None,
    asked: list[dict[str, Any]],
    passed: bool,
    read_back: bool,
    by: Staff,
) -> IdentityCheck:
    """Record an identity check (本人確認) by the contract's questions, and whether number and name were read back."""
    check = IdentityCheck.objects.create(
        interaction=interaction,
        person=interaction.person,
        contract=contract,
        asked=asked,
        passed=passed,
        read_back=read_back,
        staff=by,
    )
    record(
        "identity.checked",
        by=by,
        about=[interaction, interaction.person],
        data={"passed": passed, "questions": len(asked), "read_back": read_back},
    )
    return check
