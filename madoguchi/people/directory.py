"""Whom one could ask: found by what they are asked about, department, name, reading, extension or number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, F, Q, QuerySet, Value, When

from madoguchi.foundation.japanese import fold, search_key
from madoguchi.people.models import Contact, Department, Topic

MOST = 20  # of each kind
_MOST_WORDS = 6
_SAID = re.compile(r"(?:内線(?:番号)?|ext(?:ension)?\.?)[\s::]*(?=\d)", re.IGNORECASE)
_NUMBER = re.compile(r"[\d()+\-]*\d[\d()+\-]*")


@dataclass(frozen=True)
class Hit:
    """A department, one of its topics, or one of its contacts."""

    department: Department
    topic: Topic | None = None
    contact: Contact | None = None


def find_in_directory(text: str, *, numbers: bool = True, limit: int = MOST) -> list[Hit]:
    """What fits every word of ``text``, at most ``limit`` of each kind: topics, then departments, then people.

    Whose extension or number it is comes first. Without ``numbers`` nobody is found by number, address or note. Five
    queries, whatever is found.
    """
    text = _SAID.sub("", text)
    words = [text] if _digits(text) else text.split()[:_MOST_WORDS]
    keys = [key for word in words if (key := search_key(word))]
    if not keys:
        return []
    units = dict(Department.objects.filter(is_active=True).values_list("pk", "search"))
    subjects = Topic.objects.filter(is_active=True).values_list("pk", "department_id", "search")
    topics = [
        (not search.startswith(keys[0]), pk)
        for pk, unit, search in subjects
        if any(key in search for key in keys) and all(key in search or key in units.get(unit, "") for key in keys)
    ]
    named = [pk for pk, search in units.items() if all(key in search for key in keys)][:limit]
    people = list(_contacts(words, units, numbers=numbers)[:limit])
    first = [pk for _rank, pk in sorted(topics)[:limit]]
    found = Topic.objects.filter(department__is_active=True).in_bulk(first)
    wanted = {*named, *(one.department_id for one in people), *(one.department_id for one in found.values())}
    departments = Department.objects.in_bulk(wanted)
    rest = [Hit(departments[found[pk].department_id], topic=found[pk]) for pk in first if pk in found]
    rest += [Hit(departments[pk]) for pk in named]
    contacts = [Hit(departments[one.department_id], contact=one) for one in people]
    return contacts + rest if numbers and any(map(_digits, words)) else rest + contacts


def _contacts(words: Sequence[str], units: Mapping[int, str], *, numbers: bool) -> QuerySet[Contact]:
    """Every word must fit them or their department, and one of the words them."""
    everything, anything = Q(), Q()
    exact = Q(pk__in=[])
    for word in words:
        key = search_key(word)
        fits = Q(search__contains=key)
        if numbers:
            fits |= Q(note__contains=word)
            if word.isascii():
                fits |= Q(email__icontains=word)
            if digits := _digits(word):
                fits |= Q(extension__startswith=digits)
                exact |= Q(extension=digits)
                if len(digits) > 3:
                    fits |= Q(phone__contains=digits.removeprefix("0")) | Q(mobile__contains=digits.removeprefix("0"))
        anything |= fits
        everything &= fits | Q(department__in=[pk for pk, search in units.items() if key in search])
        exact |= Q(search__startswith=key)
    rank = Case(When(exact, then=Value(0)), default=Value(1))
    found = Contact.objects.filter(everything & anything, is_active=True, department__is_active=True)
    return found.order_by(rank, F("position").asc(nulls_last=True), "kana", "id")


def _digits(word: str) -> str:
    """The digits of a number as it is typed, in Japanese writing; empty for what is none."""
    written = "".join(fold(word).split())
    if not _NUMBER.fullmatch(written):
        return ""
    digits = "".join(character for character in written if character.isdecimal())
    return f"0{digits.removeprefix('81')}" if written.startswith("+81") else digits
