"""What of a ticket may be told to a department: the question that is proposed, and what was left out of it. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import jaconv
import phonenumbers
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

ITEM = "item:"  # before the key of one hearing item
LONGEST_SAID = 4_000
LONGEST_TOLD = 15_000  # of all that was said; a question holds a little more


class Field(TextChoices):
    """What a policy names. ``ITEMS`` are all answers to hearing items; numbers among them are ``PHONE``, too."""

    ORGANIZATION = "organization", gettext_lazy("organization")
    NAME = "name", pgettext_lazy("person", "name")
    EMAIL = "email", gettext_lazy("mail address")
    PHONE = "phone", gettext_lazy("phone number")
    CONVERSATION = "conversation", gettext_lazy("what was written later")
    ITEMS = "items", gettext_lazy("answers to hearing items")


# Without any policy: who it is stays with the desk, and other companies do not even hear for which customer it is.
DEFAULT: Collection[str] = frozenset({Field.ORGANIZATION, Field.ITEMS})
DEFAULT_OUTSIDE: Collection[str] = frozenset({Field.ITEMS})


@dataclass(frozen=True)
class Name:
    """Somebody's name as it may stand in a text; every part may be empty."""

    family: str
    given: str = ""
    family_kana: str = ""
    given_kana: str = ""

    def __str__(self) -> str:
        return f"{self.family} {self.given}".strip()


@dataclass(frozen=True)
class Answer:
    """One answer to a hearing item."""

    key: str
    label: str
    text: str
    is_phone: bool = False


@dataclass(frozen=True)
class Case:
    """What the desk knows of a ticket and a contact may have to know. ``said`` came first, ``later`` afterwards."""

    subject: str
    category: str = ""
    organization: str = ""
    names: Sequence[Name] = ()
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    said: str = ""
    later: Sequence[str] = ()
    answers: Sequence[Answer] = ()


@dataclass(frozen=True)
class Told:
    """The text of a question, and the fields that it does not tell though they are known."""

    text: str
    left_out: tuple[Field, ...]


def question_of(case: Case, allowed: Collection[str], *, topic: str = "") -> Told:
    """What a department is asked, in the language that is active; what may not leave is masked inside free text, too.

    Subject, category and what was said first are always told: without them nobody could answer.
    """
    mask = _Mask(case, allowed)
    lines = [(_("Please check “%(topic)s”.") % {"topic": topic}) if topic else _("Please check the following."), ""]
    lines += _pair(_("Subject"), mask(case.subject))
    lines += _pair(_("Category"), case.category)
    if Field.ORGANIZATION in allowed:
        lines += _pair(_("Organization"), case.organization)
    if Field.NAME in allowed:
        lines += _pair(_("Requester"), ", ".join(map(str, case.names)))
    if Field.EMAIL in allowed:
        lines += _pair(_("Mail"), ", ".join(case.emails))
    if Field.PHONE in allowed:
        lines += _pair(_("Phone"), ", ".join(case.phones))
    for answer in case.answers:
        if _may_tell(answer, allowed):
            named = f"{ITEM}{answer.key}" in allowed
            lines += _pair(answer.label, answer.text if named else mask(answer.text))
    for said in _said(case, with_later=Field.CONVERSATION in allowed):
        lines += ["", f"{_('Details')}:", mask(said)]
    return Told("\n".join(lines).strip(), tuple(_left_out(case, allowed, mask.found)))


def _said(case: Case, *, with_later: bool) -> list[str]:
    """What was said first, and of what came later the newest as far as there is room; in order."""
    first, *later = (_cut(text.strip()) for text in (case.said, *(case.later if with_later else ())))
    room, kept = LONGEST_TOLD - len(first), list[str]()
    for text in reversed(later):
        room -= len(text)
        if room < 0:
            break
        kept.insert(0, text)
    return [text for text in (first, *kept) if text]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SAID else text[:LONGEST_SAID] + "…"


def found_in(text: str, case: Case, allowed: Collection[str]) -> list[Field]:
    """What a text that somebody wrote tells though it may not leave; masks that stand in it tell nothing."""
    mask = _Mask(case, allowed)
    mask(text)
    return [field for field in Field if field in mask.found]


