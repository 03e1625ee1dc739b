"""What happens to a contact or department, and its fields, in the reader's language."""

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from madoguchi.directory.changes import Kind
from madoguchi.directory.models import RunChange
from madoguchi.people.models import Contact, Department


def kind_label(kind: str) -> str:
    return {
        Kind.ADDED: pgettext("directory", "Added"),
        Kind.CHANGED: pgettext("directory", "Changed"),
        Kind.RENAMED: pgettext("directory", "Renamed"),
        Kind.MOVED: pgettext("directory", "Moved"),
        Kind.RETURNED: pgettext("directory", "Returned"),
        Kind.REMOVED: pgettext("directory", "Removed"),
        RunChange.REFUSED: pgettext("directory", "Set aside"),
    }[kind]


def field_label(name: str, *, of_department: bool = False) -> str:
    if name == "origin":
        return _("kept by")
    if name == "title":
        return _("Job title")
    model = Department if of_department else Contact
    try:
        return str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name
