from django.utils import translation
from django.utils.translation import gettext_lazy

from madoguchi.foundation.refusal import Refused


def test_a_refusal_says_a_sentence_a_code_and_facts() -> None:
    refused = Refused("Two items are missing.", code="missing_items", status=422, missing=["impact"])
    assert (str(refused), refused.code, refused.status) == ("Two items are missing.", "missing_items", 422)
    assert refused.details == {"missing": ["impact"]}


def test_a_lazy_sentence_is_told_in_the_language_of_whoever_reads_it() -> None:
    refused = Refused(gettext_lazy("Team"))
    with translation.override("en"):
        assert str(refused.message) == "Team"