def _left_out(case: Case, allowed: Collection[str], masked: Collection[Field]) -> Iterator[Field]:
    known = {
        Field.ORGANIZATION: bool(case.organization),
        Field.NAME: any(map(str, case.names)),
        Field.EMAIL: bool(case.emails),
        Field.PHONE: bool(case.phones) or any(answer.is_phone and answer.text for answer in case.answers),
        Field.CONVERSATION: any(text.strip() for text in case.later),
        Field.ITEMS: any(
            answer.text and not answer.is_phone and not _may_tell(answer, allowed) for answer in case.answers
        ),
    }
    for field in Field:
        if field in masked or (known[field] and field not in allowed):
            yield field


def _may_tell(answer: Answer, allowed: Collection[str]) -> bool:
    if f"{ITEM}{answer.key}" in allowed:
        return True
    return Field.ITEMS in allowed and (not answer.is_phone or Field.PHONE in allowed)


def _pair(label: str, text: str) -> list[str]:
    if not (text := text.strip()):
        return []
    return [f"{label}:", text] if "\n" in text else [f"{label}: {text}"]


_EMAIL = re.compile(r"[\w.%+\-]+@[\w\-]+(?:\.[\w\-]+)+", re.ASCII)
_EXTENSION = re.compile(r"(?<=内線)[\s:：]*[0-9０-９]{2,6}")
_AFTER_NAME = r"(?=\s?(?:さん|さま|様|氏|殿|です|と申し|ですが))"
_LEGAL = re.compile(r"株式会社|有限会社|合同会社|\(株\)|（株）|\(有\)|（有）|㈱|㈲")
_BETWEEN = r"[\s\-‐‑‒–—―ー−－()（）.]*"


class _Mask:
    """Puts a word in the place of whatever may not leave, and remembers what it was in ``found``."""

    def __init__(self, case: Case, allowed: Collection[str]) -> None:
        self.found: set[Field] = set()
        self._patterns: list[tuple[Field, str, re.Pattern[str]]] = []
        self._phones = Field.PHONE not in allowed
        words = {
            Field.EMAIL: _("[mail address]"),
            Field.PHONE: _("[phone number]"),
            Field.NAME: _("[name]"),
            Field.ORGANIZATION: _("[organization]"),
        }
        self._phone_word = words[Field.PHONE]
        known: dict[Field, Iterable[str]] = {
            Field.EMAIL: chain((_EMAIL.pattern,), map(re.escape, case.emails)),
            Field.PHONE: chain((_EXTENSION.pattern,), filter(None, map(_digits, case.phones))),
            Field.NAME: chain.from_iterable(map(_written, case.names)),
            Field.ORGANIZATION: _companies(case.organization),
        }
        for field, patterns in known.items():
            if field not in allowed:
                found = sorted(set(patterns), key=len, reverse=True)
                self._patterns += [(field, words[field], re.compile(one, re.IGNORECASE | re.ASCII)) for one in found]

    def __call__(self, text: str) -> str:
        if self._phones:
            text = self._without_numbers(text)
        for field, word, pattern in self._patterns:
            text, times = pattern.subn(word, text)
            if times:
                self.found.add(field)
        return text

    def _without_numbers(self, text: str) -> str:
        end, kept = 0, []
        for match in phonenumbers.PhoneNumberMatcher(text, "JP"):
            kept += [text[end : match.start], self._phone_word]
            end = match.end
            self.found.add(Field.PHONE)
        return "".join([*kept, text[end:]])


def _digits(number: str) -> str:
    """A number that we know, in any writing: full width, with or without dashes and the country's code."""
    digits = re.sub(r"\D", "", number.replace("+81", "0", 1))
    if len(digits) < 6:
        return ""
    return _BETWEEN.join(f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in digits)


def _written(name: Name) -> Iterator[str]:
    """How a name stands in a text: whole, or the family name where it is certainly one."""
    for family, given in ((name.family, name.given), (name.family_kana, name.given_kana)):
        if family and given:
            yield f"{_any_kana(family)}[\\s　]*{_any_kana(given)}"
            if family.isascii() and given.isascii():
                yield f"{re.escape(given)}\\s+{re.escape(family)}"
        if family:
            yield _any_kana(family) + _AFTER_NAME


def _any_kana(text: str) -> str:
    pieces = []
    for letter in text:
        others = {letter, jaconv.hira2kata(letter), jaconv.kata2hira(letter)}
        pieces.append("[" + "".join(sorted(others)) + "]" if len(others) > 1 else re.escape(letter))
    return "".join(pieces)


def _companies(name: str) -> Iterator[str]:
    """The company's name, and what is left of it without its legal form."""
    short = _LEGAL.sub("", name).strip()
    for text in (name.strip(), short):
        if len(text) > 1:
            yield re.escape(text)
