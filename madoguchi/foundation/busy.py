"""Another writer had the database for too long: nothing was done, and it may be tried again."""

from django.db.utils import OperationalError
from django.utils.translation import gettext_noop as _

RETRY_AFTER = 5  # seconds
SAID = _("The desk is busy writing; nothing was changed. Try again in a moment.")


class Busy(OperationalError):
    """A writer on SQLite waited for its turn in vain; its transaction, or what it wrote without one, has not begun."""
