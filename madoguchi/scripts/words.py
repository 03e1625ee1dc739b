"""A script in words, in the language of the page: its faults, its texts with names put in, what changed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from madoguchi.foundation.bilingual import label_of
from madoguchi.scripts.checking import PLACEHOLDER, Code, Fault
from madoguchi.scripts.conditions import Amount, Answered, Contains, said
from madoguchi.scripts.definition import ENDS, Ask, Branch, Definition, HandOver, ShowArticle
from madoguchi.scripts.expected import Wrong

type Words = str | Promise

KINDS: Mapping[str, Words] = {
    "say": pgettext_lazy("script", "Say"),
    "consent": pgettext_lazy("script", "Say that the call is recorded"),
    "ask": pgettext_lazy("script", "Ask"),
    "check": pgettext_lazy("script", "Verify"),
    "branch": pgettext_lazy("script", "Branch"),
    "article": pgettext_lazy("script", "Article"),
    "resolve": pgettext_lazy("script", "Resolve"),
    "hand_over": pgettext_lazy("script", "Hand over"),
    "call_back": pgettext_lazy("script", "Promise a call-back"),
}
FAULTS: Mapping[Code, Words] = {
    Code.EMPTY: gettext_lazy("The script has no step yet."),
    Code.DEAD_END: gettext_lazy("Nothing follows here. End with resolve, hand over or call back."),
    Code.NO_SUCH_STEP: gettext_lazy("It leads to a step that is not there any more."),
    Code.UNREACHABLE: gettext_lazy("No way leads to this step."),
    Code.LOOP: gettext_lazy("From here a way leads back to this step, without end."),
    Code.NOT_ASKED: gettext_lazy("The hand-off requires %(names)s, which is not asked on every way here."),
    Code.ASKED_LATE: gettext_lazy(
        "Calls about %(categories)s also require %(names)s. If it is not asked here, the hand-over asks it."
    ),
    Code.NOT_ASKED_BEFORE: gettext_lazy("It looks at %(names)s, which is not asked on every way here."),
    Code.NO_TEXT: gettext_lazy("Write what is said or verified."),
    Code.NO_ITEM: gettext_lazy("Choose what is asked."),
    Code.UNKNOWN_ITEM: gettext_lazy("%(names)s is not asked for this category any more."),
    Code.NO_ARTICLE: gettext_lazy("Choose the article."),
    Code.UNKNOWN_ARTICLE: gettext_lazy("This article is archived or gone."),
    Code.NO_DESTINATION: gettext_lazy("The category has no destination, or the team is gone. Choose a team."),
    Code.NO_WAY: gettext_lazy("A branch needs at least one way with a condition."),
    Code.NO_CONDITION: gettext_lazy("Each way of a branch needs a condition."),
    Code.CONDITION_INCOMPLETE: gettext_lazy("A condition is not complete."),
    Code.QUESTION_INCOMPLETE: gettext_lazy("Write the question; a choice needs two answers to choose from."),
    Code.IMPOSSIBLE: gettext_lazy("No answer can fit what is expected here."),
    Code.UNKNOWN_PLACEHOLDER: gettext_lazy("Nothing is known to put in for %(names)s."),
}
WRONG: Mapping[str, Words] = {
    "required": gettext_lazy("An answer is needed to go on."),
    "unchecked": gettext_lazy("Choose yes or no."),
    "pattern": gettext_lazy("It should look like %(bound)s (9 a digit, A a letter)."),
    "shortest": gettext_lazy("At least %(bound)s characters."),
    "longest": gettext_lazy("At most %(bound)s characters."),
    "number": gettext_lazy("A number is expected."),
    "at_least": gettext_lazy("At least %(bound)s."),
    "at_most": gettext_lazy("At most %(bound)s."),
    "date": gettext_lazy("A date is expected."),
    "from_day": gettext_lazy("Not before %(bound)s."),
    "to_day": gettext_lazy("Not after %(bound)s."),
}


def fault_said(fault: Fault, labels: Mapping[str, str] | None = None) -> str:
    """A fault without its place; ``labels`` name the items."""
    names = [(labels or {}).get(name, name) for name in fault.names]
    return str(FAULTS[fault.code]) % {"names": _quoted(names), "categories": _quoted(fault.categories)}


def _quoted(names: Sequence[str]) -> str:
    return _(", ").join(_("“%(name)s”") % {"name": name} for name in names)


def sentence(definition: Definition, fault: Fault, labels: Mapping[str, str] | None = None) -> str:
    """A fault with the number of its step."""
    step = definition.step(fault.step)
    if step is None:
        return fault_said(fault, labels)
    return _("Step %(number)s: %(fault)s") % {
        "number": definition.steps.index(step) + 1,
        "fault": fault_said(fault, labels),
    }


def wrong_said(wrong: Wrong) -> str:
    """Why an answer does not fit."""
    return str(WRONG[wrong.code]) % {"bound": wrong.bound}


def text_of(step: Any) -> str:
    """A step's text in the language of the page."""
    return label_of(step.text, step.text_en)


def filled(text: str, names: Mapping[str, str]) -> str:
    """The text with what is known put in; what is not known yet is an ellipsis."""
    return PLACEHOLDER.sub(lambda found: names.get(found[1]) or "…", text)


