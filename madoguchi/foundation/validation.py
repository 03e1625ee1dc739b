"""What is wrong with a value that a program sent, in sentences: pydantic knows it only in English."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_MESSAGES = {
    "missing": gettext_noop("This is required."),
    "extra_forbidden": gettext_noop("There is no such field."),
    "string_type": gettext_noop("This must be a text."),
    "string_too_short": gettext_noop("This must not be empty."),
    "string_too_long": gettext_noop("This is too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_noop("This is not in the expected form."),
    "int_type": gettext_noop("This must be a whole number."),
    "int_parsing": gettext_noop("This must be a whole number."),
    "int_from_float": gettext_noop("This must be a whole number."),
    "bool_type": gettext_noop("This must be true or false."),
    "bool_parsing": gettext_noop("This must be true or false."),
    "literal_error": gettext_noop("This must be one of: %(expected)s."),
    "enum": gettext_noop("This must be one of: %(expected)s."),
    "greater_than_equal": gettext_noop("This must be at least %(ge)s."),
    "less_than_equal": gettext_noop("This must be at most %(le)s."),
    "list_type": gettext_noop("This must be a list."),
    "too_long": gettext_noop("At most %(max_length)s entries."),
    "dict_type": gettext_noop("This must be an object."),
    "model_type": gettext_noop("This must be an object."),
    "model_attributes_type": gettext_noop("This must be an object."),
    "timezone_aware": gettext_noop("A time needs its offset, such as 2026-11-21T14:05:00+09:00."),
}


def sentence_of(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence about the field, in the reader's language."""
    kind, context = str(error["type"]), dict(error.get("ctx") or {})
    if kind == "value_error":
        return str(context.get("error") or error["msg"])
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind in _MESSAGES:
        return _(_MESSAGES[kind]) % context
    if kind.startswith(("datetime", "date_")):
        return _("This must be a time such as 2026-11-21T14:05:00+09:00.")
    return _("This cannot be used here.")
