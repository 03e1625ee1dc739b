from typing import Any, cast

import pytest
from django.template import engines
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from madoguchi.web.shell.icons import icon
from madoguchi.web.shell.templates import Pages


def pages(language: str) -> Pages:
    return cast(Pages, cast(Any, engines["pages"]).env).spoken(language)


def written(source: str, language: str = "en", **context: Any) -> str:
    with override(language):
        return pages(language).from_string(source).render(context)


@pytest.mark.parametrize(("language", "word"), [("en", "Tickets"), ("ja", "チケット")])
def test_a_template_speaks_the_language_of_its_page(language: str, word: str) -> None:
    source = '{{ _("Tickets") }} {{ ui.button(_("Tickets")) }}'
    assert written(source, language) == f'{word} <button class="" type="button"><span>{word}</span></button>'


def test_the_words_are_in_the_compiled_template_already() -> None:
    code = pages("ja").compile('{{ _("Tickets") }}{{ icon("user", _("Tickets")) }}', raw=True)
    assert "gettext" not in code
    assert "context.call" not in code
    assert "チケット" in code


def test_what_is_put_into_a_sentence_is_escaped_and_a_percent_sign_is_written_twice() -> None:
    assert written('{{ _("Saved %(time)s", time=at) }}', at="<b>") == "Saved &lt;b&gt;"
    assert written('{{ _("100 %% of it") }}') == "100 % of it"
    assert written('{{ _("Saved %(time)s", **{"time": "now"}) }}') == "Saved now"
    assert written('{{ icon(name, _("User")) }}', name="user") == icon("user", "User")


@given(st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.floats(), st.text().map(Markup)))
def test_every_value_is_written_as_jinja_escapes_it(value: object) -> None:
    assert written("{{ value }}|{% if true %}{{ value }}{% endif %}", value=value) == f"{escape(value)}|{escape(value)}"


def test_a_word_that_waits_for_its_language_is_written_in_that_of_the_page() -> None:
    assert written("{{ value }}", "ja", value=gettext_lazy("Tickets")) == "チケット"


def test_a_text_that_claims_to_be_another_kind_of_text_is_escaped_too() -> None:
    class Sly(str):
        __slots__ = ()

    assert written("{{ value }}", value=Sly("<script>")) == "&lt;script&gt;"
