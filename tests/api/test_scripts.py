"""The script in force, for programs."""

from collections.abc import Callable

import pytest
from django.test import Client

from madoguchi.catalog.models import Category
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.scripts.actions.write import save_draft
from tests.api.client import program_of
from tests.cast import Cast
from tests.scripts.writing import in_force, mail_script


def test_a_program_reads_the_script_in_force_and_no_draft(cast: Cast) -> None:
    program = program_of(cast.sato, "knowledge:read")
    assert program.get("/scripts/mail-trouble").status == 404
    version = in_force(cast.mail_trouble, cast.kimura)
    save_draft(cast.mail_trouble, definition={"steps": []}, by=cast.kimura)
    answered = program.get("/scripts/mail-trouble")
    assert answered.status == 200
    assert answered.body["version"] == 1
    assert answered.body["steps"] == version.definition["steps"]
    assert answered.body["written_for"] == "mail-trouble"
    assert program.get("/scripts/nothing").status == 404
    below = Category.objects.create(key="mail-send", name="送信できない", parent=cast.mail_trouble)
    inherited = program.get(f"/scripts/{below.key}").body
    assert (inherited["category"], inherited["written_for"], inherited["version"]) == ("mail-send", "mail-trouble", 1)


@pytest.fixture
def hidden(cast: Cast) -> Article:
    """An article for the desk's own staff, shown by a step of the script in force."""
    content = Content(question="社内専用の手順", answer="管理者へ。", audience=Audience.STAFF, state=State.VALIDATED)
    article = create(content, by=cast.kimura)
    steps = [{"kind": "article", "key": "look", "article": article.key, "text": "見てください。"}]
    in_force(cast.mail_trouble, cast.kimura, {"steps": [*steps, *mail_script()["steps"]]})
    return article


def test_a_program_of_the_partner_is_told_no_article_that_it_may_not_read(cast: Cast, hidden: Article) -> None:
    own = program_of(cast.sato, "knowledge:read").get("/scripts/mail-trouble").body["steps"][0]
    assert own["article"] == hidden.key
    theirs = program_of(cast.ogawa, "knowledge:read").get("/scripts/mail-trouble").body["steps"][0]
    assert (theirs["article"], theirs["text"]) == ("", "見てください。")


def test_no_page_of_a_script_names_an_article_that_the_reader_may_not_read(
    cast: Cast, hidden: Article, sign_in: Callable[..., Client]
) -> None:
    at = f"/knowledge/scripts/{cast.mail_trouble.pk}/"
    for who, shown in ((cast.sato, True), (cast.ogawa, False)):
        for page in (at, f"{at}1/try/"):
            html = sign_in(who).get(page).content.decode()
            assert (hidden.question in html) is shown
            if not shown:
                assert hidden.key not in html
