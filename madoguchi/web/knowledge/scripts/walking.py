"""A step of a script as a page shows it: at the seat during a call, and in the sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from markupsafe import Markup

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.rendering import render
from madoguchi.people.access import Access
from madoguchi.people.models import Team
from madoguchi.scripts import walk, words
from madoguchi.scripts.definition import ENDS, Ask, Branch, Definition, HandOver, ShowArticle
from madoguchi.scripts.expected import Wrong
from madoguchi.scripts.queries import destination_of, items_of


@dataclass
class Shown:
    """A script at one step; ``names`` is what is put into its texts, ``wrong`` why one could not go on."""

    definition: Definition
    category: Category
    step: Any
    items: list[HearingItem]
    seen: list[walk.Seen]
    labels: Mapping[str, str]
    names: Mapping[str, str]
    left: bool = False
    number: int = 0
    wrong: str = ""
    focus: bool = False
    article: Article | None = None
    team: Team | None = None
    all_steps: Sequence[tuple[str, str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read aloud or done here, with names put in."""
        return words.filled(words.text_of(self.step), self.names)

    @property
    def item(self) -> HearingItem | None:
        """What is asked or verified here."""
        key = getattr(self.step, "item", "")
        return next((item for item in self.items if item.key == key), None) if key else None

    @property
    def is_required(self) -> bool:
        step = self.step
        return isinstance(step, Ask) and step.required and all(one.holds(self.names) for one in step.when)

    @property
    def is_end(self) -> bool:
        return isinstance(self.step, ENDS)

    @property
    def answer(self) -> Markup:
        """The article's answer, rendered."""
        return render(self.article.answer) if self.article else Markup()

    def put_in(self, text: str) -> str:
        """A text with what is known put in."""
        return words.filled(text, self.names)

    def said(self, step: Any) -> str:
        """A step in a few words."""
        return words.short(step, self.labels)

    def kind(self, step: Any) -> str:
        return str(words.KINDS[step.kind])


def shown(
    definition: Definition,
    category: Category,
    *,
    here: str,
    answers: Mapping[str, Any],
    passed: Sequence[str],
    names: Mapping[str, str],
    today: date,
    access: Access,
    wrong: Wrong | None = None,
    **more: Any,
) -> Shown | None:
    """The script at the step ``here``; its first one when there is no such step; None for an empty script."""
    step = definition.step(here) or next(iter(definition.steps), None)
    if step is None:
        return None
    items = items_of(definition, category)
    labels = labels_of(definition, items, access)
    seen = [
        one
        for one in walk.way(definition, answers, passed, today)
        if one.done and one.answer and one.step.key != step.key
    ]
    article = None
    if isinstance(step, ShowArticle):
        article = Article.objects.visible_to(access).light().filter(key=step.article).first()
    return Shown(
        definition,
        category,
        step,
        items,
        seen,
        labels,
        {**names, **{key: words.answer_said(str(answer)) for key, answer in answers.items() if str(answer).strip()}},
        wrong=words.wrong_said(wrong) if wrong else "",
        article=article,
        team=_team(step, category) if isinstance(step, HandOver) else None,
        all_steps=[
            (one.key, str(words.KINDS[one.kind]), words.filled(words.short(one, labels), names))
            for one in definition.steps
            if not isinstance(one, Branch)
        ],
        **more,
    )


def team_of(access: Access) -> str:
    """In whose name somebody speaks: the own team, for whoever has none the first line."""
    own = next((team.label for team in access.teams), "")
    first = None if own else Team.objects.filter(line=1, is_active=True, is_partner=False).order_by("pk").first()
    return first.label if first else own


def _team(step: HandOver, category: Category) -> Team | None:
    return Team.objects.filter(key=step.to, is_active=True).first() if step.to else destination_of(category)


def labels_of(definition: Definition, items: Sequence[HearingItem], access: Access | None = None) -> dict[str, str]:
    """What items, articles and teams of a script are called: by key, ``article:KEY`` and ``team:KEY``."""
    labels = {item.key: item.label for item in items}
    articles = [step.article for step in definition.steps if isinstance(step, ShowArticle) and step.article]
    if articles:
        rows = Article.objects.visible_to(access) if access else Article.objects.all()
        labels |= {f"article:{key}": name for key, name in rows.filter(key__in=articles).values_list("key", "question")}
    teams = [step.to for step in definition.steps if isinstance(step, HandOver) and step.to]
    if teams:
        labels |= {f"team:{team.key}": team.label for team in Team.objects.filter(key__in=teams)}
    return labels