def short(step: Any, labels: Mapping[str, str]) -> str:
    """A step in a few words; ``labels`` name items, articles (``article:KEY``) and teams (``team:KEY``).

    An article without a label is one that the reader may not read, or that is gone: not even its key is told.
    """
    if isinstance(step, Ask):
        named = label_of(step.question.name, step.question.name_en) if step.question else labels.get(step.item, "")
        return named or text_of(step)
    if isinstance(step, ShowArticle):
        return labels.get(f"article:{step.article}", _("(an article that is not shown)") if step.article else "")
    if isinstance(step, HandOver):
        to = labels.get(f"team:{step.to}", step.to) if step.to else _("the category's destination")
        return _("to %(team)s") % {"team": to}
    if isinstance(step, Branch):
        return "; ".join(ways_said(step, labels))
    return " ".join(text_of(step).split())


def ways_said(step: Branch, labels: Mapping[str, str]) -> list[str]:
    """The conditions of each way, in words."""
    return [conditions_said(way.when, labels) for way in step.ways]


def conditions_said(conditions: Sequence[Any], labels: Mapping[str, str]) -> str:
    """Conditions that all have to hold, as one phrase."""
    return _(" and ").join(condition_said(condition, labels) for condition in conditions) or _("(no condition)")


def condition_said(condition: Any, labels: Mapping[str, str]) -> str:
    """One condition as a phrase: 影響範囲が「全社」."""
    item = labels.get(condition.item, condition.item) or _("(not chosen)")
    if isinstance(condition, Contains):
        words = _(" or ").join(_("“%(name)s”") % {"name": word} for word in condition.words)
        return _("%(item)s contains %(words)s") % {"item": item, "words": words}
    if isinstance(condition, Answered):
        return (_("%(item)s is known") if condition.yes else _("%(item)s is not known")) % {"item": item}
    if isinstance(condition, Amount):
        return _amount_said(condition, item)
    words = _(" or ").join(answer_said(word) for word in condition.one_of)
    return _("%(item)s: %(words)s") % {"item": item, "words": words}


def _amount_said(condition: Amount, item: str) -> str:
    low = "" if condition.at_least is None else f"{condition.at_least:g}"
    high = "" if condition.at_most is None else f"{condition.at_most:g}"
    return _("%(item)s is %(low)s–%(high)s") % {"item": item, "low": low, "high": high}


def answer_said(answer: str) -> str:
    """An answer as people read it: yes and no in words."""
    return {"yes": _("Yes"), "no": _("No")}.get(said(answer), answer)


class Told(NamedTuple):
    """A step in words; of a branch, ``ways`` says where each leads."""

    said: str
    ways: list[str]


def told(definition: Definition, labels: Mapping[str, str], *, numbered: bool = True) -> list[Told]:
    """The steps in words, in their order; where they lead, unless it is the next one, is named by number and words."""
    titles = {
        step.key: (number if numbered else "", short(step, labels)) for number, step in enumerate(definition.steps, 1)
    }

    def to(step: Any, chosen: str) -> str:
        key = definition.follower(step, chosen)
        if key == definition.follower(step, ""):
            return ""
        number, title = titles.get(key, ("", _("nothing")))
        return (_(" → %(number)s “%(step)s”") if number else _(" → “%(step)s”")) % {"number": number, "step": title}

    found = []
    for step in definition.steps:
        if isinstance(step, Branch):
            ways = [
                _("If %(conditions)s%(to)s")
                % {"conditions": conditions_said(way.when, labels), "to": to(step, way.next) or _(" → next step")}
                for way in step.ways
            ]
            ways.append(_("Otherwise%(to)s") % {"to": to(step, step.next) or _(" → next step")})
            found.append(Told(str(KINDS[step.kind]), ways))
        else:
            said = _("%(kind)s: %(words)s") % {"kind": KINDS[step.kind], "words": _said(step, labels)}
            found.append(Told(said + ("" if isinstance(step, ENDS) else to(step, step.next)), []))
    return found


def lines(definition: Definition, labels: Mapping[str, str]) -> list[str]:
    """The same as lines that can be compared: without numbers, which a step put in between would change."""
    return [line for one in told(definition, labels, numbered=False) for line in (one.said, *one.ways)]


def _said(step: Any, labels: Mapping[str, str]) -> str:
    words = short(step, labels)
    if isinstance(step, Ask | ShowArticle | HandOver) and step.text and words != text_of(step):
        words = f"{words} {_('“%(name)s”') % {'name': ' '.join(text_of(step).split())}}"
    if isinstance(step, Ask) and step.required:
        words += (
            _(" (required)")
            if not step.when
            else _(" (required if %(conditions)s)") % {"conditions": conditions_said(step.when, labels)}
        )
    if isinstance(step, Ask) and (form := expected_said(step)):
        words += f" [{form}]"
    return words


def expected_said(step: Ask) -> str:
    """What an answer has to look like, in a few words; empty when anything will do."""
    bounds = step.expected.model_dump()
    pattern = bounds.pop("pattern")
    names = {
        "shortest": _("at least %(n)s characters"),
        "longest": _("at most %(n)s characters"),
        "at_least": _("from %(n)s"),
        "at_most": _("up to %(n)s"),
        "from_day": _("from %(day)s"),
        "to_day": _("until %(day)s"),
    }
    found = [pattern] if pattern else []
    found += [
        names[name] % {"n": f"{value:g}", "day": _day(int(value))}
        for name, value in bounds.items()
        if value is not None
    ]
    return _(", ").join(found)


def _day(ahead: int) -> str:
    """A day counted from today."""
    if ahead < 0:
        return ngettext("%(num)s day ago", "%(num)s days ago", -ahead) % {"num": -ahead}
    return ngettext("%(num)s day from now", "%(num)s days from now", ahead) % {"num": ahead} if ahead else _("today")
