"""How far an article can be trusted: proposed and improved by everyone, validated by who vouches for it."""

from dataclasses import replace
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.knowledge.actions.write import FIELDS, Content, change, create, hold, write
from madoguchi.knowledge.models import Article, ArticleVersion, Audience, Governance, State
from madoguchi.knowledge.rights import may_improve, may_keep, may_propose
from madoguchi.knowledge.versions import category_of
from madoguchi.people.access import access_of
from madoguchi.people.staff import Staff


@transaction.atomic
def propose(content: Content, *, source: str = "", by: Staff, note: str = "") -> Article:
    """A problem written down by whoever met it, with or without an answer: being written, for the desk, open to all.

    Whose it is to keep, the knowledge keepers say: who proposes does not vouch for it themselves.
    """
    if not may_propose(access_of(by)):
        raise Refused(_("You may not write articles."), code="forbidden", status=403)
    captured = replace(
        content,
        state=State.WIP,
        audience=Audience.FIRST_LINE,
        governance=Governance.OPEN,
        review_on=None,
        owner_team=None,
    )
    return create(captured, source=source, by=by, note=note)


@transaction.atomic
def improve(
    article: Article,
    *,
    question: str,
    answer: str,
    category: Category | None,
    by: Staff,
    version: int | None = None,
    note: str = "",
) -> Article:
    """Somebody who does not keep it changes what it says; if it was validated, it waits to be validated again."""
    current = hold(article, version)
    _require(may_improve(access_of(by), current))
    content = replace(content_of(current), question=question, answer=answer, category=category)
    if current.state == State.VALIDATED:
        content = replace(content, state=State.NOT_VALIDATED)
    return change(current, content, by=by, version=version, note=note)


@transaction.atomic
def validate(article: Article, *, by: Staff, review_on: date | None, version: int | None = None) -> Article:
    """Somebody who keeps it vouches for the text as it stands, until the day of the next review.

    Of an article that is validated already it says that it is still right. Refuses one without an answer.
    """
    current = hold(article, version)
    _require(may_keep(access_of(by), current))
    if not current.answer:
        raise Refused(_("An article without an answer can only be saved as being written."), code="answer_missing")
    write(current, {"state": State.VALIDATED, "review_on": review_on}, by=by)
    record(
        "article.validated",
        by=by,
        about=[current, current.owner_team],
        data={"key": current.key, "review_on": review_on.isoformat() if review_on else None},
    )
    return current


@transaction.atomic
def restore(article: Article, number: int, *, by: Staff) -> Article:
    """What version ``number`` said is said again, as a new version; who may read it and its state stay as they are."""
    version = ArticleVersion.objects.visible_to(access_of(by)).filter(article=article, number=number).first()
    if version is None:
        raise Refused(_("There is no such version."), code="unknown_version", status=404)
    current = hold(article)
    said = {"question": version.fields["question"], "answer": version.fields["answer"]}
    note = _("Version %(number)s brought back") % {"number": number}
    if not may_keep(access_of(by), current):
        return improve(current, **said, category=category_of(version), by=by, note=note)
    content = replace(
        content_of(current), **said, category=category_of(version), category_text=version.fields["category_text"]
    )
    return change(current, content, by=by, note=note)


def content_of(article: Article) -> Content:
    """What the article says now, to be changed in part."""
    return Content(**{name: getattr(article, name) for name in FIELDS})


def _require(allowed: bool) -> None:
    if not allowed:
        raise Refused(
            _("Only the knowledge keepers and the owner team may change this article. Write a comment instead."),
            code="kept",
            status=403,
        )
