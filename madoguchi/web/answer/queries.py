"""What the holder of a link may see of a question: never who else was asked, or what they said."""

from django.db.models import F, Q

from madoguchi.consultations.models import Approach, Remark
from madoguchi.people.models import Contact

_MOST = 60  # further ones are named by writing the name
_KINDS = Remark.Kind
_THEIRS = (_KINDS.ANSWER, _KINDS.DECLINE, _KINDS.NEEDS_TIME, _KINDS.ASK_BACK)


def own_remarks(approach: Approach) -> list[Remark]:
    """What this contact wrote, by this page or from their own address, and what the desk replied to them."""
    by_page = Q(incoming=None, staff=None) & ~Q(form="")
    theirs = Q(kind__in=_THEIRS) & (by_page | Q(incoming__from_address__iexact=approach.address))
    rows = Remark.objects.filter(theirs | Q(kind=_KINDS.REPLY), approach=approach)
    return list(rows.prefetch_related("attachments").order_by("id"))


def colleagues(approach: Approach) -> list[Contact]:
    """The department's other contacts, those of the chain first; whether they were asked is not told."""
    known = Contact.objects.filter(department=approach.consultation.department, is_active=True, is_confirmed=True)
    rows = known.exclude(pk=approach.contact_id or 0).select_related("department")
    return list(rows.order_by(F("position").asc(nulls_last=True), "kana", "id")[:_MOST])


def asked_next(approach: Approach, remark: Remark) -> str:
    """Who is asked because this contact named them in ``remark``; empty when the desk decides first whether to."""
    rows = Approach.objects.filter(consultation=approach.consultation_id, why=Approach.Why.NAMED, pk__gt=approach.pk)
    return next((row.name for row in rows if row.name in remark.body or row.address in remark.body), "")
