"""Another writer had the database for too long: nothing was done, and it may be tried again."""

from django.db.utils import OperationalError

RETRY_AFTER = 5  # seconds


class Busy(OperationalError):
    """A writer on SQLite waited for its turn in vain; its transaction, or what it wrote without one, has not begun."""
