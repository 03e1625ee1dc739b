"""Everything that a form lacks, refused at once: nobody shall learn of the next gap only when the first is filled."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused


def refuse_lacking(fields: Sequence[tuple[str, str]]) -> None:
    """Refuse (422) while fields, as key and label in the order of the form, are empty; nothing when there are none."""
    if fields:
        raise Refused(
            _("Still to be filled in: %(items)s.") % {"items": ", ".join(label for _key, label in fields)},
            code="missing",
            missing=[{"key": key, "label": label} for key, label in fields],
        )
