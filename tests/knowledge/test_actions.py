"""Articles are written, changed and archived; each step stands in the journal, and nobody overwrites silently."""

import sys
from collections.abc import Iterable
from dataclasses import replace

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.knowledge.actions import Content, archive, change, create, learn, unlearn
from madoguchi.knowledge.actions.learn import keep_newest
from madoguchi.knowledge.models import Article, ArticleText, Audience, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import access_of
from tests.cast import Cast

PRINTER = Content(question="プリンターで印刷できない", answer="電源を入れ直してください。")


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_a_new_article_gets_a_key_and_an_entry(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    assert article.key == f"kb-{article.pk}"
    entry = Entry.objects.get(kind="article.created")
    assert entry.actor_id == cast.kimura.pk
    assert entry.mentions.get().ref == article.pk


def test_a_key_is_taken_once(cast: Cast) -> None:
    create(PRINTER, key="printer", by=cast.kimura)
    with pytest.raises(Refused) as refused:
        create(PRINTER, key=" printer ", by=cast.kimura)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "content",
    [
        replace(PRINTER, question=" \u3000"),
        replace(PRINTER, question="長" * 501),
        replace(PRINTER, answer=""),
        replace(PRINTER, answer="長" * 200_001),
        replace(PRINTER, state="perfect"),
        replace(PRINTER, audience="martians"),
    ],
)
def test_what_is_no_article_is_refused(cast: Cast, content: Content) -> None:
    with pytest.raises(Refused):
        create(content, by=cast.kimura)
    assert not Article.objects.exists()
    assert kinds() == []


def test_a_captured_problem_needs_no_answer_yet(cast: Cast) -> None:
    assert create(replace(PRINTER, answer="", state=State.WIP), by=cast.kimura).state == State.WIP


def test_a_change_writes_what_differs_and_says_so(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    changed = change(article, replace(PRINTER, answer="用紙を補給してください。"), version=1, by=cast.kimura)
    assert changed.version == 2
    assert Entry.objects.get(kind="article.changed").data == {"key": article.key, "fields": ["answer"]}
    assert change(changed, replace(PRINTER, answer="用紙を補給してください。"), version=2, by=cast.kimura).version == 2
    assert kinds() == ["article.created", "article.changed"]


def test_nobody_overwrites_what_somebody_else_wrote_meanwhile(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    change(article, replace(PRINTER, question="印刷が薄い"), version=1, by=cast.admin)
    with pytest.raises(Refused) as refused:
        change(article, replace(PRINTER, question="印刷が濃い"), version=1, by=cast.kimura)
    assert refused.value.status == 409
    assert Article.objects.get().question == "印刷が薄い"


def test_an_archived_article_is_suggested_no_more_and_archiving_again_does_nothing(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    access = access_of(cast.kimura)
    assert [found.article for found in suggest("印刷できない", access=access)] == [article]
    archive(article, by=cast.kimura)
    archive(article, by=cast.kimura)
    assert suggest("印刷できない", access=access) == []
    assert kinds() == ["article.created", "article.archived"]


def test_only_the_newest_texts_of_an_article_count_and_an_older_one_takes_the_place_of_a_forgotten(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[keep_newest.__module__], "KEPT_TEXTS", 2)
    article = create(PRINTER, by=cast.kimura)
    for number in range(4):
        learn(article, f"紙が白い {number}", source=f"ticket:{number}", by=cast.sato)

    def counting() -> list[str]:
        return list(ArticleText.objects.filter(counts=True).order_by("source").values_list("source", flat=True))

    assert counting() == ["ticket:2", "ticket:3"]
    unlearn(article, source="ticket:3", by=cast.sato)
    assert counting() == ["ticket:1", "ticket:2"]
    ArticleText.objects.update(counts=True)
    keep_newest()
    assert counting() == ["ticket:1", "ticket:2"]


def test_foreseen_words_are_no_use_when_they_come_and_when_they_go(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    learn(article, "白い紙", source="ticket:1", by=cast.sato)
    learn(article, "紙が白い", source="gap:1", is_use=False, by=cast.sato)
    unlearn(article, source="gap:1", by=cast.sato)
    article.refresh_from_db()
    assert article.uses == 1


def test_what_an_article_solved_is_learned_once_and_can_be_unlearned(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    access = access_of(cast.kimura)
    assert suggest("白い紙しか出てこない", access=access) == []
    assert learn(article, "白い紙しか出てこない", source="ticket:1", by=cast.sato)
    assert not learn(article, "白い紙しか出てこない", source="ticket:1", by=cast.sato)
    assert [found.article for found in suggest("白紙が出る。紙が白い", access=access)] == [article]
    assert learn(article, "別の言い方", source="ticket:1", by=cast.sato)
    assert ArticleText.objects.get().text == "別の言い方"
    unlearn(article, source="ticket:1", by=cast.sato)
    unlearn(article, source="ticket:1", by=cast.sato)
    assert suggest("紙が白い", access=access) == []
    assert kinds() == ["article.created", "article.learned", "article.learned", "article.unlearned"]
    assert Article.objects.get().version == 1


def test_what_someone_may_read_is_a_query(cast: Cast) -> None:
    ours = create(replace(PRINTER, audience=Audience.STAFF), by=cast.kimura)
    desk = create(PRINTER, by=cast.kimura)
    public = create(replace(PRINTER, audience=Audience.PUBLIC, state=State.VALIDATED), by=cast.kimura)
    draft = create(replace(PRINTER, audience=Audience.PUBLIC, answer="", state=State.WIP), by=cast.kimura)
    partners = create(replace(PRINTER, audience=Audience.STAFF, owner_team=cast.partner), by=cast.kimura)
    old = archive(create(PRINTER, by=cast.kimura), by=cast.kimura)

    def seen(rows: Iterable[Article]) -> set[Article]:
        return set(rows)

    assert seen(Article.objects.visible_to(access_of(cast.sato))) == {ours, desk, public, draft, partners}
    assert seen(Article.objects.visible_to(access_of(cast.kimura))) == {ours, desk, public, draft, partners, old}
    assert seen(Article.objects.visible_to(access_of(cast.ogawa))) == {desk, public, draft, partners}
    assert seen(Article.objects.visible_to(access_of(cast.outsider))) == set()
    assert seen(Article.objects.public()) == {public}
