"""``{{ message.body|linked|terms }}``: the words of the glossary in a text that is shown are explained at hand."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from madoguchi.knowledge.glossary.matcher import matcher_for
from madoguchi.knowledge.glossary.underline import underlined
from madoguchi.people.access import Access

_KEPT = "glossary"


@pass_context
def terms(context: Context, text: Any) -> Markup:
    """The text (escaped unless it is safe) with the terms that the reader may know; one query for a whole page."""
    access = context.get("access")
    if not isinstance(access, Access) or not text:
        return escape(text)
    matcher = access.__dict__.get(_KEPT)
    if matcher is None:
        matcher = access.__dict__[_KEPT] = matcher_for(access)
    return underlined(text if isinstance(text, Markup) else str(text), matcher)
